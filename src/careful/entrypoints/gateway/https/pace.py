"""How long a device sleeps until its next poll: as the maker set, longer under load, and never all at once.

Devices that were cut off together come back together; told the same pause, they would come back together for ever. So
each is told a pause of its own. Under load the pauses are spread over so much time as the load asks for, beginning at
half of the usual pause: a herd becomes a stream with its first answer.
"""

import random
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 10
_JITTER = 0.1
_DAY = 86_399


def stretched(usual: float, rate: float, most: float, longest: float) -> float:
    """Return over how many seconds polls are to be spread, when `rate` a second arrive and `most` are welcome."""
    return min(max(usual, usual * rate / most), max(usual, longest))


def pause(usual: float, spread_over: float, chance: float) -> float:
    """Return one device's pause; `chance` is from 0 to 1, another one each time.

    Without load within a tenth of the usual pause; under load anywhere from half of the usual one on.
    """
    if spread_over <= usual:
        return usual * (1 - _JITTER + 2 * _JITTER * chance)
    return usual / 2 + spread_over * chance


class Pace:
    """Counts polls of this process, and tells each device its pause."""

    def __init__(
        self,
        usual: int,
        most: float,
        longest: float = 900.0,
        *,
        chance: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._usual = usual
        self._most = most
        self._longest = longest
        self._chance = chance
        self._monotonic = monotonic
        self._seconds: deque[list[int]] = deque(maxlen=WINDOW_SECONDS)
        """[second, polls in it], for the last seconds in which there was any."""

    def polled(self) -> None:
        """Count a poll."""
        now = int(self._monotonic())
        if not self._seconds or self._seconds[-1][0] != now:
            self._seconds.append([now, 0])
        self._seconds[-1][1] += 1

    def rate(self) -> float:
        """Return how many polls a second arrive: over the window, or in its busiest second when a herd just began."""
        since = int(self._monotonic()) - WINDOW_SECONDS
        counts = [count for second, count in self._seconds if second > since]
        return max(sum(counts) / WINDOW_SECONDS, max(counts, default=0) / 2)

    def usual(self) -> int:
        """Return the pause without chance in it, in steps that do not change with every poll."""
        spread = stretched(self._usual, self.rate(), self._most, self._longest)
        return self._usual if spread <= self._usual else round(spread / self._usual) * self._usual

    def next(self) -> int:
        """Return a device's pause in whole seconds, at least one and below a day."""
        spread = stretched(self._usual, self.rate(), self._most, self._longest)
        return max(1, min(round(pause(self._usual, spread, self._chance())), _DAY))
