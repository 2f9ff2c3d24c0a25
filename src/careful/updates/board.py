"""What polls are answered from: memory, kept true by one small read a moment, so that a poll costs no query.

Each change of what a device is to be told has a number. The board remembers up to `most` devices and, when its
knowledge is older than `fresh` seconds, forgets those whose number is new. Times of polls are gathered and handed to
the registry in batches. What a device changes itself it sees at once (`forget`).
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime

from careful import devices
from careful.kernel.work import World
from careful.updates import queries, store
from careful.updates.model import Poll

_MOST = 200_000
_PATIENCE = 5.0


class Board:
    """The answers to polls, for one process. Safe to use from several threads."""

    def __init__(
        self, world: World, *, fresh: float = 0.25, most: int = _MOST, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._world = world
        self._fresh = fresh
        self._most = most
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, Poll] = {}
        self._seen: dict[str, datetime] = {}
        self._change = -1
        self._looked = self._claimed = float("-inf")

    def get(self, device: str) -> Poll:
        """Return what the device is to be told, at most `fresh` seconds old."""
        known = self.peek(device)
        return known if known is not None else self.look(device)

    def peek(self, device: str) -> Poll | None:
        """Return what memory says, or None where the database must be asked (`look`). Never waits."""
        known, now = self._known.get(device), self._monotonic()
        age = now - self._looked
        if known is None or age < self._fresh:
            return known
        if age >= self._fresh + _PATIENCE or now - self._claimed >= self._fresh:
            self._claimed = now  # one caller looks; the others need not wait for it
            return None
        return known

    def look(self, device: str) -> Poll:
        """Bring the board up to date and return what the device is to be told."""
        with self._lock, self._world.look() as connection:
            now = self._monotonic()
            if self._change < 0:
                self._change = store.get_number(connection, "change")
                self._looked = now
            elif now - self._looked >= self._fresh:
                self._change, changed = queries.changed_devices(connection, self._change)
                for name in changed:
                    self._known.pop(name, None)
                self._looked = now  # not for one device that was unknown: what is known of the others grew no fresher
            found = self._known.get(device)
            if found is None:
                found = queries.poll(connection, device)
                if len(self._known) >= self._most:
                    del self._known[next(iter(self._known))]
                self._known[device] = found
            return found

    def forget(self, device: str) -> None:
        """Ask anew at the device's next poll: it has just changed what it is to be told.

        To be called after the change is made; then no look that began before it can leave its answer behind.
        """
        with self._lock:
            self._known.pop(device, None)

    def heard(self, device: str) -> bool:
        """Note that a device polled now; tell whether this is the first to be handed on (`flush`)."""
        first = not self._seen
        self._seen[device] = self._world.clock.now()
        return first

    def flush(self) -> int:
        """Hand the gathered times to the registry, and return how many."""
        seen, self._seen = self._seen, {}
        devices.seen(self._world, seen)
        return len(seen)
