import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from makers import Maker

from careful import devices, products, updates
from careful.entrypoints.cli.device import command
from careful.entrypoints.cli.device_traits import moment
from careful.kernel.errors import Invalid, NotFound

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def run(world):
    parts = type("Parts", (), {"world": lambda _: world})()

    def typed(*arguments):
        done = CliRunner().invoke(command, arguments, obj=parts, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return typed


@pytest.fixture
def cam(world, staff, tmp_path):
    maker = Maker(world, staff, tmp_path)
    maker.release("1.0.1")
    text = b"schema: product/1\nproduct: {id: cam-1, name: Test, models: [X]}\nsupport: {user_can_postpone: true}\n"
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    return maker.device("cam-1-001")


def test_traits_by_command(run, cam):
    assert "no tags" not in run("show", cam)
    said = run("set", cam, "--region", "eu", "--zone", "Europe/Berlin", "--consent", "ask", "--tag", "a", "--tag", "b")
    assert said == "cam-1-001: region eu, zone Europe/Berlin, ask, tags a, b.\n"
    assert json.loads(run("set", cam, "--untag", "a", "--json"))["tags"] == ["b"]
    assert "Europe/Berlin" in run("show", cam)
    assert json.loads(run("show", cam, "--json"))["traits"]["tags"] == ["b"]
    assert [one["id"] for one in json.loads(run("list", "--tag", "b", "--region", "eu", "--json"))] == [cam]


def test_an_owner_puts_it_off(world, staff, run, cam):
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    assert json.loads(run("postpone", cam, "--until", "12h", "--json"))["device"] == cam
    assert "gets it after" in run("postpone", cam, "--until", "2d")
    assert updates.order_for(world, cam) is None
    assert devices.get(world, cam).version == "1.0.0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12h", NOW + timedelta(hours=12)),
        ("2d", NOW + timedelta(days=2)),
        ("2026-11-05T20:00+01:00", datetime(2026, 11, 5, 19, 0, tzinfo=UTC)),
    ],
)
def test_moments(text, expected):
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "h", "1000h", "tomorrow", "2026-11-05T20:00"])
def test_what_is_no_moment(text):
    with pytest.raises(Invalid):
        moment(text, NOW)


def test_the_owners_word_by_command(run, world, staff, cam):
    devices.set_traits(world, staff, cam, consent="ask")
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    assert "does not agree" in run("answer", cam, "--refuse", "--reason", "ticket 1")
    assert "its owner agrees" in run("answer", cam, "--agree", "--reason", "ticket 2")
    assert json.loads(run("answer", cam, "--agree", "--reason", "ticket 2", "--json"))["version"] == "1.0.1"
    assert updates.order_for(world, cam).consent == "given"
    parts = type("Parts", (), {"world": lambda _: world})()
    given = ["answer", cam, "--agree", "--reason", "x", "--by", "nobody"]
    with pytest.raises(NotFound):
        CliRunner().invoke(command, given, obj=parts, catch_exceptions=False)
