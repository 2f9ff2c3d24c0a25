"""Blocks of messages as they travel through a stream: which partition a device belongs to, and a block as bytes. Pure.

A block is of one partition and one writer (a gateway process since it started), and each writer numbers the blocks of
each partition from 1. So who reads them in the order of the stream can tell a copy, or one that was given up on and
came after all, from what is new: its number is not above the last one of its writer.
"""

from collections.abc import Sequence
from zlib import crc32

import msgspec
from msgspec import Struct

from careful.kernel.inbox import Entry, Message, Released, Settled

PARTITIONS = 8
"""Fixed: a device stays in its partition, and so in its order, whatever gateways and workers come and go."""
BLOCK_BYTES = 512 * 1024
"""Payload bytes after which a block ends; a server of NATS takes messages of 1 MiB by default."""
BLOCK_MESSAGES = 2048
_SETTLED = -1
_OVERHEAD = 160  # bytes of a message beside its payload, at most, but for its topic


class Block(Struct, frozen=True):
    """What one writer took for one partition.

    `marks`: before which of the messages a device settled (-1), or released a packet identifier.
    """

    writer: str
    number: int
    messages: list[Message]
    marks: list[tuple[int, str, int]] = []

    def entries(self) -> list[Entry]:
        """Return messages and settlements in the order in which they came."""
        found: list[Entry] = list(self.messages)
        for place, device, packet in reversed(self.marks):
            found.insert(place, Settled(device) if packet == _SETTLED else Released(device, packet))
        return found


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Block).decode


class Unreadable(Exception):
    """These bytes are no block."""


def partition_of(device: str) -> int:
    """Return the partition of a device, the same in every process."""
    return crc32(device.encode()) % PARTITIONS


def encode(writer: str, number: int, entries: Sequence[Entry]) -> bytes:
    """Write a block."""
    messages: list[Message] = []
    marks: list[tuple[int, str, int]] = []
    for one in entries:
        if isinstance(one, Message):
            messages.append(one)
        else:
            marks.append((len(messages), one.device, _SETTLED if isinstance(one, Settled) else one.packet))
    return _encode(Block(writer, number, messages, marks))


def decode(data: bytes) -> Block:
    """Read a block. Raises Unreadable."""
    try:
        return _decode(data)
    except msgspec.DecodeError as wrong:
        raise Unreadable(str(wrong)) from wrong


def size_of(entry: Entry) -> int:
    """Return about how many bytes an entry takes in a block."""
    return _OVERHEAD + len(entry.topic) + len(entry.payload) if isinstance(entry, Message) else _OVERHEAD
