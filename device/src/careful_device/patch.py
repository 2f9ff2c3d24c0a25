"""Applying a delta in one pass, in bounded memory: detools' sequential format, packed by lzma.

    header        one byte (0x01: sequential, lzma), then the length of the result
    packed part   data format (none: 0); then, until the result is whole:
                  length and bytes to add to the source's, length and bytes of its own, step in the source

Numbers are signed: six bits and a sign in the first byte, seven in each that follows. The patch is believed to be what
was signed; all the same, no number in it can make this read outside the source, write more than the result may have,
or use more than about 16 MB beside the interpreter.
"""

import lzma
from typing import BinaryIO

from careful_device.errors import AgentError

MEMORY = 16 << 20
"""What unpacking may use. A patch that was packed with a larger dictionary is not one of ours."""
_SEQUENTIAL_LZMA = 0x01
_PIECE = 64 << 10
_MORE, _SIGN, _FIRST, _REST = 0x80, 0x40, 0x3F, 0x7F
_LONGEST_NUMBER = 9


class PatchError(AgentError):
    """The patch is not what it should be, or does not fit the source."""


class PatchTooLarge(PatchError):
    """Unpacking the patch takes more memory than there is, or than it may use."""


def apply(source: BinaryIO, patch: BinaryIO, out: BinaryIO, length: int) -> None:
    """Write the result, which must have `length` bytes, to `out`. Raises PatchError."""
    header = patch.read(1)
    if not header or header[0] != _SEQUENTIAL_LZMA:
        raise PatchError("The delta is in a format that this agent does not take.")
    if _number(_Plain(patch)) != length:
        raise PatchError("The delta leads to an image of another length.")
    packed = _Packed(patch)
    if _number(packed) != 0:
        raise PatchError("The delta is in a data format that this agent does not take.")
    written = 0
    while written < length:
        written += _add(source, packed, out, length - written)
        written += _copy(packed, out, length - written)
        step = _number(packed)
        if source.tell() + step < 0:
            raise PatchError("The delta leads outside of the image in use.")
        source.seek(step, 1)
    if not packed.ended():
        raise PatchError("The delta goes on after its end.")


def _add(source: BinaryIO, packed: "_Packed", out: BinaryIO, most: int) -> int:
    """Write bytes that are the source's plus the patch's; return how many."""
    size = left = _length(packed, most)
    while left:
        change = packed.read(min(left, _PIECE))
        old = source.read(len(change))
        if len(old) != len(change):
            raise PatchError("The delta leads outside of the image in use.")
        out.write(old if not any(change) else add_bytes(old, change))
        left -= len(change)
    return size


def _copy(packed: "_Packed", out: BinaryIO, most: int) -> int:
    """Write bytes that are the patch's own; return how many."""
    size = left = _length(packed, most)
    while left:
        piece = packed.read(min(left, _PIECE))
        out.write(piece)
        left -= len(piece)
    return size


def add_bytes(one: bytes, other: bytes) -> bytes:
    """Add byte by byte, modulo 256: as two large numbers whose upper bits are kept apart, which Python does quickly."""
    size = len(one)
    low = int.from_bytes(b"\x7f" * size, "little")
    first, second = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    total = ((first & low) + (second & low)) ^ ((first ^ second) & ~low)
    return total.to_bytes(size, "little")


class _Plain:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        return self._stream.read(size)


class _Packed:
    """The packed part, unpacked as it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._unpacker = lzma.LZMADecompressor(format=lzma.FORMAT_ALONE, memlimit=MEMORY)

    def read(self, size: int) -> bytes:
        """Return exactly `size` bytes. Raises PatchError."""
        found = b""
        while len(found) < size:
            if self._unpacker.eof:
                raise PatchError("The delta ends too early.")
            fresh = self._stream.read(_PIECE) if self._unpacker.needs_input else b""
            if not fresh and self._unpacker.needs_input:
                raise PatchError("The delta ends too early.")
            try:
                found += self._unpacker.decompress(fresh, size - len(found))
            except MemoryError as short:
                raise PatchTooLarge("There is no memory to unpack the delta.") from short
            except lzma.LZMAError as broken:
                # liblzma's words for LZMA_MEMLIMIT_ERROR; Python has no exception of its own for it.
                kind = PatchTooLarge if "Memory usage limit" in str(broken) else PatchError
                raise kind(f"The delta cannot be unpacked: {broken}.") from broken
        return found

    def ended(self) -> bool:
        """Tell whether nothing follows."""
        try:
            while not self._unpacker.eof:
                fresh = self._stream.read(_PIECE) if self._unpacker.needs_input else b""
                if self._unpacker.decompress(fresh, 1) or (not fresh and self._unpacker.needs_input):
                    return False
        except (lzma.LZMAError, EOFError):
            return False
        return not self._unpacker.unused_data and not self._stream.read(1)


def _length(packed: _Packed, most: int) -> int:
    size = _number(packed)
    if not 0 <= size <= most:
        raise PatchError("The delta leads to a longer image than was signed.")
    return size


def _number(stream: "_Plain | _Packed") -> int:
    byte = _byte(stream)
    negative, value, shift = byte & _SIGN, byte & _FIRST, 6
    for _ in range(_LONGEST_NUMBER):
        if not byte & _MORE:
            return -value if negative else value
        byte = _byte(stream)
        value |= (byte & _REST) << shift
        shift += 7
    raise PatchError("The delta holds a number that is too long.")


def _byte(stream: "_Plain | _Packed") -> int:
    found = stream.read(1)
    if not found:
        raise PatchError("The delta ends too early.")
    return found[0]
