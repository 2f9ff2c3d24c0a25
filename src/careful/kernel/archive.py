"""Backup and restore of one installation as a tar file: its data folder and its database.

SQLite files are copied with SQLite's own online backup, so that a backup taken in the middle of work is one moment's
state; what lies in PostgreSQL is copied into one such file, so that a backup of either comes back into either. The last
member, `SHA256SUMS`, names every file and its digest. On restore every file must be the one that was put in and the
ledger must prove itself before anything reaches the folder or the database; nothing outside them is ever written.
"""

import errno
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from careful.kernel import audit, copying, ledger, migrate
from careful.kernel.database import DATABASE_FILE, Database
from careful.kernel.errors import Invalid, Refused, Unavailable
from careful.kernel.keys import Keys
from careful.kernel.work import World

_LEFT_OUT = {"up.lock"}
KEPT_APART = "epoch-keys"
"""A folder that no backup holds: the keys that wrap customers' keys, which are destroyed in time only if nobody has
copies of them."""
_SQLITE_SUFFIXES = (".sqlite-wal", ".sqlite-shm")
_MEMBERS = 1_000_000
_SUMS = "SHA256SUMS"
_SUMS_BYTES = 256 << 20
_BLOCK = 1 << 20
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
_DO = "Use a file made by: careful backup"


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written: files, bytes, ledger entries."""

    files: int
    size: int
    entries: int
    left_out: tuple[str, ...] = ()
    """Folders with keys that must not be in a backup, and are not."""


def backup(world: World, target: Path) -> Backup:
    """Write the backup whole or not at all. Raises Refused where it exists, OSError where it cannot be written."""
    if target.exists():
        raise Refused(f"{target} already exists.", do="Name a new file.")
    audit.seal(world)
    apart = [path for path in (world.home / KEPT_APART, Path(world.settings.epoch_keys)) if path.name]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        draft = Path(scratch) / "backup.tar.gz"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as tar:
                packed = _Packing(tar)
                for path in sorted(world.home.rglob("*")):
                    if not _is_left_out(path.relative_to(world.home)) and not _is_below(path, apart):
                        source = _settled(path, Path(scratch)) if path.suffix == ".sqlite" else path
                        packed.add(source, str(path.relative_to(world.home)))
                if not world.database.is_sqlite:
                    packed.add(_copied(world.database, Path(scratch)), DATABASE_FILE)
                packed.close()
            raw.flush()
            os.fsync(raw.fileno())
        size = draft.stat().st_size
        draft.replace(target)
    with world.look() as connection:
        left = tuple(str(path) for path in apart if path.is_dir())
        return Backup(len(packed.sums), size, ledger.size(connection), left)


def restore(source: Path, home: Path, database_url: str = "") -> audit.Audit:
    """Unpack and prove a backup, then bring it into `home`, its database into `database_url` where that is given.

    Raises Invalid where the file is no whole backup, Refused where its ledger is not what was signed or the database
    is not empty, Unavailable where there is no room; nothing is left half-restored.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as place:
        scratch = Path(place)
        try:
            _check_sums(scratch, _unpack_all(source, scratch))
        except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as wrong:
            if isinstance(wrong, OSError) and wrong.errno in _DISK:
                raise Unavailable(f"{home} cannot be written: {wrong.strerror}.", do=f"See: df -h {home}") from wrong
            raise Invalid(f"{source} is no whole backup: {wrong}.", do=_DO) from wrong
        found = _prove(source, scratch)
        if database_url:
            _bring_in(scratch, database_url)
        for path in scratch.iterdir():
            shutil.move(path, home / path.name)
    return found


