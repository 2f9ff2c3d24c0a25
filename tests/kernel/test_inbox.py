"""The inbox: acknowledged means on disk, in order, once; and never more than it should hold."""

import queue
import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careful.kernel import inbox
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Unavailable
from careful.kernel.inbox import FILE, Message, Settled, SqliteInbox

WAIT = 20
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOUR = 3_600_000_000


class Writer:
    """An inbox whose answers can be waited for."""

    def __init__(self, home, clock, **options):
        self.home, self.clock = home, clock
        self.inbox = SqliteInbox(home, clock, **options)

    def now(self):
        return int(self.clock.now().timestamp() * 1_000_000)

    def say(self, payload=b"1", *, device="d1", topic="up/t", packet=0, resend=False, later=0, digest=b""):
        return Message(device, topic, payload, self.now() + later, packet, resend, digest)

    def put(self, *entries):
        """Append a block, and return what it was answered."""
        answers = queue.SimpleQueue()
        self.inbox.append(entries, answers.put)
        return answers.get(timeout=WAIT)

    def payloads(self, device="d1"):
        return [one.payload for one in reversed(inbox.recent(self.home, device))]


@pytest.fixture
def writer(tmp_path, clock):
    made = Writer(tmp_path, clock)
    yield made
    made.inbox.close()


def test_what_was_answered_is_on_disk(writer, clock):
    assert writer.put(writer.say(b"1"), writer.say(b"2", device="d2", topic="event/offline")) is None
    found = inbox.latest(writer.home, "d1", "t")
    assert (found.device, found.topic, found.payload, found.at) == ("d1", "up/t", b"1", clock.now())
    assert inbox.latest(writer.home, "d2", "t") is None
    assert [one.topic for one in inbox.recent(writer.home, "d2")] == ["event/offline"]
    assert (inbox.count(writer.home), inbox.count(writer.home, "d2")) == (2, 1)


def test_before_any_gateway_ran_there_is_nothing(tmp_path):
    assert inbox.count(tmp_path) == 0
    assert inbox.recent(tmp_path, "d1") == []
    assert not (tmp_path / FILE).exists()


def test_numbers_grow_in_the_order_of_arrival(writer):
    for n in range(20):
        writer.put(writer.say(bytes([n]), device=f"d{n % 3}"))
    for device in ("d0", "d1", "d2"):
        numbers = [one.number for one in inbox.recent(writer.home, device)]
        assert numbers == sorted(numbers, reverse=True)


RESENDS = [
    pytest.param({}, 1, id="a resend is stored once"),
    pytest.param({"payload": b"2"}, 2, id="another payload is another message"),
    pytest.param({"packet": 8}, 2, id="another packet identifier is another message"),
    pytest.param({"topic": "up/u"}, 2, id="another topic is another message"),
    pytest.param({"device": "d2"}, 2, id="another device is another message"),
    pytest.param({"resend": False}, 2, id="the same again without DUP is a new reading"),
    pytest.param({"later": HOUR + 1}, 2, id="after an hour it is a new reading"),
    pytest.param({"first": b"d", "payload": b"2", "digest": b"d"}, 1, id="sealed anew, the same by its digest"),
    pytest.param({"first": b"d", "digest": b"e"}, 2, id="another digest is another message"),
    pytest.param({"first": b"d"}, 2, id="sealed before, and in the clear now"),
]


@pytest.mark.parametrize("together", [pytest.param(True, id="one block"), pytest.param(False, id="two blocks")])
@pytest.mark.parametrize(("changed", "stored"), RESENDS)
def test_resends(writer, changed, stored, together):
    changed = dict(changed)
    first = writer.say(packet=7, digest=changed.pop("first", b""))
    second = writer.say(**{"packet": 7, "resend": True} | changed)
    if together:
        assert writer.put(first, second) is None
    else:
        assert (writer.put(first), writer.put(second)) == (None, None)
    assert inbox.count(writer.home) == stored


def test_a_file_from_before_there_were_digests_is_brought_to_form(tmp_path, clock):
    old = sqlite3.connect(tmp_path / FILE)
    old.executescript(inbox.TABLES.replace(",\n    digest BLOB NOT NULL DEFAULT x''", ""))
    old.execute("INSERT INTO source VALUES (1, 'd1', 'up/t')")
    old.execute("INSERT INTO message VALUES (1, 1, 7, ?, ?)", (inbox.to_micros(clock.now()), b"1"))
    old.commit()
    old.close()
    writer = Writer(tmp_path, clock)
    assert writer.put(writer.say(packet=7, resend=True), writer.say(b"2", packet=8, digest=b"d")) is None
    writer.inbox.close()
    assert writer.payloads() == [b"1", b"2"]


def test_a_resend_that_was_never_stored_is_stored(writer):
    writer.put(writer.say(packet=7, resend=True))
    assert inbox.count(writer.home) == 1


def test_an_identifier_used_again_ends_what_it_meant_before(writer):
    writer.put(writer.say(b"on", packet=1), writer.say(b"off", packet=1))
    writer.put(writer.say(b"on", packet=1, resend=True))
    assert writer.payloads() == [b"on", b"off", b"on"]


def test_after_a_good_leave_a_resend_is_a_new_message(writer):
    writer.put(writer.say(b"on", packet=1))
    writer.put(Settled("d1"))
    writer.put(writer.say(b"on", packet=1, resend=True))
    writer.put(writer.say(b"on", packet=1, resend=True))
    assert writer.payloads() == [b"on", b"on"]


