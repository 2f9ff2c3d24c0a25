"""Files that survive a power cut: written beside, flushed, renamed over, and the folder flushed too."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from careful_device.errors import AgentError

_JSON_LIMIT = 1 << 20


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace `path` in one step: after a crash it holds the old content or the new, never a mixture."""
    beside = path.with_name(f".{path.name}.writing")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        os.fchmod(handle, mode)  # the file may have been left there by an earlier crash, with another mode
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    beside.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make renames in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process. Raises AgentError while another one does."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AgentError(
                f"An agent is running on {folder} already.", do="Stop it first: two would speak with one name."
            ) from None
        yield


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace `path` with `content`."""
    write(path, json.dumps(content, sort_keys=True).encode(), mode=0o600)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in `path`; an absent, over-long or unreadable file is an empty one."""
    try:
        if path.stat().st_size > _JSON_LIMIT:
            return {}
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remove(path: Path) -> None:
    """Remove `path` if it is there."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
