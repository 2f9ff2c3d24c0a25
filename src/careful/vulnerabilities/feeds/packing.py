"""Files, folders and archives of a feed, name by name, as bytes: zip, tar, gzip and xz, within limits.

What cannot be opened is handed on with the reason, so that one damaged archive in a folder does not cost the rest.
Names in archives are shown and never used as paths.
"""

import bz2
import gzip
import io
import lzma
import os
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from careful.kernel.errors import Invalid, TooLarge

FILE_BYTES = 1 << 30
TOTAL_BYTES = 16 << 30
FILES = 2_000_000
DIRECTORY_BYTES = 128 << 20
"""Of a zip: its list of names is in memory as a whole, at some ten times its size."""
_SMALL, _RATIO = 1 << 20, 200
_XZ_MEMORY = 256 << 20
_LONGEST = 200
_GZIP, _XZ, _BZ2 = b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh"  # some servers unpack what is called .gz on the way
_PLAIN = (".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".csv")
_PACKED = ("", ".gz", ".xz", ".bz2")
KNOWN = tuple(f"{kind}{packed}" for packed in _PACKED for kind in _PLAIN)
_TARS = (".tar", ".tgz", ".txz", ".tar.gz", ".tar.xz", ".tar.bz2")
_ARCHIVES = (".zip", *_TARS)
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
_END_OF_ZIP = struct.Struct("<4s4H2LH")
_LARGE_END_OF_ZIP = struct.Struct("<4sQ2H2L4Q")
_IS_LARGE = 0xFFFF_FFFF
_MOST_COMMENT = 1 << 16


@dataclass(frozen=True, slots=True)
class Packed:
    """One file: its name below the feed and its bytes as they came, or why it cannot be had."""

    name: str
    content: bytes = b""
    wrong: str = ""


@dataclass(slots=True)
class _Budget:
    """What was read so far. Raises TooLarge beyond what a feed may have."""

    files: int = 0
    total: int = 0
    read: list[str] = field(default_factory=list)

    def spend(self, size: int, name: str) -> None:
        self.files += 1
        self.total += size
        if self.files > FILES or self.total > TOTAL_BYTES:
            raise TooLarge(
                f"{shown(name)}: a feed may have {FILES:,} files, {TOTAL_BYTES:,} bytes in all.", do="Split it."
            )


def contents(path: Path) -> Iterator[Packed]:
    """Yield each file that may be a document. Of a folder, what cannot be opened is named and the rest is read.

    Raises Invalid where nothing is there or the one file that was named cannot be opened, TooLarge beyond the limits.
    """
    budget = _Budget()
    if path.is_dir():
        for place in _places(path):
            try:
                yield from _of_file(path / place, place, budget, below=place)
            except _Refused as refusal:
                yield Packed(shown(place), wrong=str(refusal))
        return
    if not path.is_file():
        raise Invalid(f"{path} is not there.", do="Name a file, a folder or an archive.", where=str(path))
    try:
        yield from _of_file(path, path.name, budget, below="")
    except _Refused as refusal:
        kind = TooLarge if refusal.too_large else Invalid
        why = f"{path.name}: {refusal}, and nothing was taken in."
        raise kind(why, do="Fetch it again from where it is published.", where=str(path)) from refusal


def _places(folder: Path) -> list[str]:
    """Return the files below a folder that may be documents, in order; links to folders are not followed."""
    found = []
    for root, _, names in os.walk(folder):
        below = os.path.relpath(root, folder)
        found += [name if below == "." else f"{below}/{name}" for name in names if name.endswith((*KNOWN, *_ARCHIVES))]
    return sorted(found)


class _Refused(ValueError):
    """A file or an archive that is not read; the text says why."""

    def __init__(self, why: str, *, too_large: bool = False) -> None:
        super().__init__(why)
        self.too_large = too_large


def _of_file(path: Path, name: str, budget: _Budget, *, below: str) -> Iterator[Packed]:
    if name.endswith(_ARCHIVES):
        opened = _tarred(path, budget) if name.endswith(_TARS) else _zipped(path, budget, inside=False)
        yield from (Packed(shown(f"{below}/{one.name}" if below else one.name), one.content) for one in opened)
        return
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            _fits(size)
            budget.spend(size, name)
            content = file.read(FILE_BYTES + 1)
        _fits(len(content))
    except OSError as failure:
        raise _Refused(f"it cannot be read ({failure.strerror})") from failure
    yield Packed(shown(name), content)


def _zipped(path: Path, budget: _Budget, *, inside: bool) -> Iterator[Packed]:
    try:
        _bound_directory(path)
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(".zip") and not inside:  # the CVE list is a zip in a zip
                    _no_bomb(info)
                    with tempfile.NamedTemporaryFile(suffix=".zip") as inner:
                        with archive.open(info) as packed:
                            shutil.copyfileobj(packed, inner, 1 << 20)
                        inner.flush()
                        yield from _zipped(Path(inner.name), budget, inside=True)
                elif info.filename.endswith(KNOWN) and not info.is_dir():
                    _fits(info.file_size)
                    _no_bomb(info)
                    budget.spend(info.file_size, info.filename)
                    yield Packed(info.filename, archive.read(info))
    except (_Refused, TooLarge):
        raise
    except _BROKEN as wrong:
        raise _Refused(f"no readable zip ({wrong})") from wrong


def _bound_directory(path: Path) -> None:
    """Refuse a zip whose list of names would fill the memory: it is read as a whole before anything else."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _END_OF_ZIP.size - _MOST_COMMENT))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_OF_ZIP.size:
        return  # no zip: whoever opens it says so
    length = _END_OF_ZIP.unpack_from(tail, at)[5]
    begin = tail.rfind(b"PK\x06\x06")
    if length == _IS_LARGE and 0 <= begin <= len(tail) - _LARGE_END_OF_ZIP.size:
        length = _LARGE_END_OF_ZIP.unpack_from(tail, begin)[8]
    if length > DIRECTORY_BYTES:
        raise _Refused(
            f"its list of names takes {length:,} bytes, at most {DIRECTORY_BYTES:,} are read", too_large=True
        )


def _no_bomb(info: zipfile.ZipInfo) -> None:
    """Refuse what unpacks to far more than any list of flaws does, before unpacking it."""
    if info.file_size > _SMALL and info.file_size > info.compress_size * _RATIO:
        raise _Refused(
            f"{shown(info.filename)} in it would unpack {info.compress_size:,} bytes to {info.file_size:,}: it is no"
            " feed but a zip bomb",
            too_large=True,
        )


def _tarred(path: Path, budget: _Budget) -> Iterator[Packed]:
    """Read a tar as a stream, so that it never lies unpacked anywhere; links and devices in it are passed over."""
    try:
        most = max(_SMALL, path.stat().st_size * _RATIO)
        with path.open("rb") as file, _stream(_Bounded(_opened(file), most)) as archive:
            for member in archive:
                if member.isreg() and member.name.endswith(KNOWN):
                    _fits(member.size)
                    budget.spend(member.size, member.name)
                    content = archive.extractfile(member)
                    yield Packed(member.name, content.read() if content else b"")
                archive.members.clear()  # type: ignore[attr-defined]  # else it keeps every name that it has passed
    except (_Refused, TooLarge):
        raise
    except _BROKEN as wrong:
        raise _Refused(f"no readable tar ({wrong})") from wrong


class _Reads(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _stream(file: _Reads) -> tarfile.TarFile:
    return tarfile.open(fileobj=file, mode="r|")  # type: ignore[call-overload,no-any-return]  # it only reads


def _opened(file: BinaryIO) -> _Reads:
    """Return what unpacks a file on the way, by how it begins."""
    begins = file.read(len(_XZ))
    file.seek(0)
    if begins.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file)
    if begins.startswith(_XZ):
        return _Xz(file)
    return bz2.BZ2File(file) if begins.startswith(_BZ2) else file


class _Bounded:
    """A file that is read to a number of bytes and no further."""

    def __init__(self, file: _Reads, most: int) -> None:
        self._file, self._left = file, most

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self._left -= len(block)
        if self._left < 0:
            raise _Refused("it unpacks to far more than a feed has: it is no feed but a bomb", too_large=True)
        return block


class _Xz:
    """An xz file as a stream, whose dictionary takes no more memory than ours."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._reader = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            if self._reader.eof:  # one stream may follow another
                rest = self._reader.unused_data.lstrip(b"\x00") or self._file.read(1 << 16).lstrip(b"\x00")
                if not rest:
                    break
                self._reader = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
                found += self._reader.decompress(rest, size - len(found))
                continue
            more = self._file.read(1 << 16) if self._reader.needs_input else b""
            if self._reader.needs_input and not more:
                raise EOFError("its end is missing")
            found += self._reader.decompress(more, size - len(found))
        return found


def unpacked(content: bytes) -> bytes:
    """Unpack gzip, xz or bzip2, every part of it, to at most the bytes that a file may have.

    Raises ValueError beyond, and as the formats do for what is damaged.
    """
    if not content.startswith((_GZIP, _XZ, _BZ2)):
        return content
    most = min(FILE_BYTES, max(_SMALL, len(content) * _RATIO))
    try:
        plain = _opened(io.BytesIO(content)).read(most + 1)
    except EOFError as wrong:
        raise gzip.BadGzipFile("its end is missing") from wrong
    if len(plain) > most:
        raise ValueError("it unpacks to far more than a feed has: it is no feed but a bomb")
    return plain


def shown(name: str) -> str:
    """Return a name as it may be shown: names in archives are a stranger's, and a terminal obeys some signs."""
    short = name[:_LONGEST]
    return short if short.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in short)


def _fits(size: int) -> None:
    if size > FILE_BYTES:
        raise _Refused(f"it has {size:,} bytes, a file at most {FILE_BYTES:,}: split it", too_large=True)
