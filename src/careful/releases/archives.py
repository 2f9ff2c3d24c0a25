"""SBOMs as they travel: compressed (gzip, Zstandard), or several in an archive (zip, tar); in memory, within limits.

Nothing is written to disk, so no name inside can lead anywhere; names are only shown. What is unpacked is counted while
it is unpacked, whatever the archive says of its sizes.
"""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import zstandard

from careful.kernel.errors import Invalid, Refused, TooLarge
from careful.releases.listing import plain

MOST_FILES = 20_000
MOST_UNPACKED = 256 << 20
_BLOCK = 1 << 20
_STEP = 1 << 10
_WINDOW = 128 << 20
_TAR_END = bytes(1024)
_GZIP, _ZSTD, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
_TAR_MAGIC = slice(257, 262)
_ENDINGS = (".json", ".jsonld", ".spdx", ".tag", ".xml", ".cdx")
_BROKEN = (OSError, EOFError, zlib.error, zstandard.ZstdError, tarfile.TarError, zipfile.BadZipFile, ValueError)
"""What the unpackers raise for a broken file; RuntimeError and NotImplementedError (zip) are caught beside them."""


_T = TypeVar("_T")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def packed(content: bytes) -> bool:
    """Tell whether the bytes are compressed, or an archive."""
    return content.startswith((_GZIP, _ZSTD, _ZIP)) or content[_TAR_MAGIC] == b"ustar"


def unpack(content: bytes) -> list[tuple[str, bytes]]:
    """Return the files inside that may be SBOMs, each with its name; a compressed file is one without a name.

    Raises Invalid (broken, or nothing inside), Refused (encrypted), TooLarge.
    """
    try:
        plain_bytes = _inflated(content) if content.startswith((_GZIP, _ZSTD)) else content
        if plain_bytes.startswith(_ZIP):
            files = list(_within(_of_zip(plain_bytes)))
        elif plain_bytes[_TAR_MAGIC] == b"ustar":
            files = list(_within(_of_tar(plain_bytes)))
        else:
            return [("", plain_bytes)]
    except (RuntimeError, NotImplementedError) as locked:
        raise Refused("The archive is encrypted, or packed in a way that is not read.", where="sbom") from locked
    except _BROKEN as broken:
        raise Invalid(f"The archive is broken: {plain(str(broken), 200)}.", where="sbom") from broken
    if not files:
        raise Invalid(f"The archive holds no SBOM (no file that ends in {', '.join(_ENDINGS)}).", where="sbom")
    return files


def _inflated(content: bytes) -> bytes:
    if content.startswith(_GZIP):
        return _all_of(gzip.GzipFile(fileobj=io.BytesIO(content)), MOST_UNPACKED)
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    taken, left = bytearray(), memoryview(content)
    while left:
        frame = unpacker.decompressobj()
        while left and not frame.eof:  # by small steps: the smallest piece can grow by thousands
            step, left = left[:_STEP], left[_STEP:]
            taken += frame.decompress(step)
            if len(taken) > MOST_UNPACKED:
                raise _too_large()
        if not frame.eof:
            raise EOFError("it is cut off")
        left = memoryview(bytes(frame.unused_data) + bytes(left)) if frame.unused_data else left
    return bytes(taken)


def _all_of(source: _Readable, limit: int) -> bytes:
    taken = bytearray()
    while block := source.read(_BLOCK):
        taken += block
        if len(taken) > limit:
            raise _too_large()
    return bytes(taken)


def _too_large() -> TooLarge:
    return TooLarge(f"Unpacked, the SBOM has more than {MOST_UNPACKED >> 20} MiB.", where="sbom")


def _within(files: Iterator[tuple[str, _Readable]]) -> Iterator[tuple[str, bytes]]:
    left = MOST_UNPACKED
    for name, source in files:
        content = _all_of(source, left)
        left -= len(content)
        yield plain(name, 200), content


def _of_zip(content: bytes) -> Iterator[tuple[str, _Readable]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for one in _few(archive.infolist()):
            if not one.is_dir() and one.filename.lower().endswith(_ENDINGS):
                with archive.open(one) as source:
                    yield one.filename, source


def _of_tar(content: bytes) -> Iterator[tuple[str, _Readable]]:
    if not content.endswith(_TAR_END):  # without which a file that is cut off between two members would look whole
        raise EOFError("it is cut off")
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        for one in _few(archive):
            source = archive.extractfile(one) if one.isreg() and one.name.lower().endswith(_ENDINGS) else None
            if source is not None:
                yield one.name, source


def _few(members: Iterable[_T]) -> Iterator[_T]:
    for number, one in enumerate(members):
        if number >= MOST_FILES:
            raise TooLarge(f"An archive may hold {MOST_FILES:,} files.", where="sbom")
        yield one
