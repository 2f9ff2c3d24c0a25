"""Images by content: one copy under its SHA-256, written whole or not at all."""

import hashlib
import os
import shutil
from pathlib import Path

from careful.kernel.errors import Invalid, NotFound, TooLarge, Unavailable
from careful.kernel.ids import new_id
from careful.releases.model import Artifact

_CHUNK = 1 << 20


def path_of(home: Path, sha256: str) -> Path:
    """Return where the image with this digest is, or would be."""
    return home / "artifacts" / "sha256" / sha256[:2] / sha256


def existing(home: Path, sha256: str) -> Path:
    """Return where the image is. Raises NotFound when it is not here."""
    path = path_of(home, sha256)
    if not path.is_file():
        raise NotFound(f"No image with SHA-256 {sha256[:16]}… is stored.", do="Add the release again.")
    return path


def keep(home: Path, source: Path, limit: int) -> Artifact:
    """Copy `source` into the store, taking its digests on the way.

    Raises Invalid for what is no file or is empty, TooLarge beyond `limit` bytes, Unavailable when the disk is full.
    """
    if not source.is_file():
        raise Invalid(f"{source} is no file.", do="Name the image file.")
    size = source.stat().st_size
    if size > limit:
        raise TooLarge(f"{source.name} has {size:,} bytes; {limit:,} are taken.", do="Raise CAREFUL_ARTIFACT_BYTES.")
    if size == 0:
        raise Invalid(f"{source.name} is empty.", do="Build the image again.")
    folder = home / "artifacts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{new_id()}"
    try:
        artifact = _copy(source, draft, limit)
        target = path_of(home, artifact.sha256)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.replace(target)
    except OSError as failure:
        raise Unavailable(f"The image could not be stored: {failure.strerror}.", do="Run: careful doctor") from failure
    finally:
        draft.unlink(missing_ok=True)
    return artifact


def keep_bytes(home: Path, content: bytes) -> str:
    """Store a small file by content and return its SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    target = path_of(home, digest)
    if not target.exists():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = target.with_name(f".{new_id()}")
        draft.write_bytes(content)
        draft.replace(target)
    return digest


def _copy(source: Path, draft: Path, limit: int) -> Artifact:
    digests = [hashlib.sha256(), hashlib.sha1(usedforsecurity=False), hashlib.md5(usedforsecurity=False)]
    size = 0
    with source.open("rb") as there, draft.open("xb") as here:
        while chunk := there.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"{source.name} grew beyond {limit:,} bytes.", do="Raise CAREFUL_ARTIFACT_BYTES.")
            for one in digests:
                one.update(chunk)
            here.write(chunk)
        here.flush()
        os.fsync(here.fileno())
    shutil.copymode(source, draft)
    draft.chmod(0o600)
    sha256, sha1, md5 = (one.hexdigest() for one in digests)
    return Artifact(sha256=sha256, sha1=sha1, md5=md5, size=size, filename=source.name)
