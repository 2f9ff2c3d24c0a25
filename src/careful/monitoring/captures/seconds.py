"""Time in a recording: one second after the other, and windows for devices that are silent."""

from collections.abc import Iterator
from typing import Final

from careful.monitoring.captures.slices import Slice
from careful.monitoring.model import Window

QUIET: Final = 10.0
LONG_QUIET: Final = 30.0
LONG_AFTER: Final = 120.0
"""A silent device's windows are 10 seconds long, so that a detection sees time pass; after two minutes, 30."""
LEAP: Final = 86_400.0
"""In a longer silence than a day, the device's last window before the end of it takes what is more in one."""
BACK: Final = 60.0
"""A recording whose time goes back further than this begins anew there, as when files were joined out of order."""


class Seconds:
    """The counts of the second that is read, and up to where each device's windows were given."""

    def __init__(self, product: str, names: dict[str, str]) -> None:
        self._product = product
        self._names = names
        self._slices: dict[str, Slice] = {}
        self._ends: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        self._held: dict[str, int] = {}
        self._second = -1.0
        self._ticked = 0.0
        self.went_back = 0

    def of(self, device: str) -> Slice:
        """Return the counts of a device in this second."""
        found = self._slices.get(device)
        if found is None:
            found = self._slices[device] = Slice()
        return found

    def hold(self, device: str, more: int) -> None:
        """Note that a device has one more, or one fewer, open connection."""
        self._held[device] = max(self._held.get(device, 0) + more, 0)

    def until(self, at: float) -> Iterator[Window]:
        """Go on to the second of `at`, and yield the windows that are complete by then."""
        second = float(int(at))
        if second <= self._second and second >= self._second - BACK:
            return
        yield from self._close()
        if second < self._second or self._second < 0:
            self.went_back += self._second >= 0
            self._ends, self._ticked = {}, second
        self._ticked = max(self._ticked, second - LEAP)
        while second - self._ticked >= QUIET:
            # Nobody was there before the first packet: then time may leap.
            self._ticked = self._ticked + QUIET if self._ends else second
            yield from self._quiet(self._ticked)
        self._second = second

    def finish(self) -> Iterator[Window]:
        """Yield what the last second held."""
        yield from self._close()

    def _close(self) -> Iterator[Window]:
        start = self._second
        for device, done in self._slices.items():
            before = self._ends.get(device, start)
            if before < start:
                yield self._window(device, Slice(), before, start - before)
            self._ends[device] = self._heard[device] = start + 1.0
            yield self._window(device, done, start, 1.0)
        self._slices = {}

    def _quiet(self, now: float) -> Iterator[Window]:
        for device, end in self._ends.items():
            if now - end >= (QUIET if end - self._heard[device] < LONG_AFTER else LONG_QUIET):
                self._ends[device] = now
                yield self._window(device, Slice(), end, now - end)

    def _window(self, device: str, done: Slice, start: float, seconds: float) -> Window:
        held = self._held.get(device)
        if held:
            done.counters["established_tcp"] = float(held)
        return done.window(device, self._product, start, seconds, self._names)
