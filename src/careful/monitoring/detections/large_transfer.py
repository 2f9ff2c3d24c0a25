"""A large amount of data leaves a device."""

from math import log2

from msgspec import Struct

from careful.monitoring.firing import fired, size
from careful.monitoring.model import Action, Detection, Expected, LimitFrom, Window
from careful.monitoring.numbers import Baseline
from careful.monitoring.places import declared

ID = "large_transfer"
TITLE = "Large outbound transfer"
WORDS = (
    "More data left the device within a minute than its declared rates or its own past explain, or more than 64 kB "
    "went to destinations that are not declared. Four times the limit, or undeclared destinations, cut it off."
)
LIMIT = (
    "For undeclared destinations 64 kB, 256 kB where only the device's total is known. Else twice what the declared "
    "rates allow in a period, and what was missed while it was away; where no bytes are declared eight times the "
    "device's own usual minute after an hour of it; never below 256 kB. 64 MB before anything is known."
)
BUDGET = 0.01
ACTION: Action = "quarantine"

_MINUTE = 60.0
_DAY = 86400.0
_TIMES, _TIMES_DECLARED = 8.0, 2.0
_FLOOR = 256_000.0
_UNKNOWN = 64_000_000.0
_TO_STRANGERS = 64_000.0
_FAR_OVER = 4.0
_SAMPLES = 60
_SPREADS = 6.0


class Memory(Struct, array_like=True, frozen=True):
    """The minute under way, and the usual minute (in powers of two of bytes)."""

    began: float = 0.0
    sent: float = 0.0
    strange: float = 0.0
    usual: Baseline = Baseline()
    away: float = 0.0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Add up what leaves in a minute."""
    part = min(1.0, _MINUTE / window.seconds) if window.seconds else 1.0  # of a longer window, a minute's part
    sent = window.sent * part
    if not sent:
        return None, memory
    if not memory.began <= window.start < memory.began + _MINUTE:
        usual = memory.usual.learn(log2(1.0 + memory.sent)) if memory.sent else memory.usual
        away = min(max(window.start - memory.began - _MINUTE, 0.0), _DAY) if memory.began else 0.0
        memory = Memory(window.start, 0.0, 0.0, usual, away)
    strangers = [one for one in window.flows if one.opened_by_device and one.bytes_out and not declared(one, expected)]
    memory = Memory(
        memory.began,
        memory.sent + sent,
        memory.strange + sum(one.bytes_out for one in strangers) * part,
        memory.usual,
        memory.away,
    )
    if strangers and memory.strange > _TO_STRANGERS:
        says = f"{size(memory.strange)} left within a minute for destinations that are not declared."
        return fired(ID, window, memory.strange, _TO_STRANGERS, "declaration", says, ACTION, "strangers"), memory
    limit, source = _limit(expected, memory)
    if memory.sent > min(limit, _FLOOR) and "bytes_out" in window.counters and _talks(window, expected):
        says = f"{size(memory.sent)} left within a minute while it talked with a destination that is not declared."
        return fired(ID, window, memory.sent, min(limit, _FLOOR), "declaration", says, ACTION, "strangers"), memory
    if memory.sent <= limit:
        return None, memory
    says = f"{size(memory.sent)} left within a minute; {size(limit)} are the most that is explained."
    action: Action = ACTION if source != "built-in" and memory.sent > _FAR_OVER * limit else "alert"
    return fired(ID, window, memory.sent, limit, source, says, action), memory


def _talks(window: Window, expected: Expected) -> bool:
    """Tell whether a conversation of unknown size, as an agent's table has them, is open with a stranger."""
    return any(
        one.opened_by_device and not one.bytes_out and one.state == "established" and not declared(one, expected)
        for one in window.flows
    )


def _limit(expected: Expected, memory: Memory) -> tuple[float, LimitFrom]:
    rates = [expected.rates.get(stream) for stream in expected.streams]
    known = [
        one.bytes * (max(1.0, _MINUTE / one.seconds) + memory.away / one.seconds)
        for one in rates
        if one is not None and one.bytes is not None
    ]
    if rates and len(known) == len(rates):
        return max(_FLOOR, _TIMES_DECLARED * sum(known)), "declaration"
    usual = memory.usual
    if usual.samples >= _SAMPLES:
        explained = 2.0 ** min(usual.level + _SPREADS * (max(usual.spread, 0.5) - 0.5), 60.0)
        return max(_FLOOR, _TIMES * explained), "baseline"
    return _UNKNOWN, "built-in"
