"""How many requests one source may make: a token bucket for each, in this process's memory."""

import time
from collections.abc import Callable

from careful.kernel.errors import TooMany

_SOURCES = 10_000


class Buckets:
    """A token bucket for each source: `rate` requests a second, `burst` at once; at most 10,000 are remembered."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, source: str) -> None:
        """Take one request. Raises TooMany when the bucket is empty."""
        now = self._now()
        level, at = self._levels.pop(source, (float(self._burst), now))
        level = min(float(self._burst), level + (now - at) * self._rate)
        if len(self._levels) >= _SOURCES:  # the source heard longest ago goes; it is the likeliest to be full again
            del self._levels[next(iter(self._levels))]
        if level < 1:
            self._levels[source] = (level, now)
            raise TooMany("Too many requests from this address.", retry_after=max(1, round((1 - level) / self._rate)))
        self._levels[source] = (level - 1, now)
