"""Turns at something that may happen so often at once on this machine, however many processes of ours do it.

A turn is a lock on a file: the kernel counts over all processes, and takes back what one held that was killed.
"""

import asyncio
import fcntl
import random
from io import FileIO
from pathlib import Path

_LOOK_SECONDS = 0.02
_LOOKS_A_SECOND = 50_000
"""So many locks are tried in a second at the most, while all turns are taken."""


class Turns:
    """At most `most` turns at once among all that share a folder. For one event loop."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most
        self._asking = asyncio.Lock()

    async def take(self) -> FileIO:
        """Wait for a turn, and return what ends it when it is closed. In one process first come is first served."""
        async with self._asking:
            while True:
                if (turn := self._free()) is not None:
                    return turn
                await asyncio.sleep(max(_LOOK_SECONDS, self._most / _LOOKS_A_SECOND))

    def _free(self) -> FileIO | None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        first = random.randrange(self._most)  # noqa: S311 (so that processes seldom try the same one; no secret)
        for number in range(self._most):
            turn = FileIO(self._folder / str((first + number) % self._most), "a")
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                turn.close()
            else:
                return turn
        return None
