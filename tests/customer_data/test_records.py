"""Records at rest in the inbox file: read, measured, and taken away when their time is over."""

import json
from datetime import timedelta

import pytest

from careful.customer_data import Expiry, InboxRecords, Swept
from careful.kernel.inbox import Message, SqliteInbox, to_micros

PRODUCT_OF = {"d1": "cam", "d2": "cam", "d3": "lock"}
DAY = timedelta(days=1)


@pytest.fixture
def records(tmp_path, clock):
    box = SqliteInbox(tmp_path, clock, days=3650)
    yield InboxRecords(tmp_path, lambda messages: box.append(messages, lambda _: None))
    box.close()


@pytest.fixture
def say(records, clock, tmp_path):
    def say(device, topic, **fields):
        before = len(records.read(device, most=1000))
        records.append([Message(device, topic, json.dumps(fields).encode(), to_micros(clock.now()))])
        while len(records.read(device, most=1000)) == before:
            pass

    return say


def test_each_stream_has_its_own_time(records, say, clock):
    start = clock.now()
    say("d1", "up/clip", zone="a")
    say("d1", "up/climate", t=1)
    say("d3", "up/clip", zone="b")
    clock.advance(10 * DAY)
    say("d2", "up/clip", zone="c")
    expiries = [Expiry("cam", "up/clip", clock.now() - 5 * DAY)]
    assert records.delete_expired(PRODUCT_OF, expiries, 100) == Swept(1, 0)
    assert records.delete_expired(PRODUCT_OF, expiries, 100) == Swept(0, 0)
    assert [(one.product, one.topic, one.at) for one in records.oldest(PRODUCT_OF, ())] == [
        ("cam", "up/climate", start), ("cam", "up/clip", clock.now()), ("lock", "up/clip", start),
    ]  # fmt: skip
    assert records.settle()


def test_pages_by_number_and_topics(records, say):
    for n in range(5):
        say("d1", f"up/{n % 2}", n=n)
    say("d2", "up/0", n=9)
    first = records.read("d1", most=2)
    second = records.read("d1", before=first[-1].number, most=2)
    assert [json.loads(one.payload)["n"] for one in (*first, *second)] == [4, 3, 2, 1]
    assert [json.loads(one.payload)["n"] for one in records.read("d1", topics={"up/1", "up/7"})] == [3, 1]
    assert records.read("d1", topics=()) == []


def test_a_field_may_go_before_its_record(records, say, clock):
    start = clock.now()
    say("d1", "up/clip", zone="a", seconds=4)
    expiry = Expiry("cam", "up/clip", start - DAY, {"zone": start + DAY})
    (found,) = records.oldest(PRODUCT_OF, [expiry])
    assert found.fields == {"zone": start}
    assert records.delete_expired(PRODUCT_OF, [expiry], 100) == Swept(0, 1)
    (found,) = records.oldest(PRODUCT_OF, [expiry])
    assert (found.at, found.fields) == (start, {})
    assert [json.loads(one.payload) for one in records.read("d1")] == [{"seconds": 4}]


def test_everything_of_a_device_up_to_a_moment(records, say, clock):
    say("d1", "up/clip", zone="a")
    say("d1", "event/motion", zone="a")
    say("d2", "up/clip", zone="b")
    clock.advance(DAY)
    ended = clock.now()
    say("d1", "up/clip", zone="new")
    assert records.delete_of("d1", ended, 100) == 2
    assert [json.loads(one.payload)["zone"] for one in records.read("d1") + records.read("d2")] == ["new", "b"]


def test_before_any_gateway_ran_there_is_nothing(tmp_path):
    records = InboxRecords(tmp_path, lambda _: None)
    assert records.read("d1") == []
    assert records.oldest({}, ()) == []
    assert records.delete_expired({}, [], 1) == Swept()
    assert records.delete_of("d1", None, 1) == 0
    assert records.settle()
