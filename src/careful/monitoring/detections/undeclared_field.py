"""A device sends a field that its product's declaration does not name."""

from msgspec import Struct

from careful.monitoring.firing import NAME_MOST, fired, times
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "undeclared_field"
TITLE = "Undeclared field"
WORDS = (
    "The device sent a field that the declaration does not name. It was refused; the value was not kept. All such "
    "fields of one release are one alert, with the first names and a count: a device can make names up."
)
LIMIT = "The declaration: `data[].fields` and `events[].fields`. None else."
BUDGET = 0.001
ACTION: Action = "alert"
SEES = "live"

_NAMES_MOST, _SECONDS = 16, 3600.0
"""New names of one device that are told in an hour."""


class Memory(Struct, array_like=True, frozen=True):
    """The names that were told of the device within the hour."""

    names: tuple[str, ...] = ()
    since: float = 0.0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Look at what was refused for its name."""
    if not window.undeclared:
        return None, memory
    if not memory.since <= window.start < memory.since + _SECONDS:
        memory = Memory((), window.start)
    names = sorted(window.undeclared)
    new = [one for one in names if one[:NAME_MOST] not in memory.names][: _NAMES_MOST - len(memory.names)]
    count = sum(window.undeclared.values())
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    says = f"It sent the undeclared field {(new or names)[0]}{more}, {times(count)}; it was refused."
    found = fired(
        ID, window, count, 0, "declaration", says, ACTION, expected.release, tuple(new or names[:1]), is_fresh=bool(new)
    )
    return found, Memory((*memory.names, *(one[:NAME_MOST] for one in new)), memory.since)
