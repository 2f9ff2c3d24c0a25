"""Looking for bytes wherever an installation keeps any: its files, a backup's members, the tables of PostgreSQL."""

import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from careful.customer_data import postgres_store
from careful.kernel.errors import Invalid
from careful.kernel.work import World

Needles = Mapping[str, bytes]
"""What is looked for: name -> bytes."""
_BLOCK = 1 << 20


def files_of(folder: Path) -> list[Path]:
    """Return every file in a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def search_files(folder: Path, needles: Needles) -> dict[str, frozenset[str]]:
    """Return, for every file in a folder, which of `needles` it holds."""
    found: dict[str, frozenset[str]] = {}
    for path in files_of(folder):
        try:
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = search_stream(file, needles)
        except FileNotFoundError:  # it went while we looked
            continue
    return found


def search_backup(path: Path, needles: Needles) -> dict[str, frozenset[str]]:
    """Return, for every member of a backup, which of `needles` it holds. Raises Invalid for what is no backup."""
    try:
        with tarfile.open(path, "r:gz") as tar:
            return {
                member.name: search_stream(cast("BinaryIO", tar.extractfile(member)), needles)
                for member in tar
                if member.isfile()
            }
    except (tarfile.TarError, EOFError, zlib.error, OSError) as wrong:
        raise Invalid(
            f"{path} is no backup that can be searched: {wrong}.", do="Name a file of: careful backup"
        ) from wrong


@dataclass(frozen=True, slots=True)
class Tables:
    """What was found in PostgreSQL: place -> which needles; and what may not be read."""

    found: dict[str, frozenset[str]]
    unread: tuple[str, ...] = ()


def search_tables(world: World, needles: Needles) -> Tables:
    """Look into every table of PostgreSQL, of any schema, and into its statistics."""
    with world.look() as connection:
        held = {place: postgres_store.holds(connection, place, needles) for place in postgres_store.places(connection)}
    found = {place: frozenset(some) for place, some in held.items() if some is not None}
    return Tables(found, tuple(sorted(set(held) - set(found))))


def search_stream(file: BinaryIO, needles: Needles) -> frozenset[str]:
    """Return which of `needles` a file holds, also across the edges of blocks."""
    longest = max(map(len, needles.values()))
    found: set[str] = set()
    for part in _overlapping(file, longest - 1):
        found |= {name for name, needle in needles.items() if needle in part}
    return frozenset(found)


def _overlapping(file: BinaryIO, overlap: int) -> Iterator[bytes]:
    tail = b""
    while block := file.read(_BLOCK):
        yield tail + block
        tail = (tail + block)[-overlap:] if overlap else b""
