import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careful_device.backlog import Backlog


@pytest.fixture
def backlog(tmp_path):
    made = Backlog(tmp_path / "backlog.db", 5, 1000)
    yield made
    made.close()


def payloads(backlog):
    return [waiting.payload for waiting in backlog.after(0, 100)]


def test_first_in_first_out(backlog):
    for number in range(3):
        backlog.add("t", b"%d" % number)
    first = backlog.after(0, 1)[0]
    assert (first.topic, first.payload) == ("t", b"0")
    backlog.taken(first.id)
    assert payloads(backlog) == [b"1", b"2"]
    assert [one.payload for one in backlog.after(backlog.after(0, 1)[0].id, 9)] == [b"2"]


def test_the_oldest_goes_when_there_are_too_many_and_is_counted(backlog):
    for number in range(8):
        backlog.add("t", b"%d" % number)
    assert payloads(backlog) == [b"3", b"4", b"5", b"6", b"7"]
    assert backlog.counts() == {"waiting": 5, "bytes": 10, "full": 3, "refused": 0}


def test_the_oldest_goes_when_there_are_too_many_bytes(backlog):
    for letter in b"abc":
        backlog.add("t", bytes([letter]) * 400)
    assert [payload[:1] for payload in payloads(backlog)] == [b"b", b"c"]


def test_a_message_that_fits_nowhere_is_dropped_and_counted(backlog):
    backlog.add("t", b"x" * 2000)
    assert backlog.counts() == {"waiting": 0, "bytes": 0, "full": 1, "refused": 0}


def test_all_of_it_is_there_after_a_restart(tmp_path):
    first = Backlog(tmp_path / "b.db", 5, 1000)
    for number in range(7):
        first.add("t", b"%d" % number)
    first.refused(first.after(0, 1)[0].id)
    first.close()
    second = Backlog(tmp_path / "b.db", 5, 1000)
    assert payloads(second) == [b"3", b"4", b"5", b"6"]
    assert second.counts() == {"waiting": 4, "bytes": 8, "full": 2, "refused": 1}
    second.close()


def test_tries_are_counted(backlog):
    backlog.add("t", b"x")
    number = backlog.after(0, 1)[0].id
    assert [backlog.tried(number), backlog.tried(number)] == [1, 2]
    assert backlog.tried(999) == 0


def test_a_damaged_file_does_not_keep_the_device_mute(tmp_path):
    (tmp_path / "b.db").write_bytes(b"no database" * 1000)
    backlog = Backlog(tmp_path / "b.db", 5, 1000)
    backlog.add("t", b"x")
    assert payloads(backlog) == [b"x"]
    backlog.close()


def test_it_is_a_plain_sqlite_file(tmp_path, backlog):
    backlog.add("t", b"x")
    with sqlite3.connect(tmp_path / "backlog.db") as other:
        assert other.execute("SELECT count(*) FROM message").fetchone() == (1,)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 300), st.none()), max_size=40))
def test_its_counts_are_always_true_and_within_bounds(tmp_path_factory, steps):
    backlog = Backlog(tmp_path_factory.mktemp("b") / "b.db", 5, 500)
    for step in steps:
        if step is None:
            for waiting in backlog.after(0, 1):
                backlog.taken(waiting.id)
        else:
            backlog.add("töpic", b"x" * step)
    held = backlog.after(0, 100)
    counts = backlog.counts()
    assert counts["waiting"] == len(held) <= 5
    assert counts["bytes"] == sum(len(one.payload) + len(one.topic.encode()) for one in held) <= 500
    backlog.close()
