"""What is new in a batch: named cases, and the law that what is sent until it is heard is stored once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.customer_data.sifting import RESEND_WITHIN, gaps, new_blocks, sift
from careful.kernel.inbox import Message, Settled
from careful.kernel.inbox_blocks import Block


def say(payload, packet=1, at=100, *, again=False, device="d", topic="up/t", digest=b""):
    return Message(device, topic, payload.encode(), at, packet, again, digest)


def nothing(_messages):
    return []


CASES = {
    "two that look alike are two": ([say("a"), say("a")], [], [], ["a", "a"]),
    "sent again within the batch": ([say("a"), say("a", again=True)], [], [], ["a"]),
    "sent again, and stored before": ([say("a", again=True)], [say("a")], [], []),
    "sent again, and stored an age ago": ([say("a", at=200 + RESEND_WITHIN, again=True)], [say("a")], [], ["a"]),
    "sent again, other words": ([say("b", again=True)], [say("a")], [], ["b"]),
    "sent again, never stored": ([say("a", again=True)], [], [], ["a"]),
    "the same packet of another topic": ([say("a"), say("a", again=True, topic="up/u")], [], [], ["a", "a"]),
    "of another device": ([say("a"), say("a", again=True, device="e")], [], [], ["a", "a"]),
    "sealed, the same words": (
        [say("x", digest=b"1"), say("y", digest=b"1", again=True)], [], [], ["x"],
    ),
    "sealed, other words": ([say("x", digest=b"1"), say("x", digest=b"2", again=True)], [], [], ["x", "x"]),
    "settled in between": ([say("a"), Settled("d"), say("a", again=True)], [], [], ["a", "a"]),
    "settled before, stored before": ([Settled("d"), say("a", again=True)], [say("a")], [], ["a"]),
    "settled by another": ([say("a"), Settled("e"), say("a", again=True)], [], [], ["a"]),
    "the original comes after what was sent again": (
        [say("a", at=50)], [], [say("a", at=100, again=True)], [],
    ),
    "a new one with the packet of what was sent again": (
        [say("a", at=150)], [], [say("a", at=100, again=True)], ["a"],
    ),
    "the original comes later in the batch": ([say("a", at=100, again=True), say("a", at=50)], [], [], ["a"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_cases(case):
    entries, stored, resent, expected = CASES[case]
    found = sift(entries, lambda _: stored, lambda _: resent)
    assert [one.payload.decode() for one in found.messages] == expected


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), max_size=6), st.integers(0, 60))
def test_sent_until_heard_is_stored_once_in_order(count, breaks, cut):
    """A device sends 1, 2, 3 ...; a connection may break at any time; then what was not acknowledged comes again."""
    entries, sent, acked = [], 0, 0
    for stop, heard in [*breaks, (count, count)]:
        for number in range(acked, min(stop, count)):
            entries.append(say(str(number), number + 1, len(entries), again=number < sent))
            sent = max(sent, number + 1)
        acked = max(acked, min(heard, sent))
    first = sift(entries[:cut], nothing, nothing).messages
    newest = {(one.topic, one.packet): one for one in first}
    rest = sift(entries[cut:], lambda _: newest.values(), lambda _: [one for one in first if one.resend]).messages
    assert [int(one.payload) for one in [*first, *rest]] == list(range(count))


def test_settlements_stand_where_they_came():
    found = sift([say("a"), say("b", 2), Settled("d"), say("c", 3), Settled("e")], nothing, nothing)
    assert found.settled == {"d": 2, "e": 3}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 6)), max_size=20), st.integers(0, 4))
def test_a_block_is_new_when_its_number_is_above_its_writers_last(pairs, before):
    blocks = [Block(writer, number, []) for writer, number in pairs]
    found, last = new_blocks(blocks, {"a": before})
    for writer in "ab":
        numbers = [one.number for one in found if one.writer == writer]
        assert numbers == sorted(set(numbers))
        assert all(number > (before if writer == "a" else 0) for number in numbers)
        assert last.get(writer) == (numbers[-1] if numbers else None)


def test_missing_blocks_are_seen():
    blocks = [Block("a", 2, []), Block("b", 1, []), Block("a", 3, []), Block("a", 3, []), Block("b", 4, [])]
    assert gaps(blocks, {"a": 1}) == [("b", 4)]
    assert gaps(blocks, {}) == [("a", 2), ("b", 4)]
