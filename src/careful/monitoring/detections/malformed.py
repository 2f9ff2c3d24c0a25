"""A device sends packets that no working program sends."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "malformed"
TITLE = "Malformed packets"
WORDS = (
    "The device sent packets that break the protocol (MQTT: a wrong length, a reserved flag, text that is not UTF-8, a "
    "second CONNECT). A working program sends none; a tool that looks for holes sends many."
)
LIMIT = "3 within five minutes. The standard allows none."
BUDGET = 0.002
ACTION: Action = "alert"

KINDS = frozenset({"malformed", "malformed-packet", "protocol-error", "connect"})
_MOST, _SECONDS = 3, 300.0


class Memory(Struct, array_like=True, frozen=True):
    """Since when they are counted, and how many there were."""

    began: float = 0.0
    count: int = 0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Count them for five minutes."""
    more = sum(count for kind, count in window.refusals.items() if kind in KINDS) if window.refusals else 0
    if not more:
        return None, memory
    fresh = not memory.began <= window.start < memory.began + _SECONDS
    memory = Memory(window.start, more) if fresh else Memory(memory.began, memory.count + more)
    if memory.count < _MOST:
        return None, memory
    says = f"It sent {number(memory.count)} malformed packets within five minutes."
    return fired(ID, window, memory.count, _MOST - 1, "built-in", says, ACTION), memory
