"""Looking for bytes in PostgreSQL's own files: its tables as they lie on the disk, and its write-ahead log.

A deleted row stays in a page until something is written over it, and in the log until its segment is used again. So
what is expected here is what is expected of a backup: nothing that can be read without the epoch's key.
"""

import os
import struct
from collections.abc import Mapping
from pathlib import Path

from careful.customer_data import postgres_store, searching
from careful.kernel.errors import Invalid
from careful.kernel.work import World

MOST_BYTES = 50 * 1024**3
"""Files of which nobody said that they should be searched are searched up to this."""
_CONTROL = Path("global/pg_control")


def folder_of(world: World, given: Path | None) -> tuple[Path | None, str]:
    """Return the server's data folder, or None and why it cannot be searched.

    Raises Invalid where the folder that was given is another server's: what is not there would prove nothing.
    """
    with world.look() as connection:
        asked, ours = postgres_store.data_folder(connection), postgres_store.identifier(connection)
    folder = given or asked
    if folder is None:
        return None, "the server does not say where they are"
    found = _identifier(folder)
    if given is not None and (found is None or (ours is not None and found != ours)):
        raise Invalid(
            f"{given} does not hold the files of this database.", do="Name its data directory, or a readable copy."
        )
    if found is None:
        return None, "they cannot be read from here"
    if ours is None or found != ours:
        return None, "those that are here may be another server's"
    if given is None and (size := _size(folder)) > MOST_BYTES:
        return None, f"they are {size >> 30} GiB; name the folder with --postgres-data to search them all the same"
    return folder, ""


def search(world: World, folder: Path, needles: Mapping[str, bytes]) -> dict[str, frozenset[str]]:
    """Return, for every file of the server, which of `needles` it holds; its buffers are written out first."""
    with world.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        postgres_store.write_out(connection)
    return searching.search_files(folder, needles)


def _identifier(folder: Path) -> int | None:
    """Return the number that stands first in a server's control file; None where it cannot be read."""
    try:
        with (folder / _CONTROL).open("rb") as file:
            return int(struct.unpack("=Q", file.read(8))[0])
    except (OSError, struct.error):
        return None


def _size(folder: Path) -> int:
    """Return how many bytes the files of a folder have; of a file that goes meanwhile, none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except OSError:
                continue
    return total
