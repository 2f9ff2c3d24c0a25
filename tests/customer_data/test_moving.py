"""Moving to PostgreSQL: once, in order, by as many workers as there are, whichever of them dies."""

import threading
from datetime import UTC, timedelta

import pytest
from sqlalchemy import text

from careful.customer_data import Mover, PostgresRecords, make_days
from careful.customer_data import readings_store as store
from careful.kernel.inbox import Message, Released, Settled, to_micros
from careful.kernel.inbox_blocks import Block, decode, encode
from careful.kernel.work import World


class Listed:
    """Blocks in lists, one list a source; forgets what it is told to."""

    def __init__(self, count=2, at_once=1):
        self.at_once = at_once
        self.blocks = {f"stream/{n}": [] for n in range(count)}
        self.forgotten = {}
        self.fetched = lambda: None

    def sources(self):
        return list(self.blocks)

    def put(self, source, *entries, writer="w", number=None):
        blocks = self.blocks[source]
        blocks.append(decode(encode(writer, number or len(blocks) + 1, entries)))

    def fetch(self, places):
        self.fetched()
        found = {}
        for source, place in places.items():
            rest = self.blocks[source][place : place + 3]
            if rest:
                found[source] = rest, place + len(rest)
        return found

    def forget(self, source, place):
        self.forgotten[source] = place


@pytest.fixture
def world(postgres_database, clock, tmp_path, world_of):
    return world_of(postgres_database)


@pytest.fixture
def world_of(clock, tmp_path):
    from careful.kernel.keys import Keys  # noqa: PLC0415
    from careful.kernel.settings import Settings  # noqa: PLC0415

    return lambda database: World(database, clock, Settings(data=tmp_path), Keys(tmp_path / "keys"), tmp_path)


@pytest.fixture
def say(clock):
    def say(device, n, *, packet=None, again=False):
        now = to_micros(clock.now())
        return Message(device, "up/t", b"%d" % n, now + n, packet if packet is not None else n + 1, again)

    return say


def heard(world, device):
    with world.database.transaction("read") as connection:
        rows = connection.execute(
            text("SELECT payload FROM customer_data_reading WHERE device = :device ORDER BY number"), {"device": device}
        )
        return [int(bytes(row[0])) for row in rows]


def settle(world, *movers):
    while sum(mover.advance(world) for mover in movers for _ in range(4)):
        pass


def test_all_of_it_in_order_and_then_it_may_be_forgotten(world, say):
    feed = Listed()
    for n in range(10):
        feed.put("stream/0", say("a", 2 * n), say("b", n), say("a", 2 * n + 1))
        feed.put("stream/1", say("c", n))
    settle(world, Mover(feed), Mover(feed))
    assert [heard(world, one) for one in "abc"] == [list(range(20)), list(range(10)), list(range(10))]
    assert feed.forgotten == {"stream/0": 10, "stream/1": 10}
    assert Mover(feed).advance(world) == 0


def test_a_copy_of_a_block_is_left_out(world, say):
    feed = Listed(1)
    feed.put("stream/0", say("a", 0), number=1)
    feed.put("stream/0", say("a", 1), number=2)
    feed.put("stream/0", say("a", 0), number=1)
    feed.put("stream/0", say("a", 2), number=1, writer="another")
    settle(world, Mover(feed))
    assert heard(world, "a") == [0, 1, 2]


def test_what_is_sent_again_after_hours_of_moving_is_still_known(world, say):
    feed = Listed(1)
    feed.put("stream/0", say("a", 0), say("a", 1))
    settle(world, Mover(feed))
    feed.put("stream/0", say("a", 1, again=True), say("a", 2, again=True))
    settle(world, Mover(feed))
    feed.put("stream/0", Settled("a"))
    settle(world, Mover(feed))
    feed.put("stream/0", say("a", 2, again=True))
    settle(world, Mover(feed))
    assert heard(world, "a") == [0, 1, 2, 2]


def test_an_original_that_comes_after_its_resend_is_left_out(world, say):
    """Its gateway was slow, and the device has moved to another one."""
    feed = Listed(1)
    original, first = say("a", 1), say("a", 0)
    resend = Message("a", "up/t", original.payload, original.at + 500, original.packet, True)
    feed.put("stream/0", first, resend, say("a", 2))
    settle(world, Mover(feed))
    feed.put("stream/0", original, writer="slow")
    settle(world, Mover(feed))
    assert heard(world, "a") == [0, 1, 2]


def test_what_fails_is_not_half_done(world, say, monkeypatch):
    feed = Listed(1)
    feed.put("stream/0", say("a", 0), say("a", 1))
    monkeypatch.setattr(store, "set_place", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Mover(feed).advance(world)
    assert (heard(world, "a"), feed.forgotten) == ([], {})
    monkeypatch.undo()
    settle(world, Mover(feed))
    assert heard(world, "a") == [0, 1]


def test_a_source_is_moved_by_one_worker_at_a_time(world, say):
    """Another one finds it held and does not wait."""
    feed, other = Listed(1), Listed(1)
    for one in (feed, other):
        one.put("stream/0", say("a", 0))
    inside, go = threading.Event(), threading.Event()
    feed.fetched = lambda: (inside.set(), go.wait(20))
    mover = threading.Thread(target=lambda: Mover(feed).advance(world))
    mover.start()
    assert inside.wait(20)
    assert Mover(other).advance(world) == 0
    go.set()
    mover.join(20)
    assert heard(world, "a") == [0]


def test_days_are_made_ahead_and_when_they_are_missing(world, say, clock):
    make_days(world)
    with world.database.transaction("read") as connection:
        days = store.days(connection)
    today = clock.now().astimezone(UTC).date()
    assert {today + timedelta(days=n) for n in range(4)} <= set(days)
    assert make_days(world) == 0
    feed, message = Listed(1), say("a", 0)
    old = Message("a", "up/t", b"7", message.at - 9 * 86_400_000_000, 1)
    feed.put("stream/0", old)
    settle(world, Mover(feed))
    assert heard(world, "a") == [7]


def test_records_see_what_was_moved(world, say):
    feed = Listed(1)
    feed.put("stream/0", say("a", 0), say("a", 1))
    settle(world, Mover(feed))
    assert [one.payload for one in PostgresRecords(world.database).read("a")] == [b"1", b"0"]
    assert Block("w", 1, []).entries() == []


def test_exactly_once_through_the_stream(world, clock):
    """A packet identifier of QoS 2 that is taken, and a record's name, hold whatever block and gateway they come by."""

    def exactly(n, packet=0, record=b""):
        now = to_micros(clock.now())
        return Message("a", "up/t", b"%d" % n, now + n, packet, exactly=bool(packet), record=record)

    feed = Listed(1)
    feed.put("stream/0", Released("a"), exactly(0, 7), exactly(1, record=b"x"))
    settle(world, Mover(feed))
    feed.put("stream/0", exactly(0, 7), exactly(1, record=b"x"), writer="another")
    feed.put("stream/0", Released("a", 7), exactly(2, 7), exactly(2, 7), exactly(3, record=b"y"), writer="another")
    settle(world, Mover(feed))
    assert heard(world, "a") == [0, 1, 2, 3]
    clock.advance(timedelta(days=world.settings.inbox_days + 60))
    make_days(world)
    feed.put("stream/0", exactly(4, 7), exactly(5, record=b"x"))
    settle(world, Mover(feed))
    assert heard(world, "a") == [0, 1, 2, 3, 5]
