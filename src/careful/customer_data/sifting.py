"""Which messages of a batch are new. Pure.

A batch is what came from one source, in its order. A copy is left out: a block that was there before (its writer's
numbers grow), a message sent again that is there already, and an original that arrives after what was sent again in its
place (its gateway was slow, the device had moved to another one meanwhile).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from careful.kernel.inbox import Message, Settled
from careful.kernel.inbox_blocks import Block

RESEND_WITHIN = 3_600_000_000
"""Microseconds within which a message sent again can be the same."""

Key = tuple[str, str, int]
LookUp = Callable[[Collection[Message]], Iterable[Message]]


@dataclass(slots=True)
class Sifted:
    """What is new: messages in order, and after how many of them a device settled all that it had sent."""

    messages: list[Message] = field(default_factory=list)
    settled: dict[str, int] = field(default_factory=dict)


def new_blocks(blocks: Sequence[Block], last: Mapping[str, int]) -> tuple[list[Block], dict[str, int]]:
    """Return the blocks that were not there before, and the last number of each writer after them."""
    reached = dict(last)
    found: list[Block] = []
    for block in blocks:
        if block.number > reached.get(block.writer, 0):
            reached[block.writer] = block.number
            found.append(block)
    return found, {one: number for one, number in reached.items() if number != last.get(one)}


def gaps(blocks: Sequence[Block], last: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return writer and number of each block before which others of its writer are missing."""
    reached = dict(last)
    found: list[tuple[str, int]] = []
    for block in blocks:
        before = reached.get(block.writer, 0)
        if block.number > before + 1:
            found.append((block.writer, block.number))
        reached[block.writer] = max(before, block.number)
    return found


def sift(entries: Sequence[Message | Settled], stored: LookUp, resent: LookUp) -> Sifted:
    """Return what is new of `entries`.

    `stored` finds, for messages sent again, the newest one like each that is stored and not settled; `resent` finds
    what the devices of a batch sent again lately.
    """
    again = [one for one in entries if type(one) is Message and one.resend]
    before = {_key(one): one for one in stored(again)} if again else {}
    late = {_key(one): one for one in resent([one for one in entries if type(one) is Message])}
    sifted = Sifted()
    here: dict[Key, tuple[Message, int]] = {}
    for one in entries:
        if isinstance(one, Settled):
            sifted.settled[one.device] = len(sifted.messages)
            continue
        key = _key(one)
        known, place = here.get(key, (None, 0))
        if one.resend:
            if known is not None and place < sifted.settled.get(one.device, 0):
                known = None
            if known is None and one.device not in sifted.settled:
                known = before.get(key)
            if known is not None and same(one, known) and one.at - known.at <= RESEND_WITHIN:
                continue
        else:
            known = known if known is not None and known.resend else late.get(key)
            if known is not None and one.at < known.at and same(one, known):
                continue
        here[key] = one, len(sifted.messages)
        sifted.messages.append(one)
    return sifted


def same(one: Message, other: Message) -> bool:
    """Tell whether two messages of one topic and packet identifier say the same."""
    return one.digest == other.digest and (bool(one.digest) or one.payload == other.payload)


def _key(one: Message) -> Key:
    return one.device, one.topic, one.packet