def test_another_devices_leave_settles_nothing_here(writer):
    writer.put(writer.say(b"on", packet=1), Settled("d2"))
    writer.put(writer.say(b"on", packet=1, resend=True))
    assert writer.payloads() == [b"on"]


@settings(deadline=None, max_examples=30)  # it writes to a disk
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.booleans()), max_size=12))
def test_nothing_that_was_sent_is_ever_missing(tmp_path_factory, said):
    """Whatever is resent, every payload that was acknowledged is there at least once."""
    writer = Writer(tmp_path_factory.mktemp("inbox"), ManualClock(START))
    try:
        for payload, packet, resend in said:
            writer.put(writer.say(payload.encode(), packet=packet, resend=resend))
        kept = writer.payloads()
    finally:
        writer.inbox.close()
    assert set(kept) == {payload.encode() for payload, _, _ in said}
    assert len(kept) >= sum(not resend for _, _, resend in said)


def test_many_blocks_share_a_commit(tmp_path, clock):
    """While one commit is under way everything that arrives waits for the next one, and all of it goes in at once."""
    writer = Writer(tmp_path, clock, seconds=0.2)
    blocker = sqlite3.connect(tmp_path / FILE, isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    answers = queue.SimpleQueue()
    for n in range(50):
        writer.inbox.append([writer.say(bytes([n]))], answers.put)
    blocker.execute("ROLLBACK")
    assert [answers.get(timeout=WAIT) for _ in range(50)] == [None] * 50
    blocker.close()
    writer.inbox.close()
    assert writer.payloads() == [bytes([n]) for n in range(50)]


def test_a_failed_commit_is_said_and_the_next_one_works(writer):
    writer.inbox._home = writer.home / "missing"
    writer.inbox._connection = None  # it must open the file anew, and cannot
    refused = writer.put(writer.say(b"1"))
    assert isinstance(refused, Unavailable)
    writer.inbox._home = writer.home
    assert writer.put(writer.say(b"2")) is None
    assert writer.payloads() == [b"2"]


def test_a_full_disk_is_named_and_nothing_of_the_group_is_kept(writer):
    writer.put(writer.say(b"before"))
    pages = writer.inbox._connection.execute("PRAGMA page_count").fetchone()[0]
    writer.inbox._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    refused = writer.put(*[writer.say(bytes(4000)) for _ in range(20)])
    assert isinstance(refused, Unavailable)
    assert "disk is full" in refused.what
    assert writer.payloads() == [b"before"]
    assert writer.put(writer.say(b"after")) is None


def test_what_does_not_fit_in_memory_is_refused_at_once(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(inbox, "WAITING_BYTES", 10)
    writer = Writer(tmp_path, clock)
    blocker = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    answers = queue.SimpleQueue()
    writer.inbox.append([writer.say(b"12345678")], answers.put)
    with pytest.raises(Unavailable, match="does not keep up"):
        writer.inbox.append([writer.say(b"123")], answers.put)
    blocker.close()
    assert answers.get(timeout=WAIT) is None
    assert writer.put(writer.say(b"123")) is None
    writer.inbox.close()


def test_closing_commits_what_was_taken_and_takes_no_more(tmp_path, clock):
    writer = Writer(tmp_path, clock, seconds=5.0)
    answers = queue.SimpleQueue()
    writer.inbox.append([writer.say(b"1")], answers.put)
    writer.inbox.close()
    writer.inbox.close()
    assert answers.get(timeout=WAIT) is None
    assert writer.payloads() == [b"1"]
    with pytest.raises(Unavailable, match="closed"):
        writer.inbox.append([writer.say(b"2")], answers.put)


def test_what_is_past_its_days_goes(tmp_path, clock):
    writer = Writer(tmp_path, clock, days=30)
    writer.put(writer.say(b"old"))
    clock.advance(timedelta(days=29))
    writer.put(writer.say(b"young"))
    writer.inbox.close()
    clock.advance(timedelta(days=2))
    later = Writer(tmp_path, clock, days=30)
    later.put(later.say(b"new"))  # the sweep at the start is done before the inbox is closed
    later.inbox.close()
    assert later.payloads() == [b"young", b"new"]


def test_what_is_too_many_goes_oldest_first(tmp_path, clock):
    writer = Writer(tmp_path, clock)
    writer.put(*[writer.say(bytes([n])) for n in range(10)])
    writer.inbox.close()
    later = Writer(tmp_path, clock, rows=4)
    later.inbox.close()
    assert later.payloads() == [bytes([n]) for n in range(6, 10)]


def test_a_sweep_that_fails_ends_nothing(tmp_path):
    """A clock so early that thirty days before it do not exist."""
    writer = Writer(tmp_path, ManualClock(datetime(1, 1, 2, tzinfo=UTC)))
    answer = queue.SimpleQueue()
    writer.inbox.append([Message("d1", "up/t", b"1", 0)], answer.put)
    assert answer.get(timeout=WAIT) is None
    writer.inbox.close()


def test_callbacks_come_from_the_writing_thread(writer):
    names = queue.SimpleQueue()
    writer.inbox.append([writer.say()], lambda _: names.put(threading.current_thread().name))
    assert names.get(timeout=WAIT) == "inbox"
