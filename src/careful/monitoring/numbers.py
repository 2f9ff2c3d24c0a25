"""The arithmetic of limits: how many is too many by chance, and a baseline that an attacker moves only slowly."""

from functools import lru_cache
from math import ceil, exp, log, sqrt

from msgspec import Struct

from careful.monitoring.model import Window

_CLIP = 3.0  # spreads by which one value may move a baseline at most
_MOST = 1e15
_MINUTE = 60.0


@lru_cache(maxsize=4096)
def most_by_chance(mean: float, chance: float) -> int:
    """Return the count that events of a steady mean exceed with at most this chance (Poisson, by Chernoff's bound)."""
    if mean <= 0:
        return 0
    low, high = ceil(mean), ceil(mean + 10)
    while _tail(mean, high) > chance and high < _MOST:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if _tail(mean, middle) <= chance:
            high = middle
        else:
            low = middle + 1
    return high - 1


def _tail(mean: float, count: int) -> float:
    """Bound the chance of `count` or more."""
    return 1.0 if count <= mean else exp(-(count * log(count / mean) - count + mean))


def steady(count: float) -> float:
    """Transform a count so that its spread is about 1 whatever its mean (Anscombe): counts become comparable."""
    return 2.0 * sqrt(max(count, 0.0) + 0.375)


class Recent(Struct, array_like=True, frozen=True):
    """How often something happened in the minute (or other span) under way."""

    began: float = 0.0
    count: int = 0

    def add(self, window: Window, count: int, seconds: float = _MINUTE) -> "Recent":
        """Return the count with so many more, in the same span or a new one."""
        if self.began <= window.start < self.began + seconds:
            return Recent(self.began, self.count + count)
        return Recent(window.start, count)


class Baseline(Struct, array_like=True, frozen=True):
    """Level and spread of one figure of one device. A value far out moves them no more than one at three spreads."""

    level: float = 0.0
    spread: float = 1.0
    samples: int = 0

    def distance(self, value: float) -> float:
        """Return how many spreads `value` lies above (or, negative, below) the level."""
        return (value - self.level) / max(self.spread, 1.0)

    def learn(self, value: float, memory: float = 200.0) -> "Baseline":
        """Return the baseline after one more value; its weight falls to one in `memory`."""
        if not self.samples:
            return Baseline(value, 1.0, 1)
        weight = max(1.0 / (self.samples + 1), 1.0 / memory)
        off = value - self.level
        bound = _CLIP * max(self.spread, 1.0)
        off = max(-bound, min(bound, off))
        # The mean distance of a normal variable is 0.8 of its standard deviation.
        spread = self.spread + weight * (1.2533 * abs(off) - self.spread)
        return Baseline(self.level + weight * off, spread, min(self.samples + 1, 1_000_000))
