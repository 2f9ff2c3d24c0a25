"""A device talks with somebody its product's declaration does not name."""

from msgspec import Struct

from careful.monitoring.firing import fired
from careful.monitoring.model import Action, Detection, Expected, Window
from careful.monitoring.places import declared, place

ID = "undeclared_destination"
TITLE = "Undeclared destination"
WORDS = "The device opened a conversation with a host and port that the declaration does not name."
LIMIT = "The declaration: `ecosystem`, the edges of `device` and the hosts at their other ends. None else."
BUDGET = 0.01
ACTION: Action = "alert"


class Memory(Struct, array_like=True, frozen=True):
    """Nothing."""


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Look at every conversation that the device opened."""
    strange = [one for one in window.flows if one.opened_by_device and not declared(one, expected)]
    if not strange:
        return None, memory
    first = min(strange, key=lambda one: (one.at, place(one)))
    says = f"It opened a conversation with {place(first)}, which the declaration of {window.product} does not name."
    return fired(ID, window, len(strange), 0, "declaration", says, ACTION, place(first)), memory
