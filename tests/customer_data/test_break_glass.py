"""Opening a customer in an emergency: reason, case, half an hour, every record in the ledger, and an end to excess."""

from datetime import timedelta

import persons
import pytest

from careful import customer_data, people
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, TooMany, Unauthenticated

DEVICE = "cam-1-001"


def begin(world, actor=OPERATOR, device=DEVICE):
    return customer_data.break_glass(world, actor, device, reason="smoke was reported", case_number="C-7").id


def events(world, name):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=[f"customer_data.{name}"])]


def test_all_is_written_down_before_it_is_opened(house):
    world = house.world
    for number in range(3):
        house.say("up/clip", zone="hall", seconds=number)
    for reason, case in (("", "C-7"), ("smoke", " "), ("smoke", "x" * 81)):
        with pytest.raises(Invalid):
            customer_data.break_glass(world, OPERATOR, DEVICE, reason=reason, case_number=case)
    one = begin(world)
    found = customer_data.open_records(world, OPERATOR, one, "up/clip")
    assert [reading.values["zone"] for reading in found] == ["hall"] * 3
    (opened,) = events(world, "glass_opened")
    assert (opened["count"], len(set(opened["records"]))) == (3, 3)
    assert "hall" not in str(opened)
    assert events(world, "glass_broken")[0]["case"] == "C-7"
    assert "smoke" not in str(events(world, "glass_broken"))  # what a person wrote is no ledger's
    (seen,) = customer_data.glasses_seen(world, DEVICE)
    assert (seen.role, seen.reason, seen.case_number, seen.records) == (
        "whoever runs our server", "smoke was reported", "C-7", 3
    )  # fmt: skip
    assert customer_data.openings(world, DEVICE)[0].purpose == "break-glass"
    world.clock.advance(timedelta(minutes=31))
    with pytest.raises(Refused, match="over"):
        customer_data.open_records(world, OPERATOR, one, "up/clip")
    two = begin(world)
    assert customer_data.end_glass(world, OPERATOR, two).ended_at is not None
    with pytest.raises(Refused, match="over"):
        customer_data.open_records(world, OPERATOR, two, "up/clip")
    three = begin(world)
    world.clock.advance(timedelta(seconds=1))
    customer_data.end_customer(world, OPERATOR, DEVICE, "transfer")
    with pytest.raises(Refused, match="time of the customer"):
        customer_data.open_records(world, OPERATOR, three, "up/clip")
    assert customer_data.glasses_seen(world, DEVICE) == []
    assert len(customer_data.glasses(world)) == 3
    with pytest.raises(NotFound):
        customer_data.find_glass(world, "none")


def test_who_may(house, staff):
    world = house.world
    for actor in (staff, Actor("token", "t"), Actor("owner", "o")):
        with pytest.raises(Forbidden):
            begin(world, actor)
    one = begin(world)
    with pytest.raises(Forbidden, match="may not"):
        customer_data.open_records(world, staff, one, "up/clip")
    with pytest.raises(Forbidden, match="not yours"):
        customer_data.end_glass(world, staff, one)


def test_too_much_ends_it_and_the_session(house):
    world = house.world
    with persons.cheap_hashing():
        ann = persons.enrol(world, world.clock, people.first_link(world))
    actor = people.actor_of(ann.session)
    given = world.settings.model_copy(update={"break_glass_records": 10})
    object.__setattr__(world, "settings", given)
    for number in range(6):
        house.say("up/clip", zone="hall", seconds=number)
    one = begin(world, actor)
    assert len(customer_data.open_records(world, actor, one, "up/clip")) == 6
    with pytest.raises(TooMany, match="12 records"):
        customer_data.open_records(world, actor, one, "up/clip")
    with pytest.raises(Unauthenticated):
        assert ann.session
    assert customer_data.find_glass(world, one).ended_at is not None
    (excess,) = customer_data.excesses(world, world.clock.now() - timedelta(hours=1))
    assert (excess.reader, excess.records, excess.devices) == (str(actor), 12, 1)
    assert not customer_data.excess_told(world, one)
    assert events(world, "glass_ended")[0]["why"] == "too much"
    world.clock.advance(timedelta(minutes=11))
    assert len(customer_data.open_records(world, actor, begin(world, actor), "up/clip")) == 6


def test_many_customers_are_too_much(house):
    world = house.world
    names = [f"cam-1-1{number}" for number in range(customer_data.GLASS_CUSTOMERS + 1)]
    for name in names:
        house.device(name)
        house.say("up/climate", name, celsius=20)
    for name in names[:-1]:
        customer_data.open_records(world, OPERATOR, begin(world, device=name), "up/climate")
    with pytest.raises(TooMany, match="4 customers"):
        customer_data.open_records(world, OPERATOR, begin(world, device=names[-1]), "up/climate")
