"""A device sends a field that its product's declaration does not name."""

from msgspec import Struct

from careful.monitoring.firing import fired, times
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "undeclared_field"
TITLE = "Undeclared field"
WORDS = "The device sent a field that the declaration does not name. It was refused; the value was not kept."
LIMIT = "The declaration: `data[].fields` and `events[].fields`. None else."
BUDGET = 0.001
ACTION: Action = "alert"


class Memory(Struct, array_like=True, frozen=True):
    """Nothing."""


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Look at what was refused for its name."""
    if not window.undeclared:
        return None, memory
    field = min(window.undeclared)
    count = sum(window.undeclared.values())
    more = f" and {len(window.undeclared) - 1} more" if len(window.undeclared) > 1 else ""
    says = f"It sent the undeclared field {field}{more}, {times(count)}; it was refused."
    return fired(ID, window, count, 0, "declaration", says, ACTION, field), memory
