"""A device talks with somebody whom no device talked with on the quiet days."""

from msgspec import Struct

from careful.monitoring.firing import fired
from careful.monitoring.model import Action, Detection, Expected, Flow, Window
from careful.monitoring.places import granted, is_many, names, place

ID = "new_destination"
TITLE = "New destination"
WORDS = (
    "The device opened a conversation with a host and port that no device of the kind was seen to talk with on the "
    "quiet days. Where destinations are declared, the declaration decides instead."
)
LIMIT = "The baseline: the destinations of the quiet days. Without a recording of some, this is not judged."
BUDGET = 0.05
ACTION: Action = "note"
SEES = "recordings"


class Memory(Struct, array_like=True, frozen=True):
    """Nothing."""


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Look at every conversation that the device opened."""
    known = expected.learnt
    if known is None or not window.flows or expected.hosts is not None or expected.profile is not None:
        return None, memory
    strange = [one for one in window.flows if one.opened_by_device and not _is_known(one, known.places)]
    if not strange:
        return None, memory
    first = min(strange, key=lambda one: (one.at, place(one)))
    says = f"It opened a conversation with {place(first)}, where none was seen on the quiet days."
    return fired(ID, window, len(strange), 0, "baseline", says, ACTION, place(first)), memory


def _is_known(flow: Flow, places: frozenset[str]) -> bool:
    ends = [flow.peer, *(names(flow.host) if flow.host else [])]
    return granted(flow) or is_many(flow.peer) or any(f"{one}:{flow.port}/{flow.transport}" in places for one in ends)