class _Packing:
    """Files on their way into a tar, each with its digest."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.sums: dict[str, str] = {}

    def add(self, path: Path, name: str) -> None:
        member = self._tar.gettarinfo(path, arcname=name)
        if not member.isreg():
            self._tar.addfile(member)
            if member.islnk():
                self.sums[name] = self.sums[member.linkname]
            return
        with path.open("rb") as file:
            summed = _Summed(file)
            self._tar.addfile(member, summed)
        self.sums[name] = summed.digest.hexdigest()

    def close(self) -> None:
        content = "".join(f"{digest}  {name}\n" for name, digest in self.sums.items()).encode()
        member = tarfile.TarInfo(_SUMS)
        member.size = len(content)
        self._tar.addfile(member, io.BytesIO(content))


class _Summed(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def _unpack_all(source: Path, scratch: Path) -> dict[str, str]:
    """Write every member below `scratch`; return the digest of each file by its name."""
    found: dict[str, str] = {}
    with tarfile.open(source, "r:gz") as tar:
        for number, member in enumerate(tar):
            if number > _MEMBERS:
                raise tarfile.TarError(f"it holds more than {_MEMBERS} files")
            digest = _unpack(tar, member, scratch)
            if digest:
                found[str(PurePosixPath(member.name))] = digest
        while tar.fileobj and tar.fileobj.read(_BLOCK):  # to the very end, where the compression's own checksum stands
            pass
    return found


def _check_sums(scratch: Path, found: dict[str, str]) -> None:
    if found.pop(_SUMS, None) is None:
        raise tarfile.TarError(f"it holds no {_SUMS}")
    listed = scratch / _SUMS
    if listed.stat().st_size > _SUMS_BYTES:
        raise tarfile.TarError(f"its {_SUMS} is too large")
    sums = dict(line.split("  ", 1)[::-1] for line in listed.read_text(encoding="utf-8").splitlines())
    listed.unlink()
    for name in sorted(sums.keys() | found.keys()):
        if name not in found:
            raise tarfile.TarError(f"{name} is missing")
        if sums.get(name) != found[name]:
            raise tarfile.TarError(f"{name} is not the file that was put in")


def _prove(source: Path, scratch: Path) -> audit.Audit:
    """Check the unpacked ledger against its own key, brought to this program's form first."""
    keys = Keys(scratch / "keys")
    if not ((scratch / DATABASE_FILE).exists() and keys.has(audit.KEY)):
        raise Invalid(f"{source} holds no database, or not its ledger's key.", do=_DO)
    database = Database("", scratch)
    try:
        migrate.upgrade(database)
        with database.transaction("read") as connection:
            found = audit.audit(connection, audit.public_key(keys))
    except Unavailable as wrong:
        raise Invalid(f"The database in {source} cannot be read: {wrong.what}", do=_DO) from wrong
    finally:
        database.close()
    if found.problems:
        raise Refused(
            f"The ledger in {source} is not what was signed: {found.problems[0]}", do="Restore an older backup."
        )
    return found


def _copied(database: Database, scratch: Path) -> Path:
    still = Database("", scratch)
    copying.copy(database, still)
    still.close()  # the last one out folds the write-ahead log into the file
    return scratch / DATABASE_FILE


def _bring_in(scratch: Path, url: str) -> None:
    kept, wanted = Database("", scratch), Database(url, scratch)
    try:
        copying.copy(kept, wanted)
    finally:
        kept.close()
        wanted.close()
    for path in scratch.glob(f"{DATABASE_FILE}*"):
        path.unlink()


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    """Write one plain file, folder or hard link below `folder`; return a file's SHA-256.

    Debian 12's Python has no extraction filters that would do this for us.
    """
    target = _below(folder, member.name)
    if member.isdir():
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        return ""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if member.islnk():  # an image that lies both among the artifacts and in an update repository
        target.hardlink_to(_below(folder, member.linkname))
        with target.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    content = tar.extractfile(member) if member.isfile() else None
    if content is None:
        raise tarfile.TarError(f"{member.name!r} is no plain file")
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _below(folder: Path, name: str) -> Path:
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts:
        raise tarfile.TarError(f"{name!r} does not belong into a backup")
    return folder / place


def _is_left_out(place: Path) -> bool:
    drafts = place.parts[:2] == ("artifacts", "drafts")  # files still being taken in
    turns = place.parts[:1] == ("turns",)  # locks that say something only while a process holds them
    return drafts or turns or place.name in _LEFT_OUT or place.name.endswith(_SQLITE_SUFFIXES)


def _is_below(path: Path, folders: Sequence[Path]) -> bool:
    real = path.resolve()
    return any(real == one or one in real.parents for one in (folder.resolve() for folder in folders))


def _settled(path: Path, scratch: Path) -> Path:
    """Copy a live SQLite file as of one moment."""
    copy = scratch / path.name
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as still:
        live.backup(still)
    return copy
