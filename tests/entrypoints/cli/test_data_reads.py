"""Reading through the door by command, and what the log says of it."""

import json
from datetime import timedelta

import pytest
from household import make_house
from terminal import typing

from careful import customer_data
from careful.entrypoints.cli.data import command
from careful.kernel.errors import Refused


@pytest.fixture
def run(world):
    return typing(world, command)


@pytest.fixture
def house(world, staff, tmp_path):
    return make_house(world, staff, tmp_path)


def test_read_and_logged(run, house):
    house.say("up/clip", zone="hall", seconds=4)
    house.say("up/climate", celsius=21)
    with pytest.raises(Refused, match="collects nothing for the purpose 'sell it'"):
        run("read", "cam-1-001", "--purpose", "sell it")
    assert "Nobody has read" in run("reads")
    asked = ("read", "cam-1-001", "--purpose", "help the owner")
    (clip,) = json.loads(run(*asked, "--json"))["readings"]
    assert (clip["values"], clip["withheld"]) == ({"zone": "hall", "seconds": 4}, {})
    shown = run(*asked, "--since", "2026-01-01")
    assert "zone=hall, seconds=4" in shown
    assert "celsius" not in shown
    assert "Nothing of cam-1-001" in run(*asked, "--until", "2026-01-01")
    assert [one["stream"] for one in json.loads(run("reads", "cam-1-001", "--json"))].count("up/clip") == 2
    assert "operator:cli" in run("reads")


def test_what_nobody_reads(run, house):
    customer_data.measure_use(house.world)
    assert "Every field was read" in run("unread")
    house.world.clock.advance(timedelta(days=91))
    assert "celsius" in run("unread", "cam-1")
    assert {one["product"] for one in json.loads(run("unread", "--json"))} == {"cam-1"}
