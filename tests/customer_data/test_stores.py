"""The same promises wherever records lie."""

import json
from datetime import timedelta

import pytest
from msgspec import structs

from careful.customer_data import bring_home, readings_store, records_of
from careful.kernel.inbox import Message, to_micros


def test_what_is_stored_is_read_and_taken_away(world, clock):
    records = records_of(world)
    assert records.name == ("inbox" if world.database.is_sqlite else "postgresql")
    records.append([Message("d1", "up/clip", json.dumps({"n": n}).encode(), to_micros(clock.now()), n) for n in (1, 2)])
    assert [(one.topic, json.loads(one.payload)["n"]) for one in records.read("d1")] == [("up/clip", 2), ("up/clip", 1)]
    (old,) = records.oldest({"d1": "cam"}, ())
    assert (old.store, old.product, old.at) == (records.name, "cam", clock.now())
    assert records.delete_of("d1", clock.now() + timedelta(seconds=1), 10) == 2
    assert records.settle()
    assert records.read("d1") == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_readings_of_a_restored_postgresql_come_home_into_the_inbox_once(world, clock):
    rows = [
        {"device": "d1", "number": n, "at": clock.now() + timedelta(seconds=n), "topic": "up/t", "packet": 0,
         "resend": False, "digest": b"", "payload": b"%d" % n}
        for n in range(1, 701)
    ]  # fmt: skip
    with world.database.transaction("write") as connection:
        connection.execute(readings_store.reading.insert(), rows)
    few = [row for _, row in _first(world, 3)]
    records_of(world).append(
        [structs.replace(one, record=b"restored %d" % n) for n, one in enumerate(few, 1)]
    )  # killed
    assert [bring_home(world) for _ in range(3)] == [500, 200, 0]
    found = records_of(world).read("d1", most=1000)
    assert [int(one.payload) for one in found] == list(range(700, 0, -1))
    assert found[0].at == clock.now() + timedelta(seconds=700)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_lies_in_postgresql_stays_there(world):
    assert bring_home(world) == 0


def _first(world, count):
    with world.look() as connection:
        return readings_store.first_few(connection, count)
