"""Images and SBOMs as files, each under the SHA-256 of its bytes: `artifacts/sha256/ab/ab12…`.

A file appears there whole and flushed to disk, or not at all; the same bytes are kept once. What is read back can be
compared with its own name.
"""

import contextlib
import hashlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from careful.kernel.errors import Invalid, NotFound, TooLarge, Unavailable
from careful.releases.model import Artifact, file_name

_BLOCK = 1 << 20
_STALE_SECONDS = 24 * 3600
_MOST_PROVEN = 4096
_PROVEN: dict[str, tuple[int, int, int, int]] = {}
"""Files whose bytes were compared with their name, by what the disk said of them then. Of this process."""
_PROVEN_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Digests:
    """What one pass over a file gives, in lower-case hex."""

    sha256: str
    sha1: str
    md5: str
    size: int


def place(home: Path, sha256: str) -> Path:
    """Return where the file with this digest is, or would be. Raises NotFound for what is no digest."""
    if len(sha256) != hashlib.sha256().digest_size * 2 or not set(sha256) <= set("0123456789abcdef"):
        raise NotFound(f"{sha256[:80]!r} is no SHA-256 digest.")
    return home / "artifacts" / "sha256" / sha256[:2] / sha256


def keep_file(home: Path, source: Path, limit: int, name: str = "") -> Artifact:
    """Copy an image of at most `limit` bytes into the store, under its own name or `name`.

    Raises NotFound, Invalid (empty, or no regular file), TooLarge, Unavailable (no room on the disk).
    """
    try:
        with open(source, "rb", opener=_open_plain) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Invalid(f"{source} is no regular file.", where="image")
            digests = _keep(home, stream, limit, where="image")
    except (FileNotFoundError, IsADirectoryError) as missing:
        raise NotFound(f"There is no image {source}.", do="Name the file that devices install.") from missing
    if not digests.size:
        raise Invalid(f"{source} is empty.", do="Name the file that devices install.", where="image")
    return Artifact(digests.sha256, digests.sha1, digests.md5, digests.size, file_name(name or source.name))


def keep_bytes(home: Path, content: bytes) -> str:
    """Put bytes into the store and return their SHA-256. Raises Unavailable."""
    digest = hashlib.sha256(content).hexdigest()
    target = place(home, digest)
    if not target.exists():
        with _draft(home) as (path, draft):
            draft.write(content)
            _settle(path, draft, target)
    return digest


def intact(home: Path, sha256: str) -> bool:
    """Tell whether the file is here and still has the digest in its name."""
    try:
        with place(home, sha256).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def sound(home: Path, sha256: str) -> bool:
    """Tell whether the file has the digest in its name; read again only when the disk says that it changed."""
    path = place(home, sha256)
    try:
        stamp = _stamp(path)
        with _PROVEN_LOCK:
            if _PROVEN.get(str(path)) == stamp:
                return True
        good = intact(home, sha256) and _stamp(path) == stamp
    except FileNotFoundError:
        return False
    with _PROVEN_LOCK:
        if good:
            _PROVEN[str(path)] = stamp
        else:
            _PROVEN.pop(str(path), None)
        while len(_PROVEN) > _MOST_PROVEN:
            del _PROVEN[next(iter(_PROVEN))]
    return good


def _stamp(path: Path) -> tuple[int, int, int, int]:
    now = path.stat()
    return now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns


def _keep(home: Path, stream: BinaryIO, limit: int, *, where: str) -> Digests:
    sha256, sha1, md5 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False), hashlib.md5(usedforsecurity=False)
    size = 0
    with _draft(home) as (path, draft):
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > limit:
                raise TooLarge(
                    f"The {where} is larger than {limit} bytes.", do="Raise CAREFUL_ARTIFACT_BYTES.", where=where
                )
            for digest in (sha256, sha1, md5):
                digest.update(block)
            draft.write(block)
        if size:
            _settle(path, draft, place(home, sha256.hexdigest()))
    return Digests(sha256.hexdigest(), sha1.hexdigest(), md5.hexdigest(), size)


@contextlib.contextmanager
def _draft(home: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a file on the store's own disk, so that it can be renamed into place; gone afterwards if it was not."""
    folder = home / "artifacts" / "drafts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(folder)
    path = folder / secrets.token_hex(16)
    try:
        with path.open("xb") as file:
            yield path, file
    except OSError as failure:
        raise Unavailable(
            f"The artifact store cannot be written ({failure.strerror or failure}); nothing was changed.",
            do="Free some space, then try again.",
        ) from failure
    finally:
        path.unlink(missing_ok=True)


def _settle(path: Path, draft: BinaryIO, target: Path) -> None:
    """Flush the draft to disk, then give it its name."""
    draft.flush()
    os.fsync(draft.fileno())
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.replace(target)
    for folder in (target.parent, target.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove drafts that a crash left behind."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - _STALE_SECONDS:
                path.unlink()


def _open_plain(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe without a writer must not make us wait
