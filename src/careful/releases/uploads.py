"""Uploads that go on where they broke off: a file that grows, and beside it what it is to become.

    uploads/<id>         the bytes so far
    uploads/<id>.json    whose it is, its length, its name, its SHA-256 where the sender said it

Nothing here is in the database: an upload becomes something only when a release is made of it. What nobody finished
within a day goes.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any

from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused, TooLarge, TooMany, Unavailable
from careful.kernel.ids import new_id
from careful.kernel.work import World
from careful.releases.model import file_name

_ID = re.compile(r"[0-9a-z]{8,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST = 32
_STALE_SECONDS = 24 * 3600
_ROOM = 64 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way: so many of its `size` bytes have arrived."""

    id: str
    owner: str
    filename: str
    size: int
    sha256: str
    offset: int

    @property
    def whole(self) -> bool:
        """Tell whether all bytes have arrived."""
        return self.offset == self.size


def begin(world: World, actor: Actor, size: int, filename: str, sha256: str = "") -> Upload:
    """Begin an upload, or find the one that was begun for the same bytes.

    Raises TooLarge, Invalid, TooMany (32 unfinished ones), Unavailable (the disk has no room for it).
    """
    if size > world.settings.artifact_bytes:
        raise TooLarge(f"An image has at most {world.settings.artifact_bytes} bytes.", do="See CAREFUL_ARTIFACT_BYTES.")
    if size < 1 or (sha256 and not _SHA256.fullmatch(sha256)):
        raise Invalid("An upload has at least one byte, and its SHA-256 64 hex digits.", where="upload-metadata")
    folder = _folder(world)
    _sweep(folder)
    owner = f"{actor.kind}:{actor.id}"
    name = file_name(filename)
    known = hashlib.sha256(f"{owner}/{size}/{name}/{sha256}".encode()).hexdigest()[:32] if sha256 else new_id().lower()
    path = folder / known
    if not (path.exists() and path.with_suffix(".json").exists()):
        if len(list(folder.glob("*.json"))) >= _MOST:
            raise TooMany(f"{_MOST} uploads are under way.", retry_after=600, do="Finish or delete one.")
        if shutil.disk_usage(folder).free < size + _ROOM:
            raise Unavailable(f"The disk has no room for {size} bytes.", do="Free some space, then try again.")
        said = {"owner": owner, "filename": name, "size": size, "sha256": sha256}
        _describe(path, json.dumps(said))
    return find(world, actor, known)


def _describe(path: Path, said: str) -> None:
    """Make an empty upload. Its description is there whole or not at all, whatever happens meanwhile."""
    draft = path.with_suffix(".new")
    with _disk():
        try:
            path.touch(mode=0o600)
            draft.write_text(said)
            draft.replace(path.with_suffix(".json"))
        except OSError:
            path.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)
            raise


def find(world: World, actor: Actor, upload: str) -> Upload:
    """Return an upload of one's own. Raises NotFound."""
    path = _folder(world) / upload
    if not _ID.fullmatch(upload) or not path.exists():
        raise _gone()
    try:
        said: dict[str, Any] = json.loads(path.with_suffix(".json").read_bytes())
    except (OSError, ValueError) as lost:
        raise _gone() from lost
    if said.get("owner") != f"{actor.kind}:{actor.id}":
        raise _gone()
    return Upload(upload, said["owner"], said["filename"], said["size"], said["sha256"], path.stat().st_size)


def _gone() -> NotFound:
    return NotFound("There is no such upload.", do="Begin it again; what nobody finishes within a day goes.")


@contextlib.contextmanager
def appending(world: World, actor: Actor, upload: str, offset: int) -> Iterator["Growing"]:
    """Hold an upload, to add bytes at `offset`, which must be where it ends. Raises Refused, NotFound."""
    found = find(world, actor, upload)
    path = _folder(world) / found.id
    with path.open("r+b", buffering=0) as stream:  # what a full disk did not take must not wait to be written later
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("Somebody else is sending this upload.", do="Ask for its offset, then go on.") from None
        end = stream.seek(0, os.SEEK_END)
        if end != offset:
            raise Refused(f"The upload stands at {end}, not at {offset}.", do="Ask for its offset (HEAD), then go on.")
        growing = Growing(stream, found.size, end)
        try:
            yield growing
        finally:
            with contextlib.suppress(OSError):
                os.fsync(stream.fileno())
    if growing.offset == found.size and found.sha256:
        _check(world, found)


@dataclass
class Growing:
    """An upload while bytes arrive."""

    stream: RawIOBase
    size: int
    offset: int

    def add(self, block: bytes) -> None:
        """Add bytes. Raises TooLarge beyond the length that was announced, Unavailable where the disk is full."""
        if self.offset + len(block) > self.size:
            raise TooLarge(f"The upload has {self.size} bytes, and more arrive.", where="upload-length")
        left = memoryview(block)
        with _disk():
            while left:
                taken = self.stream.write(left) or 0
                self.offset += taken
                left = left[taken:]


def _check(world: World, found: Upload) -> None:
    with (_folder(world) / found.id).open("rb") as stream:
        good = hashlib.file_digest(stream, "sha256").hexdigest() == found.sha256
    if not good:
        _remove(world, found.id)
        raise Refused("What arrived is not what was announced: its SHA-256 differs.", do="Send it again.")


@contextlib.contextmanager
def finished(world: World, actor: Actor, upload: str) -> Iterator[Path]:
    """Give a whole upload under its own name, and forget it after the `with` went well. Raises Refused, NotFound."""
    found = find(world, actor, upload)
    if not found.whole:
        raise Refused(f"{found.offset} of {found.size} bytes have arrived.", do="Send the rest first.", where="upload")
    folder = _folder(world) / f"{found.id}.d"
    path = folder / found.filename
    try:
        with _disk():
            folder.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
            path.hardlink_to(_folder(world) / found.id)
        yield path
        _remove(world, found.id)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def drop(world: World, actor: Actor, upload: str) -> None:
    """Forget an upload. Raises NotFound."""
    _remove(world, find(world, actor, upload).id)


def _remove(world: World, upload: str) -> None:
    for path in (_folder(world) / upload, (_folder(world) / upload).with_suffix(".json")):
        path.unlink(missing_ok=True)


def _folder(world: World) -> Path:
    folder = world.home / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _sweep(folder: Path) -> None:
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < time.time() - _STALE_SECONDS and not _is_fresh(path):
                path.unlink()


def _is_fresh(path: Path) -> bool:
    """Tell whether the bytes that belong to a description still grow."""
    bytes_of = path.with_suffix("")
    return bytes_of != path and bytes_of.exists() and bytes_of.stat().st_mtime >= time.time() - _STALE_SECONDS


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as full:
        raise Unavailable(
            f"The upload cannot be stored ({full.strerror}); what arrived before is kept.",
            do="Free some space, then go on where it broke off.",
        ) from full
