"""Somebody tries to bring a device back to older software."""

from msgspec import Struct

from careful.monitoring.firing import fired, times
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "downgrade"
TITLE = "Downgrade attempt"
WORDS = (
    "The device was offered software older than what it runs and refused it, or it came back with an older version "
    "that no rollout of ours gave it: old software has old holes."
)
LIMIT = "None at all: the release order of the product."
BUDGET = 0.001
ACTION: Action = "alert"
SEES = "live"


class Memory(Struct, array_like=True, frozen=True):
    """Nothing."""


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Look at what was counted."""
    tries = window.counters.get("downgrades", 0.0)
    if tries <= 0:
        return None, memory
    says = f"Older software was tried on it {times(tries)}, or it came back with some."
    return fired(ID, window, tries, 0, "declaration", says, ACTION), memory
