import json

import pytest
from collected import Collected
from terminal import typing

from careful.entrypoints.cli.data import command


@pytest.fixture
def made(world, staff):
    return Collected(world, staff)


@pytest.fixture
def run(world):
    return typing(world, command)


def test_nothing_yet(run):
    assert "No data is declared" in run("show")
    assert "Nothing was refused" in run("refused")
    assert "consent" in run("--help")


def test_items_fields_and_what_was_refused(run, made):
    made.declare()
    made.take()
    made.refuse()
    made.refuse(field="celsius", kind="wrong-type", release="")
    listed = json.loads(run("show", "toy-1", "--json"))
    assert [(one["item"], one["records"], one["refused"]) for one in listed] == [
        ("voice", 2, 0), ("climate", 40, 12), ("account", 0, 0),
    ]  # fmt: skip
    assert "parental" in run("show")
    fields = json.loads(run("show", "toy-1", "climate", "--json"))["fields"]
    assert [(one["name"], one["records"], one["refused"]) for one in fields] == [("celsius", 40, 6), ("humidity", 0, 0)]
    assert "0 to 60 s" in run("show", "toy-1", "voice")
    assert [one["field"] for one in json.loads(run("refused", "--json"))] == ["celsius", "ssid"]
    assert [one["field"] for one in json.loads(run("refused", "toy-1", "--kind", "wrong-type", "--json"))] == [
        "celsius"
    ]
    assert json.loads(run("refused", "--item", "voice", "--json")) == []
    assert "not said" in run("refused", "toy-1")
