"""The inbox file as a source of blocks: after a place, in order; what was moved stays an hour."""

import queue
from datetime import timedelta

import pytest

from careful.kernel import inbox
from careful.kernel.file_feed import FileFeed
from careful.kernel.inbox import FILE, Message, SqliteInbox, to_micros


@pytest.fixture
def box(tmp_path, clock):
    made = SqliteInbox(tmp_path, clock, days=3650)
    yield made
    made.close()


def put(box, *messages):
    answers = queue.SimpleQueue()
    box.append(messages, answers.put)
    assert answers.get(timeout=20) is None


def test_before_any_gateway_ran_there_is_no_source(tmp_path, clock):
    assert FileFeed(tmp_path, clock).sources() == []


def test_what_comes_after_a_place(box, tmp_path, clock):
    said = [Message(f"d{n % 2}", "up/t", b"%d" % n, n, n + 1, digest=b"x" * n) for n in range(5)]
    put(box, *said)
    feed = FileFeed(tmp_path, clock)
    (source,) = feed.sources()
    ((block,), place) = feed.fetch({source: 0})[source]
    assert block.messages == said
    assert feed.fetch({source: place}) == {}
    assert [one.payload for one in feed.fetch({source: place - 2})[source][0][0].messages] == [b"3", b"4"]


def test_the_source_is_the_file_not_its_place(box, tmp_path, clock):
    (source,) = FileFeed(tmp_path, clock).sources()
    assert FileFeed(tmp_path, clock).sources() == [source]
    box.close()
    (tmp_path / FILE).unlink()
    other = SqliteInbox(tmp_path, clock)
    assert FileFeed(tmp_path, clock).sources() != [source]
    other.close()


def test_what_was_moved_stays_an_hour_and_the_newest_for_its_number(box, tmp_path, clock):
    feed = FileFeed(tmp_path, clock)
    put(box, *[Message("d", "up/t", b"1", to_micros(clock.now())) for _ in range(3)])
    (source,) = feed.sources()
    feed.forget(source, 3)
    assert inbox.count(tmp_path) == 3
    clock.advance(timedelta(hours=2))
    feed.forget(source, 2)
    assert inbox.count(tmp_path) == 1
    feed.forget(source, 3)
    assert inbox.count(tmp_path) == 1
    put(box, Message("d", "up/t", b"2", to_micros(clock.now())))
    assert feed.fetch({source: 3})[source][1] == 4
