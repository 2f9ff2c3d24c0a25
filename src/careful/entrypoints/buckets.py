"""How often one source may come or ask: a token bucket for each, in this process's memory. Pure but for the clock."""

import time
from collections.abc import Callable

from careful.kernel.errors import TooMany

_SOURCES = 10_000


class Levels:
    """Buckets of `rate` a second and `burst` at once; at most `most` sources are remembered.

    The source heard longest ago is forgotten, as the likeliest to be full again.
    """

    def __init__(self, rate: float, burst: float, now: Callable[[], float], most: int) -> None:
        self._rate, self._burst, self._now, self._most = rate, burst, now, most
        self._levels: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        """Return how many sources are remembered."""
        return len(self._levels)

    def has(self, source: str) -> bool:
        """Tell whether there is anything in a source's bucket."""
        return self._level(source) >= 1.0

    def take(self, source: str) -> bool:
        """Take from a source's bucket; tell whether there was anything in it. A bucket is never below zero."""
        level = self._level(source)
        self._levels.pop(source, None)
        if len(self._levels) >= self._most:
            del self._levels[next(iter(self._levels))]
        had = level >= 1.0
        self._levels[source] = (level - had, self._now())
        return had

    def seconds_left(self, source: str) -> float:
        """Return how long it takes until there is something in a source's bucket."""
        return max(0.0, (1.0 - self._level(source)) / self._rate)

    def _level(self, source: str) -> float:
        level, at = self._levels.get(source, (self._burst, 0.0))
        return min(self._burst, level + (self._now() - at) * self._rate)


class Buckets:
    """What refuses requests: `rate` a second, `burst` at once; at most 10,000 sources are remembered."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._levels = Levels(rate, float(burst), now, _SOURCES)

    def take(self, source: str) -> None:
        """Take one request. Raises TooMany when the bucket is empty."""
        if not self._levels.take(source):
            seconds = max(1, round(self._levels.seconds_left(source)))
            raise TooMany("Too many requests from this address.", retry_after=seconds)
