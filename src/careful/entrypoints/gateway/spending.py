"""What devices have used of their declared rates, as one door remembers it; hours and days outlive the door.

In memory a rate's time began on a clock that never jumps; in the database it began at a moment. Written is what
changed, a few thousand devices a second, one after the other, and all of it when the door closes in good order.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta

from careful.customer_data import Used
from careful.entrypoints.gateway.allowance import Spent

SPENT_MOST = 100_000
AT_ONCE = 2000
"""Devices that are looked at for one write."""
_SAME = 2.0  # seconds by which one time, as two doors reckon it, may differ


class Spending:
    """One door's part. `monotonic` is the clock by which `allowance` counts."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._spent: dict[str, Spent] = {}
        self._items: set[str] = set()
        self._noted: dict[tuple[str, str], tuple[float, int, int]] = {}
        self._next: list[str] = []

    def watch(self, items: Collection[str]) -> None:
        """Bring to the database from now on what is used of these data items."""
        self._items.update(items)

    def of(self, device: str, used: Sequence[Used], now: datetime) -> Spent:
        """Return the memory of a device; what the database says that it used, maybe at another door, is in it."""
        memory = self._spent.pop(device, None)
        if memory is None:
            memory = {}
            if len(self._spent) >= SPENT_MOST:
                self._forget(next(iter(self._spent)))  # who connected longest ago
        self._spent[device] = memory
        for one in used:
            there = self._monotonic() - max(0.0, (now - one.began).total_seconds()), one.messages, one.bytes
            memory[one.item] = later(memory.get(one.item), there)
        return memory

    def changed(self, now: datetime, *, everything: bool) -> list[Used]:
        """Return what changed since it was last returned: of the next few devices, or of all."""
        if not self._items:
            return []
        if everything:
            self._next = []
            some: Iterable[str] = list(self._spent)
        else:
            self._next = self._next or list(self._spent)
            some, self._next = self._next[:AT_ONCE], self._next[AT_ONCE:]
        return [one for device in some for one in self._of(device, now)]

    def put_back(self, used: Iterable[Used]) -> None:
        """Return these again the next time: they could not be written."""
        for one in used:
            self._noted.pop((one.device, one.item), None)

    def _of(self, device: str, now: datetime) -> list[Used]:
        found = []
        for item, counted in list(self._spent.get(device, {}).items()):
            if item in self._items and self._noted.get((device, item)) != counted:
                self._noted[device, item] = counted
                began = now - timedelta(seconds=self._monotonic() - counted[0])
                found.append(Used(device, item, began, counted[1], counted[2]))
        return found

    def _forget(self, device: str) -> None:
        for item in self._spent.pop(device):
            self._noted.pop((device, item), None)


def later(ours: tuple[float, int, int] | None, theirs: tuple[float, int, int]) -> tuple[float, int, int]:
    """Return what counts of what two doors know: the later time; of the same one, whatever is more."""
    if ours is None or theirs[0] > ours[0] + _SAME:
        return theirs
    if ours[0] > theirs[0] + _SAME:
        return ours
    return ours[0], max(ours[1], theirs[1]), max(ours[2], theirs[2])
