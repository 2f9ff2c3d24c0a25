"""A device does far more in a minute than any did on the quiet days."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "beyond_quiet_days"
TITLE = "Beyond the quiet days"
WORDS = (
    "Within one minute the device did several times more of something (messages, bytes out, packets, new "
    "conversations, connections, subscriptions) than any device of the kind did in any minute of the quiet days."
)
LIMIT = (
    "The baseline: four times the most of the quiet days, and never below 60 messages, 20 kB, 200 packets, 10 "
    "conversations, 8 connections, 20 subscriptions. Without a recording of some, this is not judged."
)
BUDGET = 0.02
ACTION: Action = "alert"
SEES = "recordings"

TIMES = 4.0
FLOORS = {
    "messages": 60.0,
    "bytes": 20_000.0,
    "packets": 200.0,
    "conversations": 10.0,
    "connects": 8.0,
    "subscriptions": 20.0,
}
_MINUTE = 60.0


class Memory(Struct, array_like=True, frozen=True):
    """The minute under way."""

    began: float = 0.0
    sums: dict[str, float] = {}


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Add to the minute under way, and compare as soon as it is too much."""
    known = expected.learnt
    if known is None:
        return None, memory
    sums = minute_of(window, memory.began, memory.sums)
    memory = Memory(memory.began if sums is not None and memory.began else window.start, sums or figures(window))
    for name, floor in FLOORS.items():
        limit = max(floor, TIMES * known.most.get(name, 0.0))
        if memory.sums.get(name, 0.0) > limit * max(1.0, window.seconds / _MINUTE):
            seen = memory.sums[name]
            says = f"It came to {number(seen)} {name} within a minute; {number(limit)} are the most that is explained."
            return fired(ID, window, seen, limit, "baseline", says, ACTION, name), memory
    return None, memory


def minute_of(window: Window, began: float, sums: dict[str, float]) -> dict[str, float] | None:
    """Return the sums with this window in them, or None where a new minute begins."""
    if not began <= window.start < began + _MINUTE:
        return None
    more = figures(window)
    return {name: sums.get(name, 0.0) + more[name] for name in more}


def figures(window: Window) -> dict[str, float]:
    """Count what a window holds."""
    return {
        "messages": float(window.said),
        "bytes": float(window.sent),
        "packets": float(sum(one.packets_out for one in window.flows)),
        "conversations": float(sum(one.at > window.start for one in window.flows)),
        "connects": float(window.connects),
        "subscriptions": window.counters.get("subscriptions", 0.0),
    }
