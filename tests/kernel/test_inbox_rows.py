"""Reading and taking out of the inbox file, while it is being written; and that what is gone is gone from its bytes."""

import queue
from datetime import timedelta

import pytest

from careful.kernel import inbox, inbox_rows
from careful.kernel.inbox import FILE, Message, SqliteInbox

CANARY = b"canary-5d41402abc4b"


@pytest.fixture
def put(tmp_path, clock):
    """Store messages, each a minute after the one before; the gateway stays open."""
    box = SqliteInbox(tmp_path, clock, days=3650)

    def put(*payloads, device="d1", topic="up/t"):
        for payload in payloads:
            answers = queue.SimpleQueue()
            box.append([Message(device, topic, payload, inbox.to_micros(clock.now()))], answers.put)
            assert answers.get(timeout=20) is None
            clock.advance(timedelta(minutes=1))

    yield put
    box.close()


@pytest.fixture
def rows(tmp_path, put):
    with inbox_rows.opened(tmp_path) as found:
        yield found


def everywhere(home):
    return b"".join(path.read_bytes() for path in sorted(home.glob(f"{FILE}*")))


def test_before_any_gateway_ran_there_is_nothing(tmp_path):
    with inbox_rows.opened(tmp_path) as rows:
        assert rows is None
    assert not (tmp_path / FILE).exists()


def test_reading_by_topic_and_time(put, rows, clock):
    begin = clock.now()
    put(b"0", b"1", b"2")
    put(b"3", topic="event/x")
    put(b"4", device="d2")
    minute = timedelta(minutes=1)
    assert [one.payload for one in rows.read("d1", None, None, None, None, 9)] == [b"3", b"2", b"1", b"0"]
    assert [one.payload for one in rows.read("d1", ["up/t"], begin + minute, begin + 2 * minute, None, 9)] == [b"1"]
    assert [one.payload for one in rows.read("d1", ["up/t"], None, None, None, 2)] == [b"2", b"1"]
    newest = rows.read("d1", None, None, None, None, 1)[0].number
    assert [one.payload for one in rows.read("d1", None, None, None, newest, 2)] == [b"2", b"1"]
    assert {(device, topic): rows.oldest(source) for source, device, topic in rows.sources()} == {
        ("d1", "up/t"): begin, ("d1", "event/x"): begin + 3 * minute, ("d2", "up/t"): begin + 4 * minute,
    }  # fmt: skip


def test_what_is_deleted_leaves_the_file_and_its_log(put, rows, clock, tmp_path):
    put(CANARY, b"young")
    assert CANARY in everywhere(tmp_path)
    assert rows.delete_of("d1", clock.now() - timedelta(seconds=90), 10) == 1
    assert rows.fold()
    assert CANARY not in everywhere(tmp_path)
    assert [one.payload for one in rows.read("d1", None, None, None, None, 9)] == [b"young"]


def test_the_newest_number_is_never_given_twice(put, rows, clock, tmp_path):
    put(CANARY)
    first = rows.read("d1", None, None, None, None, 1)[0].number
    assert rows.delete_of("d1", clock.now(), 10) == 1
    assert rows.fold()
    assert CANARY not in everywhere(tmp_path)
    assert rows.read("d1", None, None, None, None, 9) == []
    assert rows.delete_of("d1", clock.now(), 10) == 0
    put(b"next")
    assert rows.read("d1", None, None, None, None, 1)[0].number > first


def test_few_at_a_time(put, rows, clock):
    put(*[b"x"] * 5)
    counts = [rows.delete_of("d1", clock.now(), 2) for _ in range(4)]
    assert counts == [2, 2, 1, 0]


def test_taking_out_goes_on_where_it_was(put, rows, clock, tmp_path):
    put(CANARY, CANARY, b"plain", CANARY)
    (source, _, _), limit, seen = rows.sources()[0], clock.now() - timedelta(seconds=90), []

    def strip(payload):
        seen.append(payload)
        return payload.replace(CANARY, b"")

    assert [rows.strike(source, "zone", limit, 2, strip) for _ in range(3)] == [2, 1, 0]
    assert seen == [CANARY, CANARY, b"plain"]  # each once
    assert rows.oldest_with(source, "zone", lambda payload: CANARY in payload, 10) == clock.now() - timedelta(minutes=1)
    assert rows.strike(source, "zone", clock.now(), 9, strip) == 1
    assert rows.fold()
    assert CANARY not in everywhere(tmp_path)
    assert len(rows.read("d1", None, None, None, None, 9)) == 4
