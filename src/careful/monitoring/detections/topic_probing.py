"""A device tries topics that are not its own."""

from msgspec import Struct

from careful.monitoring.firing import fired, times
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "topic_probing"
TITLE = "Topic probing"
WORDS = (
    "The device published or subscribed under names that are not its own, or tried streams and events that do not "
    "exist. Three messages under other names cut it off; who only wants to listen, as many a client does with `#`, is "
    "shown."
)
LIMIT = "The gateway's rule that a device has its own topics and no others: 1 foreign topic, or 3 unknown ones in 60 s."
BUDGET = 0.001
ACTION: Action = "quarantine"

FOREIGN = frozenset({"foreign-topic", "client-id"})
LISTENING = "foreign-subscription"
UNKNOWN = frozenset({"unknown-topic", "undeclared-stream", "undeclared-event", "topic-too-long", "will-topic"})
_FOREIGN_MOST, _UNKNOWN_MOST = 3, 3
_SECONDS = 60.0


class Memory(Struct, array_like=True, frozen=True):
    """The minute under way, and the tries in it."""

    began: float = 0.0
    foreign: int = 0
    unknown: int = 0
    listening: int = 0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Count the tries of a minute."""
    if not window.refusals:
        return None, memory
    foreign = sum(count for kind, count in window.refusals.items() if kind in FOREIGN)
    unknown = sum(count for kind, count in window.refusals.items() if kind in UNKNOWN)
    listening = window.refusals.get(LISTENING, 0)
    if not foreign and not unknown and not listening:
        return None, memory
    if not memory.began <= window.start < memory.began + _SECONDS:
        memory = Memory(window.start)
    memory = Memory(memory.began, memory.foreign + foreign, memory.unknown + unknown, memory.listening + listening)
    if memory.foreign:
        action: Action = ACTION if memory.foreign >= _FOREIGN_MOST else "alert"
        says = f"It tried names of other devices {times(memory.foreign)} within a minute."
        return fired(ID, window, memory.foreign, 0, "declaration", says, action, "foreign"), memory
    if memory.listening:
        says = f"It wanted to hear what is sent to other devices {times(memory.listening)} within a minute."
        return fired(ID, window, memory.listening, 0, "declaration", says, "alert", "listening"), memory
    if memory.unknown >= _UNKNOWN_MOST:
        says = f"It tried topics that do not exist {times(memory.unknown)} within a minute."
        return fired(ID, window, memory.unknown, _UNKNOWN_MOST, "declaration", says, "alert", "unknown"), memory
    return None, memory
