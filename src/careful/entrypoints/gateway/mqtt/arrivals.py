"""How often one may come: by address before the handshake, by device after it. Pure but for the clock it is given.

A handshake costs some two milliseconds, whoever it is. An address may bring in as many at once as it may hold, and then
so many a second; far fewer that fail, or that are a device which comes more often than any device needs. Such a device
waits for its answer, so that it comes back later.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from careful.entrypoints.buckets import Levels

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


def less(counts: Counter[str], name: str) -> None:
    """Count one less under a name; a name with none is forgotten."""
    counts[name] -= 1
    if counts[name] <= 0:
        del counts[name]


class Arrivals:
    """One listener's arrivals."""

    def __init__(self, paces: Paces, now: Callable[[], float]) -> None:
        self._addresses = Levels(paces.address, paces.address_burst, now, SOURCES_MOST)
        self._failures = Levels(paces.failures, paces.failures_burst, now, SOURCES_MOST)
        self._devices = Levels(paces.device, paces.device_burst, now, SOURCES_MOST)
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
        less(self._held, device)
