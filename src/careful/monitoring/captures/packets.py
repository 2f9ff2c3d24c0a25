"""pcap and pcapng files, read as a stream: the frames with their times, up to the end or to where the file is damaged.

Written here because the libraries that read both are no longer kept, or load the whole file. pcap is described in
draft-ietf-opsawg-pcap, pcapng in draft-ietf-opsawg-pcapng.
"""
# ruff: noqa: PLR2004 (lengths, versions and bits of a wire format, where the standard has them)

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO, NamedTuple

from careful.monitoring.captures.limits import Damaged, Limits, NotRead


class Frame(NamedTuple):
    """One frame as it was on the wire; `size` is its length there, of which `data` may be the beginning."""

    number: int
    at: float
    link: int
    data: bytes
    size: int


_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
MAGICS = frozenset({*_PCAP, _PCAPNG})
_INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 1, 2, 3, 6
_TIME_RESOLUTION, _TIME_OFFSET = 9, 14
_MAX_BLOCK = 16 * 2**20


def frames(stream: BinaryIO, limits: Limits | None = None) -> Iterator[Frame]:
    """Yield the frames of a pcap or pcapng file. Raise Damaged where it cannot be read on, NotRead if it is neither."""
    bounds = limits or Limits()
    source = _Source(stream, bounds)
    magic = source.take(4, "the magic number", may_end=True)
    if magic in _PCAP:
        yield from _pcap(source, *_PCAP[magic], bounds)
    elif magic == _PCAPNG:
        yield from _pcapng(source, bounds)
    else:
        raise NotRead(
            f"This is neither pcap nor pcapng: it begins with {magic.hex() or 'nothing'}.",
            do="Record with: tcpdump -w FILE, dumpcap or Wireshark.",
        )


