"""How often one may come: by address before the handshake, by device after it. Pure but for the clock it is given.

A handshake costs some two milliseconds, whoever it is. An address may bring in as many at once as it may hold, and then
so many a second; far fewer that fail, or that are a device which comes more often than any device needs. Such a device
waits for its answer, so that it comes back later.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

SOURCES_MOST = 20_000
HOLD_SECONDS = 2.0
"""How long a device that comes too often waits."""
HELD_MOST = 4
"""Connections of one device that wait so at one time; further ones are closed at once."""


@dataclass(frozen=True, slots=True)
class Paces:
    """Arrivals a second, and at once: of one address, for nothing from one address, and of one device."""

    address: float = 100.0
    address_burst: float = 5_000.0
    failures: float = 5.0
    failures_burst: float = 60.0
    device: float = 1.0
    device_burst: float = 30.0


class Levels:
    """A token bucket for each source; the source heard longest ago is forgotten, as the likeliest to be full again."""

    def __init__(self, rate: float, burst: float, now: Callable[[], float]) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._levels: dict[str, tuple[float, float]] = {}

    def has(self, source: str) -> bool:
        """Tell whether there is anything in a source's bucket."""
        return self._level(source) >= 1.0

    def take(self, source: str) -> bool:
        """Take from a source's bucket; tell whether there was anything in it. A bucket is never below zero."""
        level = self._level(source)
        self._levels.pop(source, None)
        if len(self._levels) >= SOURCES_MOST:
            del self._levels[next(iter(self._levels))]
        had = level >= 1.0
        self._levels[source] = (level - had, self._now())
        return had

    def _level(self, source: str) -> float:
        level, at = self._levels.get(source, (self._burst, 0.0))
        return min(self._burst, level + (self._now() - at) * self._rate)


class Arrivals:
    """One listener's arrivals."""

    def __init__(self, paces: Paces, now: Callable[[], float]) -> None:
        self._addresses = Levels(paces.address, paces.address_burst, now)
        self._failures = Levels(paces.failures, paces.failures_burst, now)
        self._devices = Levels(paces.device, paces.device_burst, now)
        self._held: Counter[str] = Counter()

    def may_greet(self, address: str) -> bool:
        """Tell whether an address may have a handshake now."""
        return self._failures.has(address) and self._addresses.take(address)

    def failed(self, address: str) -> None:
        """Note that a handshake failed, or was for nothing."""
        self._failures.take(address)

    def may_join(self, device: str, address: str) -> bool:
        """Tell whether a device may come in now; who comes too often costs its address as a failure does."""
        if self._devices.take(device):
            return True
        self.failed(address)
        return False

    def hold(self, device: str) -> bool:
        """Begin to let a device wait; False where enough of its connections do."""
        if self._held[device] >= HELD_MOST:
            return False
        self._held[device] += 1
        return True

    def let_go(self, device: str) -> None:
        """End a wait that was begun."""
        self._held[device] -= 1
        if self._held[device] <= 0:
            del self._held[device]
