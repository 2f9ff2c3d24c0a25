"""One builder of feed files at a time in a folder: a second one waits, and then finds most of its work done."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from careful.kernel.errors import Invalid


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold the folder of a file while it is built; the hold ends with the process, however that ends.

    Raises Invalid where there is no such folder.
    """
    try:
        folder = os.open(file.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as failure:
        raise Invalid(f"{file.parent} cannot be opened ({failure.strerror}).", do="Name another place.") from failure
    try:
        with suppress(OSError):  # some shared file systems have no locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
