"""Records in PostgreSQL: read, measured, and taken away when their time is over, whole days at once."""

import json
from datetime import timedelta

import pytest

from careful.customer_data import Expiry, InboxRecords, PostgresRecords, Swept, records_postgres
from careful.customer_data import readings_store as store
from careful.kernel.inbox import Message, SqliteInbox, to_micros

PRODUCT_OF = {"d1": "cam", "d2": "cam", "d3": "lock"}
DAY = timedelta(days=1)


@pytest.fixture
def records(postgres_database):
    with postgres_database.transaction("write") as connection:
        for day in store.days(connection):
            store.drop_day(connection, day)
    return PostgresRecords(postgres_database)


@pytest.fixture
def say(records, clock):
    def say(device, topic, **fields):
        clock.advance(timedelta(seconds=1))
        records.append([Message(device, topic, json.dumps(fields).encode(), to_micros(clock.now()))])
        return clock.now()

    return say


def days(records):
    with records._database.transaction("read") as connection:
        return store.days(connection)


def test_reading_newest_first_by_topic_and_span(records, say):
    first, second = say("d1", "up/clip", n=1), say("d1", "up/climate", n=2)
    say("d2", "up/clip", n=3)
    third = say("d1", "up/clip", n=4)
    assert [json.loads(one.payload)["n"] for one in records.read("d1")] == [4, 2, 1]
    assert [one.at for one in records.read("d1", topics=["up/clip"])] == [third, first]
    assert [one.at for one in records.read("d1", since=second, until=third)] == [second]
    newest, middle, _ = records.read("d1")
    assert [one.at for one in records.read("d1", before=newest.number, most=1)] == [second]
    assert [one.at for one in records.read("d1", before=middle.number)] == [first]


def test_a_resend_is_stored_once(records, clock):
    now = to_micros(clock.now())
    records.append([Message("d1", "up/clip", b"{}", now, 7)])
    records.append([Message("d1", "up/clip", b"{}", now + 5, 7, resend=True)])
    assert len(records.read("d1")) == 1


def test_each_stream_has_its_own_time(records, say, clock):
    first, other = say("d1", "up/clip", zone="a"), say("d1", "up/climate", t=1)
    lock = say("d3", "up/clip", zone="b")
    clock.advance(10 * DAY)
    last = say("d2", "up/clip", zone="c")
    expiries = [Expiry("cam", "up/clip", clock.now() - 5 * DAY)]
    assert {(one.topic, one.at) for one in records.oldest(PRODUCT_OF, expiries)} >= {("up/clip", first)}
    assert records.delete_expired(PRODUCT_OF, expiries, 100) == Swept(1, 0)
    assert records.delete_expired(PRODUCT_OF, expiries, 100) == Swept(0, 0)
    assert [(one.product, one.topic, one.at) for one in records.oldest(PRODUCT_OF, ())] == [
        ("cam", "up/climate", other), ("cam", "up/clip", last), ("lock", "up/clip", lock),
    ]  # fmt: skip
    assert records.settle()


def test_a_day_that_is_past_for_everything_in_it_is_dropped_whole(records, say, clock):
    say("d1", "up/clip", zone="a")
    say("d3", "up/clip", zone="b")
    clock.advance(3 * DAY)
    say("d1", "up/clip", zone="c")
    before = len(days(records))
    assert records.delete_expired(PRODUCT_OF, [Expiry("cam", "up/clip", clock.now() - DAY)], 100) == Swept(1, 0)
    assert len(days(records)) == before  # the lock's are still to be kept
    both = [Expiry(one, "up/clip", clock.now() - DAY) for one in ("cam", "lock")]
    assert records.delete_expired(PRODUCT_OF, both, 100) == Swept(1, 0)
    assert len(days(records)) == before - 1
    assert len(records.read("d1")) == 1


def test_what_nobody_set_a_time_for_stays(records, say, clock):
    say("unknown", "up/clip", zone="a")
    clock.advance(30 * DAY)
    assert records.delete_expired(PRODUCT_OF, [Expiry("cam", "up/clip", clock.now())], 100) == Swept()
    assert len(records.read("unknown")) == 1


def test_a_field_may_go_before_its_record(records, say, clock):
    start = say("d1", "up/clip", zone="a", seconds=4)
    expiry = Expiry("cam", "up/clip", start - DAY, {"zone": start + DAY})
    (found,) = records.oldest(PRODUCT_OF, [expiry])
    assert found.fields == {"zone": start}
    assert records.delete_expired(PRODUCT_OF, [expiry], 100) == Swept(0, 1)
    assert records.delete_expired(PRODUCT_OF, [expiry], 100) == Swept(0, 0)
    (found,) = records.oldest(PRODUCT_OF, [expiry])
    assert (found.at, found.fields) == (start, {})
    assert [json.loads(one.payload) for one in records.read("d1")] == [{"seconds": 4}]