class _Source:
    """A stream that knows how far it was read, so that an error can name the place."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._read = stream.read
        self._limit = limits.bytes
        self.offset = 0

    def take(self, count: int, what: str, *, may_end: bool = False) -> bytes:
        data = self._read(count)
        if len(data) < count:
            if data or not may_end:
                raise self.damaged(f"{what} ends after {len(data)} of {count} bytes")
            return b""
        self.offset += count
        if self.offset > self._limit:
            raise NotRead(f"The recording is longer than {self._limit:,} bytes.", do="Split it with: editcap -c or -i.")
        return data

    def damaged(self, why: str) -> Damaged:
        return Damaged(
            f"The recording cannot be read on at byte {self.offset:,}: {why}.",
            do="What came before was used. Record it again, or cut the rest off.",
            where=f"byte {self.offset}",
        )


def _pcap(source: _Source, order: str, unit: float, limits: Limits) -> Iterator[Frame]:
    head = Struct(order + "HHiIII").unpack(source.take(20, "the file header"))
    link = head[5] & 0xFFFF  # the upper bits say how long a frame check sequence is
    record = Struct(order + "IIII")
    take, unpack, most = source.take, record.unpack, limits.frame_bytes
    for number in range(1, limits.frames + 1):
        raw = take(16, f"the header of frame {number}", may_end=True)
        if not raw:
            return
        seconds, fraction, kept, size = unpack(raw)
        if kept > most or fraction * unit >= 1 or (size and kept > size):
            raise source.damaged(
                f"frame {number} claims {kept:,} bytes of {size:,}, and fraction {fraction:,} of a second"
            )
        yield Frame(number, seconds + fraction * unit, link, take(kept, f"frame {number}"), size or kept)
    raise NotRead(f"The recording has more than {limits.frames:,} frames.", do="Split it with: editcap -c.")


@dataclass(slots=True)
class _Interface:
    link: int
    unit: float
    offset: int
    kept: int


def _pcapng(source: _Source, limits: Limits) -> Iterator[Frame]:
    order, interfaces, number = "<", list[_Interface](), 0
    pending = _PCAPNG
    while True:
        kind_bytes = pending or source.take(4, "a block's type", may_end=True)
        pending = b""
        if not kind_bytes:
            return
        if kind_bytes == _PCAPNG:
            order, interfaces = _section(source), []
            continue
        kind = Struct(order + "I").unpack(kind_bytes)[0]
        body = _body(source, order)
        if kind == _INTERFACE:
            if len(interfaces) >= limits.interfaces:
                raise source.damaged(f"more than {limits.interfaces:,} interfaces in one section")
            interfaces.append(_interface(source, body, order))
        elif kind in {_ENHANCED, _SIMPLE, _OLD_PACKET}:
            number += 1
            if number > limits.frames:
                raise NotRead(f"The recording has more than {limits.frames:,} frames.", do="Split it with: editcap -c.")
            yield _frame(source, number, kind, body, order, interfaces, limits)


def _section(source: _Source) -> str:
    raw = source.take(8, "a section header")
    order = _ORDERS.get(raw[4:])
    if order is None:
        raise source.damaged(f"a section's byte order is {raw[4:].hex()}")
    length = Struct(order + "I").unpack(raw[:4])[0]
    if not 28 <= length <= _MAX_BLOCK or length % 4:
        raise source.damaged(f"a section header of {length:,} bytes")
    source.take(length - 12, "a section header")
    return order


def _body(source: _Source, order: str) -> bytes:
    word = Struct(order + "I")
    length = word.unpack(source.take(4, "a block's length"))[0]
    if not 12 <= length <= _MAX_BLOCK or length % 4:
        raise source.damaged(f"a block of {length:,} bytes")
    rest = source.take(length - 8, "a block")
    if word.unpack(rest[-4:])[0] != length:
        raise source.damaged("a block's two lengths differ")
    return rest[:-4]


def _interface(source: _Source, body: bytes, order: str) -> _Interface:
    if len(body) < 8:
        raise source.damaged("an interface description of fewer than 8 bytes")
    link, _, kept = Struct(order + "HHI").unpack_from(body)
    found = _Interface(link, 1e-6, 0, kept)
    at, option = 8, Struct(order + "HH")
    while at + 4 <= len(body):
        code, length = option.unpack_from(body, at)
        value = body[at + 4 : at + 4 + length]
        if code == 0:
            break
        if code == _TIME_RESOLUTION and length == 1:
            found.unit = 2.0 ** -(value[0] & 0x7F) if value[0] & 0x80 else 10.0 ** -value[0]
        elif code == _TIME_OFFSET and len(value) == 8:
            found.offset = Struct(order + "q").unpack(value)[0]
        at += 4 + length + -length % 4
    return found


def _frame(
    source: _Source, number: int, kind: int, body: bytes, order: str, interfaces: list[_Interface], limits: Limits
) -> Frame:
    fixed = {_ENHANCED: Struct(order + "IIIII"), _OLD_PACKET: Struct(order + "HHIIII"), _SIMPLE: Struct(order + "I")}
    head = fixed[kind]
    if len(body) < head.size:
        raise source.damaged(f"frame {number} has a block of {len(body)} bytes")
    values = head.unpack_from(body)
    which = 0 if kind == _SIMPLE else values[0]
    if which >= len(interfaces):
        raise source.damaged(f"frame {number} names interface {which}, and {len(interfaces)} are described")
    face = interfaces[which]
    if kind == _SIMPLE:
        size = values[0]
        ticks, kept = 0, min(size, face.kept or size, len(body) - head.size)
    else:
        high, low, kept, size = values[-4:]
        ticks = high << 32 | low
    if kept > limits.frame_bytes or kept > len(body) - head.size:
        raise source.damaged(f"frame {number} claims {kept:,} bytes, its block has {len(body) - head.size:,}")
    data = body[head.size : head.size + kept]
    return Frame(number, ticks * face.unit + face.offset, face.link, data, size or kept)
