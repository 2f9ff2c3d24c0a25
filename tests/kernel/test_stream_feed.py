"""Blocks out of a real cluster: from the place that the reader names, in order, purged when they were moved."""

import queue

import pytest

from careful.kernel import stream_feed
from careful.kernel.errors import Unavailable
from careful.kernel.inbox import Message, Released
from careful.kernel.inbox_blocks import PARTITIONS, partition_of
from careful.kernel.inbox_jetstream import JetStreamInbox
from careful.kernel.jetstream import STREAM, SUBJECT
from careful.kernel.stream_feed import BLOCKS_AT_ONCE, StreamFeed

SOURCE = f"stream/{partition_of('d')}"


@pytest.fixture
def box(nats, stream_settings):
    made = JetStreamInbox(stream_settings)
    yield made
    made.close()


@pytest.fixture
def feed(box, stream_settings):
    made = StreamFeed(stream_settings)
    yield made
    made.close()


def put(box, *payloads):
    answers = queue.SimpleQueue()
    for payload in payloads:
        box.append([Message("d", "up/t", payload, 1, 1)], answers.put)
        assert answers.get(timeout=20) is None


def said(found):
    return [one.payload for block in found[SOURCE][0] for one in block.messages] if found else []


def test_from_a_place_on_and_again_when_the_reader_did_not_get_on(box, feed):
    assert feed.fetch({SOURCE: 0}) == {}
    put(box, b"1", b"2", b"3")
    first = feed.fetch({SOURCE: 0})
    assert said(first) == [b"1", b"2", b"3"]
    put(box, b"4")
    assert said(feed.fetch({SOURCE: first[SOURCE][1]})) == [b"4"]
    assert said(feed.fetch({SOURCE: first[SOURCE][1]})) == [b"4"]  # its transaction failed
    assert said(feed.fetch({SOURCE: 0})) == [b"1", b"2", b"3", b"4"]


def test_no_more_than_it_should_at_once(box, feed):
    answers = queue.SimpleQueue()
    for n in range(PARTITIONS * 20):
        box.append([Message(f"d{n}", "up/t", b"x", n)], answers.put)
    assert all(answers.get(timeout=20) is None for _ in range(PARTITIONS * 20))
    found = feed.fetch(dict.fromkeys(feed.sources(), 0))
    assert 1 <= max(len(blocks) for blocks, _ in found.values()) <= BLOCKS_AT_ONCE
    assert sum(len(block.messages) for blocks, _ in found.values() for block in blocks) == PARTITIONS * 20


def test_what_was_moved_is_purged_for_this_source_alone(box, feed, monkeypatch):
    put(box, b"1", b"2")
    other = next(f"d{n}" for n in range(100) if partition_of(f"d{n}") != partition_of("d"))
    answers = queue.SimpleQueue()
    box.append([Message(other, "up/t", b"x", 1)], answers.put)
    assert answers.get(timeout=20) is None
    place = feed.fetch({SOURCE: 0})[SOURCE][1]
    feed.forget(SOURCE, place)
    put(box, b"3")
    feed.forget(SOURCE, place + 9)  # too soon after the last time
    link = box._link
    assert link.call(link.stream.stream_info(STREAM)).state.messages == 2
    assert said(feed.fetch({SOURCE: 0})) == [b"3"]
    monkeypatch.setattr(stream_feed, "_PURGE_SECONDS", 0.0)
    feed.fetch({})  # nothing comes after it, and it goes all the same
    assert link.call(link.stream.stream_info(STREAM)).state.messages == 1


def test_what_is_no_block_is_passed_over(box, feed):
    link = box._link
    link.call(link.stream.publish(f"{SUBJECT}.{SOURCE.partition('/')[2]}", b"nonsense"))
    put(box, b"1")
    assert said(feed.fetch({SOURCE: 0})) == [b"1"]


def test_a_cluster_that_is_gone_is_unavailable(stream_settings, monkeypatch):
    monkeypatch.setattr("careful.kernel.jetstream._CONNECT_SECONDS", 0.5)
    feed = StreamFeed(stream_settings.model_copy(update={"inbox": "tls://127.0.0.1:1"}))
    with pytest.raises(Unavailable):
        feed.fetch({SOURCE: 0})
    feed.close()
    assert stream_feed.StreamFeed(stream_settings).sources()


def test_what_is_to_be_stored_once_says_so_all_the_way(box, feed):
    """Also a block that holds nothing but the word that a packet identifier is free."""
    given = [
        Message("d", "up/t", b"1", 1, 7, exactly=True),
        Released("d", 7),
        Message("d", "up/t", b"2", 2, record=b"x"),
    ]
    answers = queue.SimpleQueue()
    for one in given:
        box.append([one], answers.put)
        assert answers.get(timeout=20) is None
    blocks, _ = feed.fetch({SOURCE: 0})[SOURCE]
    assert [entry for block in blocks for entry in block.entries()] == given