def late(records, at, **fields):
    """Store what a gateway took long ago, and nobody moved until now."""
    records.append([Message("d2", "up/clip", json.dumps(fields).encode(), to_micros(at))])


def test_a_reading_that_arrives_late_loses_the_field_all_the_same(records, say, clock):
    first = say("d1", "up/clip", zone="a", n=1)
    clock.advance(3 * DAY)
    newest = say("d1", "up/clip", zone="b", n=2)
    expiry = Expiry("cam", "up/clip", None, {"zone": newest})
    assert records.delete_expired(PRODUCT_OF, [expiry], 100).fields == 1
    for n, moment in enumerate((first, first - 2 * DAY)):
        late(records, moment, zone="late", n=n)
        assert records.delete_expired(PRODUCT_OF, [expiry], 100).fields >= 1
        assert records.delete_expired(PRODUCT_OF, [expiry], 100).fields == 0
    assert [json.loads(one.payload) for one in records.read("d2")] == [{"n": 1}, {"n": 0}]
    assert records.oldest(PRODUCT_OF, [expiry])[0].fields == {"zone": newest}


def test_many_of_one_moment_are_not_passed_over(records, clock):
    at = to_micros(clock.now())
    records.append([Message("d1", "up/clip", b'{"zone":"%d"}' % n, at + n // 5) for n in range(20)])
    expiry = Expiry("cam", "up/clip", None, {"zone": clock.now() + DAY})
    while records.delete_expired(PRODUCT_OF, [expiry], 3).fields:
        pass
    assert {one.payload for one in records.read("d1")} == {b"{}"}


def test_a_day_that_is_over_is_read_once(records, say, clock, monkeypatch):
    """And again when something was added to it late, or its first record is gone; what is measured is always exact."""
    read, sources = [], store.sources_of
    monkeypatch.setattr(
        records_postgres.store, "sources_of", lambda connection, day: read.append(day) or sources(connection, day)
    )

    def oldest():
        read.clear()
        return {one.topic: one.at for one in records.oldest(PRODUCT_OF, asked)}, len(read)

    first, second = say("d1", "up/clip", n=1), say("d1", "up/clip", n=2)
    clock.advance(DAY)
    climate = say("d1", "up/climate", t=1)
    clock.advance(DAY)
    today = say("d1", "up/clip", n=3)
    asked = [Expiry("cam", topic, None) for topic in ("up/clip", "up/climate", "up/never")]
    assert oldest() == ({"up/clip": first, "up/climate": climate}, 3)
    assert oldest() == ({"up/clip": first, "up/climate": climate}, 1)  # today, for what was never sent
    late(records, first - timedelta(seconds=1), n=0)
    assert oldest() == ({"up/clip": first - timedelta(seconds=1), "up/climate": climate}, 2)
    assert records.delete_of("d2", clock.now(), 9) == 1
    assert oldest() == ({"up/clip": first, "up/climate": climate}, 2)
    gone = [Expiry("cam", "up/clip", second)]
    assert records.delete_expired(PRODUCT_OF, gone, 9) == Swept(1, 0)
    assert oldest() == ({"up/clip": second, "up/climate": climate}, 2)
    assert records.delete_expired(PRODUCT_OF, [Expiry("cam", "up/clip", today)], 9) == Swept(1, 0)
    assert oldest()[0] == {"up/clip": today, "up/climate": climate}


def test_everything_of_a_device_up_to_a_moment_also_where_it_waits(records, say, clock, tmp_path):
    box = SqliteInbox(tmp_path, clock)
    box.append([Message("d1", "up/clip", b"{}", to_micros(clock.now()))], lambda _: None)
    box.close()
    waiting = InboxRecords(tmp_path, lambda _: None)
    say("d1", "up/clip", zone="a")
    say("d1", "event/motion", zone="a")
    say("d2", "up/clip", zone="b")
    clock.advance(DAY)
    ended = clock.now()
    say("d1", "up/clip", zone="new")
    assert PostgresRecords(records._database, waiting).delete_of("d1", ended, 100) == 3
    assert waiting.read("d1") == []
    assert [json.loads(one.payload)["zone"] for one in records.read("d1") + records.read("d2")] == ["new", "b"]


def test_a_field_is_taken_out_for_more_devices_than_a_statement_has_parameters(records, say, clock):
    many = {f"d{n}": "cam" for n in range(70_000)}
    start = say("d69999", "up/clip", zone="a", n=1)
    expiry = Expiry("cam", "up/clip", None, {"zone": clock.now() + DAY})
    assert records.oldest(many, [expiry])[0].fields == {"zone": start}
    assert records.delete_expired(many, [expiry], 100).fields == 1
    assert records.oldest(many, [expiry])[0].fields == {}
