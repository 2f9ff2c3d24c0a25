"""Looking into cpio and tar archives without unpacking them: name and size of each entry, its bytes as they pass.

Both are read front to back, within limits on names, entries and sizes; nothing is ever written under an entry's name.
"""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from careful.kernel.errors import Invalid, TooLarge
from careful.releases.bundles_facts import LONGEST_NAME, MOST_ENTRIES, text

_BLOCK = 1 << 20
_CPIO_HEADER = 110
_CPIO_MAGIC = (b"070701", b"070702")
_TAR_BLOCK = 512
_LONGEST_EXTENSION = 64 << 10
_HEX = frozenset(string.hexdigits.encode())


@dataclass
class Entry:
    """One entry; `blocks` gives its bytes, once, before the next entry is asked for."""

    name: str
    size: int
    stream: BinaryIO
    left: int

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes. Raises Invalid where the archive ends before them."""
        while self.left:
            block = self.stream.read(min(self.left, _BLOCK))
            if not block:
                raise Invalid(f"The bundle ends within {self.name}.", do="Hand in the whole file.", where="image")
            self.left -= len(block)
            yield block

    def read(self, most: int) -> bytes:
        """Return the bytes. Raises TooLarge above `most`."""
        if self.size > most:
            raise TooLarge(f"{self.name} in the bundle has more than {most} bytes.", where="image")
        return b"".join(self.blocks())


def cpio(stream: BinaryIO) -> Iterator[Entry]:
    """Yield the files in a cpio archive (SVR4, with or without checksums), as SWUpdate reads it.

    Raises Invalid for what is none, or names files outside; TooLarge for too many entries.
    """
    at = 0
    for number in range(MOST_ENTRIES + 1):
        header = _exactly(stream, _CPIO_HEADER)
        if header[:6] not in _CPIO_MAGIC or not _HEX.issuperset(header[6:]):
            raise Invalid("The bundle is no cpio archive of the kind that SWUpdate takes.", where="image")
        fields = [int(header[place : place + 8], 16) for place in range(6, _CPIO_HEADER, 8)]
        size, length = fields[6], fields[11]
        if not 1 < length <= LONGEST_NAME + 1:
            raise Invalid("The bundle holds a name that is too long.", where="image")
        name = _exactly(stream, length).rstrip(b"\0").decode("utf-8", "replace")
        at += _CPIO_HEADER + length
        at += _skip(stream, -at % 4)
        if name == "TRAILER!!!":
            return
        if number == MOST_ENTRIES:
            break
        entry = Entry(_inside(name), size, stream, size)
        yield entry
        for _ in entry.blocks():
            pass
        at += size
        at += _skip(stream, -at % 4)
    raise TooLarge(f"The bundle holds more than {MOST_ENTRIES} files.", where="image")


def tar(stream: BinaryIO) -> Iterator[Entry]:
    """Yield the files in a tar archive (ustar, pax or GNU). Raises Invalid and TooLarge, as for cpio."""
    longer = ""
    for _number in range(MOST_ENTRIES * 2):
        header = stream.read(_TAR_BLOCK)
        if len(header) < _TAR_BLOCK or not any(header):
            return
        if _sum(header) != _octal(header[148:156]):
            raise Invalid("The bundle's tar archive is damaged.", where="image")
        kind, size = header[156:157], _octal(header[124:136])
        if kind in b"xgLK":
            if size > _LONGEST_EXTENSION:
                raise TooLarge("The bundle's tar archive has a header that is too long.", where="image")
            said = _exactly(stream, size)
            _skip(stream, -size % _TAR_BLOCK)
            longer = _long_name(kind, said) or longer
            continue
        prefix = header[345:500].split(b"\0")[0] if header[257:262] == b"ustar" and header[263:265] == b"00" else b""
        parts = [part for part in (prefix, header[:100].split(b"\0")[0]) if part]
        name, longer = longer or b"/".join(parts).decode("utf-8", "replace"), ""
        if kind not in b"0\0":
            _skip(stream, size + -size % _TAR_BLOCK if kind not in b"12345" else 0)
            continue
        entry = Entry(_inside(name), size, stream, size)
        yield entry
        for _ in entry.blocks():
            pass
        _skip(stream, -size % _TAR_BLOCK)
    raise TooLarge(f"The bundle holds more than {MOST_ENTRIES} files.", where="image")


def _long_name(kind: bytes, said: bytes) -> str:
    if kind == b"L":
        return said.split(b"\0")[0].decode("utf-8", "replace")
    if kind == b"x":
        for line in said.split(b"\n"):
            key, _, value = line.partition(b" ")[2].partition(b"=")
            if key == b"path":
                return value.decode("utf-8", "replace")
    return ""


def _inside(name: str) -> str:
    """Return a name that stays inside. Raises Invalid."""
    plain = name.removeprefix("./")
    if not plain or len(plain) > LONGEST_NAME or plain.startswith("/") or ".." in plain.split("/") or "\\" in plain:
        raise Invalid(f"The bundle names a file outside of itself: {text(name, 80)!r}.", where="image")
    return text(plain, LONGEST_NAME)


def _octal(field: bytes) -> int:
    if field[:1] in {b"\x80", b"\xff"}:  # GNU's way to write what octal digits cannot; larger than any bundle
        raise TooLarge("The bundle's tar archive holds a file that is too large.", where="image")
    digits = field.strip(b" \0")
    if not digits or set(digits) - set(b"01234567"):
        if digits:
            raise Invalid("The bundle's tar archive is damaged.", where="image")
        return 0
    return int(digits, 8)


def _sum(header: bytes) -> int:
    return sum(header[:148]) + 8 * 32 + sum(header[156:])


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise Invalid("The bundle ends too early.", do="Hand in the whole file.", where="image")
    return found


def _skip(stream: BinaryIO, size: int) -> int:
    left = size
    while left:
        block = stream.read(min(left, _BLOCK))
        if not block:
            raise Invalid("The bundle ends too early.", do="Hand in the whole file.", where="image")
        left -= len(block)
    return size
