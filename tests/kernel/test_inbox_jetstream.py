"""The inbox in a real cluster of three: acknowledged means kept, in order, once, whatever server dies."""

import queue
import threading

import pytest

from careful.kernel import inbox_jetstream
from careful.kernel.errors import Unavailable
from careful.kernel.inbox import Message, Settled
from careful.kernel.inbox_blocks import BLOCK_BYTES, decode, partition_of
from careful.kernel.inbox_jetstream import JetStreamInbox, _pieces
from careful.kernel.jetstream import STREAM

WAIT = 30


def say(device, number, size=20):
    return Message(device, "up/t", b"%d" % number + b" " * size, number, number % 65535 + 1)


def put(inbox, *entries):
    answers = queue.SimpleQueue()
    inbox.append(entries, answers.put)
    return answers.get(timeout=WAIT)


def kept(inbox):
    """Return all blocks of the stream, in its order."""
    link = inbox._link
    last = link.call(link.stream.stream_info(STREAM)).state.last_seq
    return [decode(link.call(link.stream.get_msg(STREAM, seq)).data) for seq in range(1, last + 1)]


@pytest.fixture
def inbox(nats, stream_settings):
    made = JetStreamInbox(stream_settings)
    yield made
    made.close()


def test_what_is_acknowledged_is_kept_in_order(inbox):
    entries = [say(f"d{n % 7}", n) for n in range(100)] + [Settled("d1")]
    assert put(inbox, *entries) is None
    found = [one for block in kept(inbox) for one in block.entries()]
    assert len(found) == len(entries)
    for device in {one.device for one in entries}:
        assert [one for one in found if one.device == device] == [one for one in entries if one.device == device]


def test_blocks_are_of_one_partition_and_numbered(inbox):
    for n in range(5):
        put(inbox, *[say(f"d{k}", n) for k in range(20)])
    numbers = {}
    for block in kept(inbox):
        (place,) = {partition_of(one.device) for one in block.messages}
        assert block.writer == inbox.writer
        assert block.number == numbers.get(place, 0) + 1
        numbers[place] = block.number


def test_blocks_are_cut_to_what_a_server_takes():
    part = [say("d", n, 60_000) for n in range(40)]
    pieces = _pieces(part)
    assert [one for piece in pieces for one in piece] == part
    assert all(sum(len(one.payload) for one in piece) <= BLOCK_BYTES for piece in pieces)


def test_large_messages_arrive(inbox):
    assert put(inbox, *[say("d", n, 60_000) for n in range(20)]) is None
    assert sum(len(block.messages) for block in kept(inbox)) == 20


def test_a_server_that_is_killed_loses_nothing_and_doubles_nothing(inbox, nats):
    """Blocks under way when the server dies are sent again, and the cluster knows them by their id."""
    answers, killed = queue.SimpleQueue(), 60
    leader = inbox._link.call(inbox._link.stream.stream_info(STREAM)).cluster.leader
    for n in range(120):
        inbox.append([say(f"d{k}", n) for k in range(10)], answers.put)
        if n == killed:
            nats.kill(int(leader.removeprefix("n")))
        threading.Event().wait(0.002)
    try:
        assert [answers.get(timeout=WAIT) for _ in range(120)] == [None] * 120
        seen = {}
        for block in kept(inbox):
            for one in block.messages:
                seen.setdefault(one.device, []).append(one.at)
        assert seen == {f"d{k}": list(range(120)) for k in range(10)}
    finally:
        nats.start(int(leader.removeprefix("n")))
        nats.wait()


def test_without_a_majority_nothing_is_acknowledged_and_then_it_goes_on(inbox, nats, monkeypatch):
    monkeypatch.setattr(inbox_jetstream, "GIVE_UP_SECONDS", 0.5)
    monkeypatch.setattr(inbox_jetstream, "_TRY_SECONDS", 0.5)
    for number in (0, 1):
        nats.kill(number)
    try:
        failure = put(inbox, say("d", 1))
        assert isinstance(failure, Unavailable)
    finally:
        for number in (0, 1):
            nats.start(number)
        nats.wait()
    monkeypatch.setattr(inbox_jetstream, "GIVE_UP_SECONDS", 20.0)
    assert put(inbox, say("d", 2)) is None


def test_a_full_stream_says_so_at_once(nats, stream_settings):
    inbox = JetStreamInbox(stream_settings.model_copy(update={"inbox_bytes": 1 << 20}))
    try:
        answers = [put(inbox, *[say("d", n, 60_000) for n in range(6)]) for _ in range(5)]
        assert answers[0] is None
        assert "stream is full" in str(answers[-1])
    finally:
        inbox.close()


def test_blocks_are_told_of_in_the_order_in_which_they_were_handed_over(inbox):
    """The first has a part in each lane, the others in one: these are whole before."""
    told = queue.SimpleQueue()
    for number in range(40):
        some = [say(f"d{k}", number) for k in (range(100) if number % 4 == 0 else [number])]
        inbox.append(some, lambda failure, number=number: told.put((number, failure)))
    assert [told.get(timeout=WAIT) for _ in range(40)] == [(number, None) for number in range(40)]


def test_closed_it_takes_nothing(inbox):
    inbox.close()
    with pytest.raises(Unavailable, match="closed"):
        inbox.append([say("d", 1)], print)
    inbox.close()


def test_what_waits_is_bounded(inbox, monkeypatch):
    monkeypatch.setattr(inbox_jetstream, "WAITING_BYTES", 1000)
    monkeypatch.setattr(inbox_jetstream, "GATHER_SECONDS", 0.3)
    answers = queue.SimpleQueue()
    inbox.append([say("d", 1, 900)], answers.put)
    with pytest.raises(Unavailable, match="does not keep up"):
        inbox.append([say("d", 2, 900)], answers.put)
    assert answers.get(timeout=WAIT) is None
    assert put(inbox, say("d", 3, 900)) is None
