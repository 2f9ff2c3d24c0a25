"""Messages are said again word for word: somebody replays what he recorded."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "repeated_messages"
TITLE = "Repeated messages"
WORDS = (
    "Messages came again with the same number and content, without the mark of a resend. A device that resends sets "
    "that mark; somebody who replays a recording does not. Live, records of streams with a `time` count, which no two "
    "records share, unless they come first in a connection. Or packets of a device that hardly ever had to send any "
    "twice now come twice again and again."
)
LIMIT = (
    "2 messages within ten minutes; the protocol allows none. Packets: 4 within ten minutes, and one for each five "
    "messages, where it was fewer than one in fifty over at least 100 messages before."
)
BUDGET = 0.005
ACTION: Action = "alert"

_MOST, _SECONDS = 2, 600.0
_PACKETS, _SHARE, _USUAL, _LEAST = 4, 0.2, 0.02, 100
_LIFETIME = 10_000.0
_SLOWLY = 0.05
"""Of what came twice, no more than this share is taken for usual at a time."""


class Memory(Struct, array_like=True, frozen=True):
    """Ten minutes, as counted; and how it was before them."""

    began: float = 0.0
    count: float = 0.0
    packets: float = 0.0
    said: float = 0.0
    packets_before: float = 0.0
    said_before: float = 0.0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Count for ten minutes, and compare with before."""
    more, packets = window.counters.get("repeated", 0.0), window.counters.get("resent", 0.0)
    if not more and not packets and not window.messages:
        return None, memory
    if not memory.began <= window.start < memory.began + _SECONDS:
        fade = 0.5 if memory.said_before > _LIFETIME else 1.0
        memory = Memory(
            began=window.start,
            packets_before=fade * (memory.packets_before + min(memory.packets, _SLOWLY * memory.said)),
            said_before=fade * (memory.said_before + memory.said),
        )
    memory = Memory(
        memory.began,
        memory.count + more,
        memory.packets + packets,
        memory.said + window.said,
        memory.packets_before,
        memory.said_before,
    )
    if more and memory.count >= _MOST:
        says = f"{number(memory.count)} messages came again with the same number and content."
        return fired(ID, window, memory.count, _MOST - 1, "built-in", says, ACTION), memory
    limit = max(_PACKETS - 1.0, _SHARE * memory.said)
    steady = memory.said_before >= _LEAST and memory.packets_before <= _USUAL * memory.said_before
    if packets and steady and memory.packets > limit:
        says = f"{number(memory.packets)} packets with messages came twice within ten minutes."
        return fired(ID, window, memory.packets, limit, "baseline", says, ACTION, "packets"), memory
    return None, memory
