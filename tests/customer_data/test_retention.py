"""Kept no longer than promised: planned by declaration, done in the store, measured there, told when it turns."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import products
from careful.customer_data import Retention, records_of
from careful.customer_data import ages as ages_of
from careful.customer_data.retention import Term, expiries, is_kept_too_long, longest_kept, terms_of
from careful.kernel import ledger
from careful.kernel.inbox import Message, to_micros

DEVICE = "cam-1-001"
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HEAD = "schema: product/1\nproduct: {id: cam-1, name: C}\n"
TERMS = [
    pytest.param("retention: {days: 14}", (14, {}), id="one number for all"),
    pytest.param("", (None, {}), id="no number"),
    pytest.param("retention: {days: 14}, details: {zone: {retention: {days: 3}}}", (14, {"zone": 3}), id="one before"),
    pytest.param("retention: {days: 14}, details: {zone: {retention: {days: 30}}}", (30, {"n": 14}), id="one longer"),
    pytest.param("details: {zone: {retention: {days: 3}}}", (None, {"zone": 3}), id="the other has no number"),
    pytest.param("retention: {days: 0}", (0, {}), id="not kept at all"),
]  # fmt: skip


@pytest.mark.parametrize(("says", "term"), TERMS)
def test_how_long_a_stream_is_kept(says, term):
    text = f"{HEAD}data:\n  - {{id: clip, fields: [zone, n], personal: true{', ' if says else ''}{says}}}\n"
    (found,) = (one for one in terms_of(products.permit(products.parse(text.encode()))) if one.topic == "up/clip")
    assert (found.days, dict(found.fields)) == term
    assert found.personal


def test_events_have_a_time_of_their_own_too():
    text = f"{HEAD}events: [{{name: motion, fields: [zone], personal: true, retention: {{days: 7}}}}]\n"
    found = {one.topic: one for one in terms_of(products.permit(products.parse(text.encode())))}
    assert (found["event/motion"].days, found["event/motion"].personal) == (7, True)
    assert (found["event/offline"].days, found["event/offline"].personal) == (None, False)


numbers = st.none() | st.integers(0, 400)


@given(numbers, st.dictionaries(st.sampled_from(("a", "b")), st.integers(0, 400)), st.integers(1, 60))
def test_nothing_is_kept_without_an_end(days, fields, bound):
    (found,) = expiries({"cam": [Term("up/clip", personal=True, days=days, fields=fields)]}, NOW, bound)
    assert found.before == NOW - timedelta(days=bound if days is None else days)
    assert {name: (NOW - at).days for name, at in found.fields.items()} == fields


AGES = [
    pytest.param(403, 30, True, id="403 days, limit 30"),
    pytest.param(30.5, 30, False, id="on its way out"),
    pytest.param(31.5, 30, True, id="more than a day late"),
    pytest.param(403, None, False, id="nothing was promised"),
    pytest.param(None, 30, False, id="nothing is there"),
]


@pytest.mark.parametrize(("age", "days", "broken"), AGES)
def test_when_a_promise_is_broken(clock, age, days, broken):
    oldest = None if age is None else clock.now() - timedelta(days=age)
    assert is_kept_too_long(oldest, days, clock.now()) == broken


@pytest.fixture
def records(house):
    return records_of(house.world)


def say(records, world, topic="up/clip", **fields):
    records.append([Message(DEVICE, topic, json.dumps(fields).encode(), to_micros(world.clock.now()))])


def ages(world, stream="up/clip"):
    with world.look() as connection:
        found = ledger.read(connection, names=["customer_data.age_measured"], subject=f"stream/cam-1/{stream}")
    return [(one.data["oldest"], one.data["limit_days"]) for one in found]


def test_what_is_past_its_time_goes_stream_by_stream(house, records):
    world = house.world
    say(records, world, zone="old")
    say(records, world, "up/climate", celsius=1)
    world.clock.advance(20 * DAY)
    say(records, world, zone="new")
    chore = Retention(records)
    assert chore.delete(world) == 1  # two weeks; the climate may stay for thirty days
    assert [json.loads(one.payload) for one in records.read(DEVICE)] == [{"zone": "new"}, {"celsius": 1}]
    assert chore.delete(world) == 0


def test_what_has_no_number_is_kept_as_long_as_the_inbox_keeps_things(house, records):
    world = house.world
    say(records, world, "event/motion", zone="old")
    world.clock.advance(29 * DAY)
    assert Retention(records).delete(world) == 0
    world.clock.advance(2 * DAY)
    assert Retention(records).delete(world) == 1
    assert longest_kept(world) == 30


def test_the_oldest_is_told_daily_and_when_the_answer_turns(house, records):
    world, chore = house.world, Retention(records)
    chore.measure(world)
    assert ages(world) == [(None, 14)]
    say(records, world, zone="a")
    stored = world.clock.now()
    assert chore.measure(world) == 0  # nothing is there, something young is there: the same answer within a day
    world.clock.advance(2 * DAY)
    chore.measure(world)
    assert [one and one[:10] for one, _ in ages(world)] == [None, f"{stored:%Y-%m-%d}"]
    world.clock.advance(12 * DAY + DAY / 2)
    chore.measure(world)
    world.clock.advance(DAY * 0.6)  # nobody deletes: now it is more than a day late, and that is told at once
    chore.measure(world)
    assert len(ages(world)) == 4
    assert ages(world, "event/motion")[-1] == (None, None)


def test_a_stream_that_is_declared_no_more_is_measured_all_the_same(house, records, staff):
    world = house.world
    say(records, world, "up/old", zone="a")
    Retention(records).measure(world)
    assert len(ages(world, "up/old")) == 1


def test_what_was_deleted_is_told_in_sums(house, records):
    world, chore = house.world, Retention(records)
    say(records, world, zone="old")
    world.clock.advance(20 * DAY)
    assert chore.advance(world) > 1
    with world.look() as connection:
        (event,) = ledger.read(connection, names=["customer_data.expired_deleted"])
    assert event.data == {"records": 1, "fields": 0}
    assert chore.advance(world) == 0  # not due yet


def test_the_newest_measurement_of_everything(house, records):
    world = house.world
    assert ages_of(world) == []
    say(records, world, zone="a")
    Retention(records).measure(world)
    found = {one.stream: one for one in ages_of(world, "cam-1")}
    assert (found["up/clip"].limit_days, found["up/clip"].too_long) == (14, False)
    world.clock.advance(30 * DAY)
    Retention(records).measure(world)
    assert {one.stream: one.too_long for one in ages_of(world)}["up/clip"]
