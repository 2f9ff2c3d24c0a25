"""Requests by command."""

import json
import zipfile

import pytest
from household import make_house
from terminal import typing

from careful.entrypoints.cli.data import command
from careful.kernel.errors import Forbidden, Invalid, Refused


@pytest.fixture
def run(world):
    return typing(world, command, "request")


@pytest.fixture
def house(world, staff, tmp_path):
    return make_house(world, staff, tmp_path)


def test_from_the_first_word_to_the_file(run, house, tmp_path):
    at = house.world.clock.now()
    house.say("up/clip", zone="hall", seconds=4)
    assert "None yet" in run("list")
    assert "GDPR" in run("open", "cam-1-001", "access")
    (one,) = json.loads(run("list", "--json"))
    number = one["id"]
    assert "waits for proof" in run("list", "cam-1-001")
    with pytest.raises(Refused):
        run("answer", number)
    assert "15 minutes" in run("code", number)
    with pytest.raises(Forbidden):
        run("prove", number, "--code", "x")
    with pytest.raises(Invalid):
        run("prove", number)
    assert "judged by staff" in run("prove", number, "--reason", "known")
    assert "A file of 1 reading," in run("answer", number)
    target = tmp_path / "out.zip"
    assert "Hand it to the customer" in run("fetch", number, "--to", str(target))
    assert target.stat().st_mode & 0o777 == 0o600
    assert "readings.jsonl" in zipfile.ZipFile(target).namelist()
    with pytest.raises(Invalid, match="cannot be written"):
        run("fetch", number, "--to", str(target))
    right = json.loads(run("open", "cam-1-001", "correct", "--json"))["id"]
    run("prove", right, "--reason", "known")
    given = ("--stream", "up/clip", "--field", "zone", "--value", "kitchen")
    with pytest.raises(Invalid, match="no moment"):
        run("correct", right, *given, "--at", "noon")
    assert "beside the reading" in run("correct", right, *given, "--at", at.isoformat())
    gone = json.loads(run("open", "cam-1-001", "delete", "--json"))["id"]
    assert "now due" in run("extend", gone, "--reason", "long")
    run("prove", gone, "--reason", "known")
    assert "was destroyed in the database" in run("answer", gone)
    other = json.loads(run("open", "cam-1-001", "export", "--json"))["id"]
    assert "because: not theirs" in run("refuse", other, "--reason", "not theirs")
    assert json.loads(run("show", other, "--json"))["outcome"] == "refused"
    assert "Request" in run("show", other)
