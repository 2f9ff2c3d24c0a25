"""A device that should have been heard was not."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "silence"
TITLE = "Silence"
WORDS = (
    "The device was not heard for three of its declared heartbeats. When a large part of a fleet falls silent "
    "together, that is one incident, and more likely ours or the network's."
)
LIMIT = "The declaration: three times `connectivity.heartbeat_minutes`. Without one, silence is not judged."
BUDGET = 0.05
ACTION: Action = "alert"

BEATS = 3.0
"""Heartbeats missed in a row: one may be lost, two may be bad luck."""


class Memory(Struct, array_like=True, frozen=True):
    """When it was heard last."""

    heard: float = 0.0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Compare the time since it was heard with its heartbeat. A window without a word is where it shows."""
    if not memory.heard or not window.is_empty:
        return None, Memory(window.end)
    beat = expected.heartbeat_seconds
    if beat is None:
        return None, memory
    limit = BEATS * beat
    silent = window.end - memory.heard
    if silent <= limit:
        return None, memory
    says = f"Nothing was heard of it for {number(silent / 60)} minutes; its heartbeat is {number(beat / 60)} minutes."
    return fired(ID, window, silent, limit, "declaration", says, ACTION), memory
