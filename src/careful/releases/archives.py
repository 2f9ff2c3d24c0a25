"""SBOMs as they travel: compressed, or several in an archive (zip, tar); in memory, within limits.

Nothing is written to disk, so no name inside can lead anywhere; names are only shown. What is unpacked is counted while
it is unpacked, whatever the archive says of its sizes.
"""

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import zstandard

from careful.kernel.errors import Invalid, Refused, TooLarge
from careful.releases.listing import plain

MOST_FILES = 20_000
MOST_UNPACKED = 256 << 20
MOST_FRAMES = 20_000
_BLOCK = 1 << 20
_STEP = 1 << 10
_WINDOW = 128 << 20
_TAR_END = bytes(1024)
_GZIP, _ZSTD, _BZIP2, _XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"
_ZIP, _EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_TAR_MAGIC = slice(257, 262)
_ENDINGS = (".json", ".jsonld", ".spdx", ".tag", ".xml", ".cdx")
_READABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How a file in a zip may be packed: Python unpacks the others at once, however large they get."""
_BROKEN = (
    OSError, EOFError, ValueError, zlib.error, zstandard.ZstdError, lzma.LZMAError, tarfile.TarError,
    zipfile.BadZipFile,
)  # fmt: skip
"""What the unpackers raise for a broken file; RuntimeError and NotImplementedError (zip) are caught beside them."""
_FRAMES: dict[bytes, Callable[[], Any]] = {
    _GZIP: lambda: zlib.decompressobj(31),
    _ZSTD: lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj(),
    _BZIP2: bz2.BZ2Decompressor,
    _XZ: lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_WINDOW),
}
"""What begins so, and what unpacks one frame (member, stream) of it."""
_OTHERS = {
    b"7z\xbc\xaf\x27\x1c": "7-Zip", b"Rar!": "RAR", b"\x04\x22\x4d\x18": "LZ4", b"\x1f\x9d": "compress (.Z)",
    b"\x5d\x00\x00": "LZMA", b"MSCF": "a cabinet",
}  # fmt: skip


_T = TypeVar("_T")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def packed(content: bytes) -> bool:
    """Tell whether the bytes are compressed, or an archive. Raises Refused for a kind that is not read."""
    for start, name in _OTHERS.items():
        if content.startswith(start):
            raise Refused(f"The SBOM is packed as {name}, which is not read.", do="Hand it in unpacked.", where="sbom")
    return content.startswith((*_FRAMES, _ZIP, _EMPTY_ZIP)) or content[_TAR_MAGIC] == b"ustar"


def unpack(content: bytes) -> list[tuple[str, bytes]]:
    """Return the files inside that may be SBOMs, each with its name; a compressed file is one without a name.

    Raises Invalid (broken, or nothing inside), Refused (encrypted, packed twice), TooLarge.
    """
    try:
        plain_bytes = _inflated(content)
        if plain_bytes.startswith((_ZIP, _EMPTY_ZIP)):
            files = list(_within(_of_zip(plain_bytes)))
        elif plain_bytes[_TAR_MAGIC] == b"ustar":
            files = list(_within(_of_tar(plain_bytes)))
        elif plain_bytes.startswith(tuple(_FRAMES)):
            raise Refused("The SBOM is packed twice.", do="Unpack it once.", where="sbom")
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
    """Return what a compressed file unpacks to, frame by frame; any other as it is."""
    make = next((make for start, make in _FRAMES.items() if content.startswith(start)), None)
    if make is None:
        return content
    taken, at = bytearray(), 0
    for _ in range(MOST_FRAMES):
        frame = make()
        while not frame.eof:
            piece = content[at : at + _STEP]  # by small steps: the smallest piece can grow by thousands
            if not piece:
                raise EOFError("it is cut off")
            for block in _blocks(frame, piece):
                taken += block
                if len(taken) > MOST_UNPACKED:
                    raise _too_large()
            at += len(piece) - len(frame.unused_data)
        while content[at : at + 1] == b"\0":  # padding
            at += 1
        if at >= len(content):
            return bytes(taken)
    raise TooLarge(f"A compressed file may consist of {MOST_FRAMES:,} pieces.", where="sbom")


def _blocks(frame: Any, piece: bytes) -> Iterator[bytes]:  # noqa: ANN401 (of four libraries)
    if not hasattr(frame, "needs_input"):  # of these, no piece grows to more than 32 MiB
        yield frame.decompress(piece)
        return
    yield frame.decompress(piece, _BLOCK)
    while not (frame.eof or frame.needs_input):
        yield frame.decompress(b"", _BLOCK)


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
                if one.compress_type not in _READABLE:
                    raise NotImplementedError
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
