"""Blocks: what went in comes out in its order, and a device stays in its partition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel import inbox_blocks
from careful.kernel.inbox import Message, Released, Settled
from careful.kernel.inbox_blocks import PARTITIONS, Unreadable

devices = st.text("abc-_9", min_size=1, max_size=4)
messages = st.builds(
    Message, devices, st.sampled_from(["up/t", "event/e"]), st.binary(max_size=40), st.integers(0, 2**50),
    st.integers(0, 65535), st.booleans(),
)  # fmt: skip
entries = st.lists(
    messages | st.builds(Settled, devices) | st.builds(Released, devices, st.integers(0, 65535)), max_size=20
)


@given(entries, st.integers(1, 2**40))
def test_what_went_in_comes_out_in_its_order(given_entries, number):
    block = inbox_blocks.decode(inbox_blocks.encode("w", number, given_entries))
    assert block.entries() == given_entries
    assert (block.writer, block.number) == ("w", number)


@given(st.binary(max_size=60))
def test_what_is_no_block_is_said_to_be_none(data):
    try:
        inbox_blocks.decode(data)
    except Unreadable:
        return


def test_a_device_stays_in_its_partition():
    """These are part of the order that a device is promised: a new version must not move them."""
    assert [inbox_blocks.partition_of(one) for one in ("cam-1-001", "cam-1-002", "x")] == [3, 1, 3]


def test_devices_are_spread():
    counts = [0] * PARTITIONS
    for number in range(8000):
        counts[inbox_blocks.partition_of(f"dev-{number:05d}")] += 1
    assert min(counts) > 500


@pytest.mark.parametrize("entry", [Message("d", "up/t", b"x" * 100, 0), Settled("d")])
def test_the_size_of_an_entry_is_not_underrated(entry):
    many = [entry] * 100
    assert len(inbox_blocks.encode("w", 1, many)) <= sum(map(inbox_blocks.size_of, many)) + 100
