"""The one door: purpose and role, field by field; logged before it is returned; stopped when it is too much."""

import json
from datetime import timedelta

import pytest

from careful import customer_data, people, products
from careful.customer_data import purposes
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR, STRANGER, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, TooMany
from careful.kernel.settings import Settings
from careful.kernel.work import World

DEVICE = "cam-1-001"
HELP, CLIMATE = "help the owner", "see that it is well"


@pytest.fixture
def say(house):
    return house.say


@pytest.fixture
def act(house, monkeypatch):
    """Return an actor with these roles."""

    def act(*roles, name="ann"):
        held = people.roles_of
        actor = Actor("staff", name)
        monkeypatch.setattr(
            people, "roles_of", lambda world, who: frozenset(roles) if who == actor else held(world, who)
        )
        return actor

    return act


def told(world, name):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=[name])]


def test_values_for_the_declared_purpose_by_the_declared_role(house, say, act):
    world, ann = house.world, act("support")
    say("up/clip", zone="hall", seconds=4)
    say("up/climate", celsius=21)
    found = customer_data.read(world, ann, HELP, device=DEVICE)
    (clip,) = found.readings
    assert (clip.values, clip.withheld) == ({"zone": "hall", "seconds": 4}, {})
    assert found.personal
    (well,) = customer_data.read(world, ann, CLIMATE, device=DEVICE).readings
    assert well.values == {"celsius": 21}


def test_what_holds_nothing_for_the_purpose_takes_no_place(house, say, act, monkeypatch):
    """Neither records of other streams nor those without such a field use up the limit, or are counted."""
    world, ann = house.world, act("support")
    monkeypatch.setattr(customer_data.reading, "_PAGE", 3)
    for n in range(4):
        say("up/clip", zone=f"room {n}", seconds=n)
        for _ in range(5):
            say("up/climate", celsius=n)
            say("up/clip")
    found = customer_data.read(world, ann, HELP, device=DEVICE, limit=3)
    assert [one.values["zone"] for one in found.readings] == ["room 3", "room 2", "room 1"]
    assert found.stopped_at is None
    assert [(one.stream, one.records) for one in customer_data.reads(world)] == [("up/clip", 3)]
    assert len(customer_data.read(world, ann, HELP, device=DEVICE).readings) == 4
    monkeypatch.setattr(customer_data.reading, "LOOK_MOST", 8)
    some = customer_data.read(world, ann, HELP, device=DEVICE, limit=2)
    assert (len(some.readings), bool(some.stopped_at)) == (1, True)
    rest = customer_data.read(world, ann, HELP, device=DEVICE, limit=2, until=some.stopped_at)
    assert [one.values["seconds"] for one in rest.readings] == [2]


def test_asking_and_getting_nothing_is_written_down(house, say, act):
    say("up/clip", zone="hall")
    found = customer_data.read(house.world, act("firmware-engineer"), HELP, device=DEVICE)
    assert found.closed == {"up/clip zone": purposes.OTHER_ROLE, "up/clip seconds": purposes.OTHER_ROLE}
    (logged,) = customer_data.reads(house.world)
    assert (logged.stream, logged.records, logged.fields) == ("all", 0, ())
    assert logged.withheld == ("up/clip seconds", "up/clip zone")


def test_another_role_sees_that_there_is_something_and_no_value(house, say, act):
    say("up/clip", zone="hall")
    found = customer_data.read(house.world, act("firmware-engineer"), HELP, device=DEVICE, stream="up/clip")
    assert (found.readings, found.personal) == ((), False)
    assert found.closed["up/clip zone"] == purposes.OTHER_ROLE


def test_who_may_not_open_data_at_all(house, act):
    for actor in (act("auditor"), Actor("device", DEVICE), STRANGER):
        with pytest.raises(Forbidden):
            customer_data.read(house.world, actor, HELP, device=DEVICE)


def test_a_purpose_that_nothing_is_collected_for_is_refused_by_name(house, act):
    with pytest.raises(Refused, match="help the owner; see that it is well; show what moved"):
        customer_data.read(house.world, act("support"), "sell it", device=DEVICE)


def test_limits(house, act):
    for limit in (0, 1001):
        with pytest.raises(Invalid):
            customer_data.read(house.world, act("support"), HELP, device=DEVICE, limit=limit)
    with pytest.raises(NotFound):
        customer_data.read(house.world, act("support"), HELP, device="cam-1-999")
    with pytest.raises(NotFound, match="no such customer"):
        customer_data.read(house.world, act("support"), HELP, customer="none")


