"""Messages are said again word for word: somebody replays what he recorded."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "repeated_messages"
TITLE = "Repeated messages"
WORDS = (
    "Messages came again with the same number and content, without the mark of a resend. A device that resends sets "
    "that mark; somebody who replays a recording does not."
)
LIMIT = "2 within ten minutes. The protocol allows none."
BUDGET = 0.005
ACTION: Action = "alert"

_MOST, _SECONDS = 2, 600.0


class Memory(Struct, array_like=True, frozen=True):
    """Since when they are counted, and how many there were."""

    began: float = 0.0
    count: float = 0.0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Count them for ten minutes."""
    more = window.counters.get("repeated", 0.0)
    if not more:
        return None, memory
    fresh = not memory.began <= window.start < memory.began + _SECONDS
    memory = Memory(window.start, more) if fresh else Memory(memory.began, memory.count + more)
    if memory.count < _MOST:
        return None, memory
    says = f"{number(memory.count)} messages came again with the same number and content."
    return fired(ID, window, memory.count, _MOST - 1, "built-in", says, ACTION), memory
