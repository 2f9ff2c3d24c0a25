"""Gathering what comes from other threads into groups, for a thread that spends a while on each: a flush of the disk.

A group begins one group's time after the one before began, so what came while the thread was busy, and has waited
already, waits no longer. Until then, or until enough has come, the thread sleeps: waking it for each thing that comes
would take Python's lock away from the thread that brings them. After a large group the time is longer, up to three
times: then each flush, and each answer to a device, is shared by more, which is what lets the busy keep up.
"""

import queue
import threading
import time
from typing import Generic, TypeVar

T = TypeVar("T")
_LARGE = 200
"""A group that counts for this doubles the time to the next one."""
_LONGEST = 3.0


class Groups(Generic[T]):
    """Filled by `put` from any thread, emptied by `take` in one."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._pause = seconds
        self._queue: queue.SimpleQueue[tuple[T, int] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._enough = threading.Event()
        self._count, self._began, self._closed = 0, 0.0, False

    def put(self, one: T, count: int) -> None:
        """Add something that counts for `count`."""
        with self._lock:
            self._count += count
            self._queue.put((one, count))
            if self._count >= self._most:
                self._enough.set()

    def close(self) -> None:
        """Let `take` return what is left without waiting, and then say that there is no more."""
        with self._lock:
            self._closed = True
            self._queue.put(None)
            self._enough.set()

    def take(self, idle: float) -> tuple[list[T], bool]:
        """Return the next group, empty after `idle` seconds without any, and whether there may be more later."""
        group: list[T] = []
        count, more = 0, True
        try:
            found = self._queue.get(timeout=max(0.0, idle))
            self._enough.wait(max(0.0, self._began + self._pause - time.monotonic()))
            while found is not None:
                group.append(found[0])
                count += found[1]
                if count >= self._most:
                    break
                found = self._queue.get_nowait()
            more = found is not None
        except queue.Empty:
            pass
        with self._lock:
            self._count -= count
            if self._count < self._most and not self._closed:
                self._enough.clear()
        self._began = time.monotonic()
        self._pause = self._seconds * min(_LONGEST, 1 + count / _LARGE)
        return group, more
