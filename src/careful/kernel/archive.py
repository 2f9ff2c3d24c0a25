"""Backup and restore of one installation as a tar file: its data folder and its database.

SQLite files are copied with SQLite's own online backup, so that a backup taken in the middle of work is one moment's
state; what lies in PostgreSQL is copied into one such file, so that a backup of either comes back into either. Nothing
outside the folder is ever written on restore, and the restored ledger must prove itself.
"""

import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from careful.kernel import audit, copying, ledger, migrate
from careful.kernel.database import DATABASE_FILE, Database
from careful.kernel.errors import Invalid, Refused
from careful.kernel.work import World

_LEFT_OUT = {"up.lock"}
_SQLITE_SUFFIXES = (".sqlite-wal", ".sqlite-shm")
_MEMBERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written: files, bytes, ledger entries."""

    files: int
    size: int
    entries: int


def backup(world: World, target: Path) -> Backup:
    """Write the backup whole or not at all. Raises Refused where it exists."""
    if target.exists():
        raise Refused(f"{target} already exists.", do="Name a new file.")
    audit.seal(world)
    target.parent.mkdir(parents=True, exist_ok=True)
    files = 0
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        draft = Path(scratch) / "backup.tar.gz"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as tar:
                for path in sorted(world.home.rglob("*")):
                    if _is_left_out(path):
                        continue
                    source = _settled(path, Path(scratch)) if path.suffix == ".sqlite" else path
                    tar.add(source, arcname=str(path.relative_to(world.home)), recursive=False)
                    files += path.is_file()
                if not world.database.is_sqlite:
                    tar.add(_copied(world.database, Path(scratch)), arcname=DATABASE_FILE)
                    files += 1
            raw.flush()
            os.fsync(raw.fileno())
        size = draft.stat().st_size
        draft.replace(target)
    with world.look() as connection:
        return Backup(files, size, ledger.size(connection))


def restore(source: Path, home: Path, database_url: str = "") -> None:
    """Unpack a backup into `home`, and its database into `database_url` where that is given.

    Raises Invalid where the file is no backup, Refused where the database is not empty; nothing is left half-restored.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as scratch:
        try:
            with tarfile.open(source, "r:*") as tar:
                for number, member in enumerate(tar):
                    if number > _MEMBERS:
                        raise Invalid(f"{source} holds more than {_MEMBERS} files.", do="It is no backup of Careful.")
                    _unpack(tar, member, Path(scratch))
        except (tarfile.TarError, EOFError, OSError) as wrong:
            raise Invalid(
                f"{source} is no readable backup: {wrong}.", do="Use a file made by: careful backup"
            ) from wrong
        if not (Path(scratch) / DATABASE_FILE).exists():
            raise Invalid(f"{source} holds no database.", do="Use a file made by: careful backup")
        if database_url:
            _bring_in(Path(scratch), database_url)
        for path in Path(scratch).iterdir():
            shutil.move(path, home / path.name)
    for path in (home / "keys", *(home / "keys").glob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _copied(database: Database, scratch: Path) -> Path:
    still = Database("", scratch)
    copying.copy(database, still)
    still.close()  # the last one out folds the write-ahead log into the file
    return scratch / DATABASE_FILE


def _bring_in(scratch: Path, url: str) -> None:
    kept, wanted = Database("", scratch), Database(url, scratch)
    try:
        migrate.upgrade(kept)
        copying.copy(kept, wanted)
    finally:
        kept.close()
        wanted.close()
    for path in scratch.glob(f"{DATABASE_FILE}*"):
        path.unlink()


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one plain file, folder or hard link below `folder`.

    Debian 12's Python has no extraction filters that would do this for us.
    """
    target = _below(folder, member.name)
    if member.isdir():
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if member.islnk():  # an image that lies both among the artifacts and in an update repository
        target.hardlink_to(_below(folder, member.linkname))
        return
    content = tar.extractfile(member) if member.isfile() else None
    if content is None:
        raise tarfile.TarError(f"{member.name!r} is no plain file")
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(content, file)


def _below(folder: Path, name: str) -> Path:
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts:
        raise tarfile.TarError(f"{name!r} does not belong into a backup")
    return folder / place


def _is_left_out(path: Path) -> bool:
    return path.name in _LEFT_OUT or path.name.endswith(_SQLITE_SUFFIXES) or path.is_socket()


def _settled(path: Path, scratch: Path) -> Path:
    """Copy a live SQLite file as of one moment."""
    copy = scratch / path.name
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as still:
        live.backup(still)
    return copy