def test_what_was_read_is_in_the_log_and_summed_up_in_the_ledger(house, say, act):
    world, ann = house.world, act("support")
    say("up/clip", zone="canary-hall", seconds=4)
    say("up/clip", zone="canary-hall", seconds=5)
    customer_data.read(world, ann, HELP, device=DEVICE, stream="up/clip")
    (logged,) = customer_data.reads(world, device=DEVICE)
    customer = customer_data.customers_of(world, DEVICE)[0].id
    assert (logged.actor, logged.purpose, logged.customer, logged.records) == ("staff:ann", HELP, customer, 2)
    assert (logged.fields, logged.withheld, logged.personal) == (("seconds", "zone"), (), True)
    assert customer_data.tell_reads(world) == 0
    world.clock.advance(timedelta(minutes=2))
    assert customer_data.tell_reads(world) == 1
    assert customer_data.tell_reads(world) == 0
    (event,) = told(world, "customer_data.was_read")
    assert (event["reader"], event["reads"], event["records"], event["devices"]) == ("staff:ann", 1, 2, 1)
    assert (event["fields"], event["personal"]) == (["seconds", "zone"], True)
    assert "canary" not in json.dumps(event)


def test_a_read_that_cannot_be_logged_returns_nothing(house, say, act, monkeypatch):
    say("up/clip", zone="hall")
    ann = act("support")

    def broken(*_):
        raise OSError("no room")

    monkeypatch.setattr(customer_data.reading.reads_store, "log", broken)
    with pytest.raises(OSError, match="no room"):
        customer_data.read(house.world, ann, HELP, device=DEVICE)


def test_an_older_promise_holds_for_what_was_sent_under_it(house, say, act, staff):
    world, ann = house.world, act("support")
    say("up/clip", zone="hall")
    text = products.text_of(world, "cam-1", 1).decode().replace("help the owner]", "help the owner, train a model]")
    products.declare(world, staff, text.encode())
    products.approve(world, staff, "cam-1")
    say("up/clip", version=2, zone="kitchen")
    (new,) = customer_data.read(world, ann, "train a model", device=DEVICE).readings
    assert new.values == {"zone": "kitchen"}


def test_after_the_end_of_a_customers_time_nothing_opens(house, say, act, staff):
    world, ann = house.world, act("support")
    say("up/clip", zone="hall")
    first = customer_data.customers_of(world, DEVICE)[0].id
    customer_data.end_customer(world, staff, DEVICE, "asked")
    assert customer_data.read(world, ann, HELP, device=DEVICE).readings == ()
    say("up/clip", zone="new")
    assert [one.values for one in customer_data.read(world, ann, HELP, device=DEVICE).readings] == [{"zone": "new"}]
    second = customer_data.customers_of(world, DEVICE)[0].id
    assert [one.values for one in customer_data.read(world, ann, HELP, customer=second).readings] == [{"zone": "new"}]
    assert [one.values for one in customer_data.read(world, ann, HELP, customer=first).readings] == []


def test_too_many_devices_in_ten_minutes_are_stopped_and_told(house, say, act):
    told_of = house.world
    world = World(told_of.database, told_of.clock, Settings(data=told_of.home, bulk_read_devices=2), told_of.keys,
                  told_of.home)  # fmt: skip
    ann = act("support")
    for name in (DEVICE, "cam-1-002", "cam-1-003"):
        if name != DEVICE:
            house.device(name)
        say("up/clip", name, zone="hall")
    for name in (DEVICE, DEVICE, "cam-1-002", DEVICE):
        customer_data.read(world, ann, HELP, device=name)
    for _ in range(2):
        with pytest.raises(TooMany, match="3 devices in 10 minutes; at most 2"):
            customer_data.read(world, ann, HELP, device="cam-1-003")
    assert told(world, "customer_data.bulk_read_stopped") == [
        {"reader": "staff:ann", "devices": 3, "minutes": 10, "limit": 2}
    ]
    customer_data.read(world, ann, CLIMATE, device="cam-1-003")  # no personal value
    world.clock.advance(timedelta(minutes=11))
    customer_data.read(world, ann, HELP, device="cam-1-003")


def test_whoever_runs_the_server_acts_in_every_role(house, say):
    say("up/clip", zone="hall")
    assert customer_data.read(house.world, OPERATOR, HELP, device=DEVICE).readings[0].values == {"zone": "hall"}
