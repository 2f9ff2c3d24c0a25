"""Ending with the process that started us, even when that one is killed: it holds the only writing end of a pipe."""

import os
import signal
import threading
from collections.abc import Mapping

VARIABLE = "CAREFUL_PARENT_PIPE"


class Lifeline:
    """Held by a parent: its children end when it does."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the environment for a child, which also needs `reading` passed on."""
        return {**given, VARIABLE: str(self.reading)}


def end_with_parent() -> None:
    """Send ourselves SIGTERM once the parent is gone; does nothing where nobody holds a line."""
    number = os.environ.pop(VARIABLE, "")
    if not number:
        return

    def wait() -> None:
        os.read(int(number), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
