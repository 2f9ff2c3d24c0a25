"""What is stored once: under a packet identifier of QoS 2 until it is released, under a record's name for good."""

import threading
from datetime import timedelta

import pytest
from msgspec.structs import replace

from careful.kernel import inbox
from careful.kernel.inbox import Message, Released, SqliteInbox


def store(home, clock, *entries):
    """Store in an inbox of its own, as after a restart."""
    opened, done = SqliteInbox(home, clock), threading.Event()
    now = int(clock.now().timestamp() * 1e6)
    timed = [replace(one, at=now + one.at) if isinstance(one, Message) else one for one in entries]
    opened.append(timed, lambda failure: done.set() if failure is None else None)
    opened.close()
    assert done.is_set()


def kept(home):
    return sorted(int(one.payload) for one in inbox.recent(home, "a", limit=100))


@pytest.fixture
def home(tmp_path):
    return tmp_path


def exactly(number, packet, resend=False):
    return Message("a", "up/t", b"%d" % number, number, packet, resend, exactly=True)


def test_a_packet_identifier_stands_for_one_message_until_it_is_released(home, clock):
    store(home, clock, exactly(1, 7), exactly(2, 8))
    store(home, clock, exactly(1, 7, resend=True), exactly(3, 7))
    assert kept(home) == [1, 2]
    store(home, clock, Released("a", 7), exactly(4, 7), exactly(5, 8), exactly(6, 7))
    assert kept(home) == [1, 2, 4]


def test_a_new_session_has_all_identifiers_free(home, clock):
    store(home, clock, exactly(1, 7), exactly(2, 8), Released("a"), exactly(3, 7), exactly(4, 8))
    assert kept(home) == [1, 2, 3, 4]


def test_identifiers_are_each_devices_own(home, clock):
    store(home, clock, exactly(1, 7), Message("b", "up/t", b"2", 2, 7, exactly=True), Released("b"))
    store(home, clock, exactly(3, 7))
    assert kept(home) == [1]
    assert inbox.count(home, "b") == 1


def test_a_record_is_stored_once_under_its_name(home, clock):
    def named(number, name, topic="up/t"):
        return Message("a", topic, b"%d" % number, number, record=name)

    store(home, clock, named(1, b"x"), named(2, b"y"), named(3, b"x"))
    store(home, clock, named(4, b"y"), named(5, b"x", topic="up/u"))
    assert kept(home) == [1, 2, 5]


def test_names_are_forgotten_with_the_messages(home, clock):
    store(home, clock, Message("a", "up/t", b"1", 0, record=b"x"))
    clock.advance(timedelta(days=31))
    store(home, clock, Message("a", "up/t", b"2", 0))  # and sweeps
    store(home, clock, Message("a", "up/t", b"3", 0, record=b"x"))
    assert 3 in kept(home)
