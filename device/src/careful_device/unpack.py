"""Unpacking an image: only what an image may hold, only inside its folder, only as much as was allowed.

An image is signed, so its maker means well; these limits catch what the maker did not mean: a link that leaves the
folder, a file that swallows the disk. Devices, pipes, set-uid bits and other owners are refused or dropped, as
Python's own `data` filter does (PEP 706, which Debian 12's Python does not have).
"""

import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from careful_device.errors import SlotError

_MODE = stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH
_LONGEST = 1024
_CHUNK = 1 << 20


def unpack(image: Path, folder: Path, *, most_bytes: int, most_files: int = 100_000) -> None:
    """Unpack the tar archive `image`, plain or compressed, into the new `folder`. Raises SlotError, undoing nothing."""
    folder.mkdir(mode=0o755)
    size = 0
    try:
        with tarfile.open(image, "r|*") as archive:
            for count, member in enumerate(archive, start=1):
                size += member.size if member.isfile() else 0
                if count > most_files:
                    raise SlotError(f"The image holds more than {most_files} files.")
                if size > most_bytes:
                    raise SlotError(f"The image unpacks to more than {most_bytes} bytes.")
                _place(archive, member, folder)
    except (tarfile.TarError, EOFError, OSError, ValueError) as broken:
        raise SlotError(f"The image cannot be unpacked: {str(broken).rstrip('.')}.") from broken


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = _inside(member.name, member.name)
    place = folder / name
    _check_parents(folder, name)
    if member.isdir():
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
    elif member.issym():
        _check_link(name, member.linkname)
        _make(place, lambda: place.symlink_to(member.linkname))
    elif member.islnk():
        source = _inside(member.linkname, member.name)
        _check_parents(folder, source)
        if (folder / source).is_symlink():
            raise SlotError(f"The image holds a hard link to a link: {member.name[:200]}.")
        _make(place, lambda: place.hardlink_to(folder / source))
    elif member.isreg():
        _make(place, lambda: _write(archive, member, place))
    else:
        raise SlotError(f"The image holds something that is no file, folder or link: {member.name[:200]}.")


def _inside(path: str, name: str) -> PurePosixPath:
    """Return `path` with its dots resolved. Raises SlotError when it leaves the folder."""
    if path.startswith("/") or len(path) > _LONGEST or "\0" in path:
        raise SlotError(f"The image holds a path that is not its own: {name[:200]}.")
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == "..":
            if not parts:
                raise SlotError(f"The image holds a path that leaves it: {name[:200]}.")
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def _check_link(name: PurePosixPath, target: str) -> None:
    """Refuse a link that leaves the folder; ".." only at its start, so that no other link can bend it outside."""
    parts = PurePosixPath(target).parts
    ups = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    if ".." in parts[ups:] or target.startswith("/"):
        raise SlotError(f"The image holds a link that may leave it: {str(name)[:200]}.")
    _inside(str(name.parent / target), str(name))


def _check_parents(folder: Path, name: PurePosixPath) -> None:
    """Refuse a path that goes through a link: what it leads to was not checked for this path."""
    at = folder
    for part in name.parts[:-1]:
        at /= part
        if at.is_symlink():
            raise SlotError(f"The image holds a path through a link: {str(name)[:200]}.")


def _make(place: Path, make: Callable[[], object]) -> None:
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if place.is_symlink() or place.is_file():
        place.unlink()
    make()


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    source = archive.extractfile(member)
    if source is None:
        raise SlotError(f"The image's {member.name[:200]} cannot be read.")
    with place.open("xb") as stream:
        while chunk := source.read(_CHUNK):
            stream.write(chunk)
        os.fchmod(stream.fileno(), member.mode & _MODE | stat.S_IRUSR | stat.S_IWUSR)
