"""What a customer sees of what is held, and of who opened it."""

import sys
from datetime import timedelta

import pytest

from careful import customer_data
from careful.customer_data.held import who_of
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.errors import Invalid

DEVICE = "cam-1-001"


def test_what_is_held_is_counted_and_dated(house, staff, monkeypatch):
    world = house.world
    assert all(one.records == 0 and one.newest is None for one in customer_data.held(world, DEVICE))
    for number in range(3):
        house.say("up/clip", zone="hall", seconds=number)
    (clip,) = [one for one in customer_data.held(world, DEVICE) if one.stream == "up/clip"]
    assert (clip.records, clip.more, clip.newest - clip.oldest) == (3, False, timedelta(seconds=2))
    assert {one.name for one in clip.fields} == {"zone", "seconds"}
    monkeypatch.setattr(sys.modules[customer_data.held.__module__], "COUNT_MOST", 2)
    (many,) = [one for one in customer_data.held(world, DEVICE) if one.stream == "up/clip"]
    assert (many.records, many.more, many.oldest) == (2, True, None)
    customer_data.end_customer(world, staff, DEVICE, "transfer")
    world.clock.advance(timedelta(seconds=1))
    assert all(one.records == 0 for one in customer_data.held(world, DEVICE))  # the next one sees nothing of it
    assert customer_data.time_began(world, DEVICE) is not None


def test_who_opened_it_is_told_by_role(house, staff):
    world, owner = house.world, Actor("owner", "one")
    house.say("up/clip", zone="hall", seconds=4)
    customer_data.read(world, OPERATOR, "help the owner", device=DEVICE)
    (read,) = customer_data.own_readings(world, owner, DEVICE, "up/clip")
    assert read.values["zone"] == "hall"
    (opening,) = customer_data.openings(world, DEVICE)
    assert (opening.who, opening.purpose, opening.records) == ("whoever runs our server", "help the owner", 1)
    with pytest.raises(Invalid, match="owner"):
        customer_data.own_readings(world, staff, DEVICE, "up/clip")
    assert who_of(world, "staff:gone") == "somebody who left"
    assert who_of(world, "token:abc") == "a program of ours"
