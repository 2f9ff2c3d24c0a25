"""A device's clock jumps away from the time."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "clock_jump"
TITLE = "Clock that jumps"
WORDS = (
    "The time that the device gives moved away from ours by more than two minutes since it last gave one: certificates "
    "and updates are judged by that clock. A clock that comes right, as after a start, is no jump."
)
LIMIT = "120 seconds, further off than before."
BUDGET = 0.005
ACTION: Action = "alert"
SEES = "live"

_MOST = 120.0


class Memory(Struct, array_like=True, frozen=True):
    """How far off it was the last time; None before the first."""

    offset: float | None = None


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Compare the clock with what it was."""
    offset = window.clock_offset
    if offset is None:
        return None, memory
    if memory.offset is None:
        return None, Memory(offset)
    moved = abs(offset - memory.offset)
    if moved <= _MOST or abs(offset) <= abs(memory.offset):
        return None, Memory(offset)
    says = f"Its clock moved by {number(moved)} s and is now {number(abs(offset))} s off."
    return fired(ID, window, moved, _MOST, "built-in", says, ACTION), Memory(offset)
