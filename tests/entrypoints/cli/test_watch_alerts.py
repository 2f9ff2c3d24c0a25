"""`careful watch …` as typed, for alerts."""

import json

import click
import pytest
from click.testing import CliRunner

from careful import devices, monitoring, products
from careful.entrypoints.cli.watch_alerts import COMMANDS
from careful.monitoring import Detection, Seen

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def run(world):
    class Parts:
        def world(self):
            return world

    group = click.Group("watch", {one.name: one for one in COMMANDS})

    def typed(*arguments):
        done = CliRunner().invoke(group, arguments, obj=Parts(), standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done.output

    return typed


@pytest.fixture
def alert(world, staff):
    products.declare(world, staff, b"schema: product/1\nproduct: {id: cam-9, name: Test Cam, models: [TC-9]}\n")
    devices.make_tokens(world, staff, "cam-9", [f"cam-9-{one}" for one in range(7)], "rev-a")
    found = [
        Detection("scan", f"cam-9-{one}", 1e6, 30, 20, "built-in", "It tried 30.", "scan|cam-9", "quarantine")
        for one in range(7)
    ]
    monitoring.raise_alerts(world, [Seen(one, "cam-9", "1.0.0") for one in found])
    monitoring.cut_due(world)
    return monitoring.alerts(world)[0].id


def test_nothing_open_names_the_drill(run):
    assert "careful drill flood" in run("list")
    assert json.loads(run("list", "--json")) == []


def test_an_alert_is_listed_shown_cut_off_and_judged(run, alert, world):
    assert alert in run("list")
    shown = run("show", alert)
    assert monitoring.rule("scan").words in shown
    assert "Observed 30; the limit was 20, from a built-in rule." in shown
    assert "cam-9-6" in shown
    assert json.loads(run("show", alert, "--json"))["rule"]["id"] == "scan"
    assert run("cut", alert, "--why", "All of them.") == "2 devices were cut off.\n"
    assert "until" in run("expected", alert, "--release", "1.0.0", "--days", "3", "--why", "A lab scan.")
    assert "A lab scan." in run("expectations")
    [word] = json.loads(run("expectations", "--json"))
    assert run("expectations", "--end", word["id"]) == "Ended.\n"
    assert "every detection is shown" in run("expectations")
    assert "No alert is open" in run("list")
    assert alert in run("list", "--all")


def test_expected_without_a_scope_expects_nothing(run, alert, world):
    assert "a new alert" in run("expected", alert, "--why", "Once.")
    assert monitoring.expectations(world) == []


def test_trouble(run, alert, world):
    run("trouble", alert, "--why", "It was a bot.")
    assert monitoring.alert(world, alert).state == "confirmed"


def test_two_scopes_are_one_too_many(run, alert):
    with pytest.raises(click.UsageError):
        run("expected", alert, "--release", "1.0.0", "--product", "--why", "x")


def test_rules_are_told_in_words(run):
    assert monitoring.rule("flood").words in run("rules")
    assert len(json.loads(run("rules", "--json"))) == len(monitoring.rules())


def test_a_chain_begins_anew(run, world):
    monitoring.hand_out(world, "cam-9-1", None)
    assert "The next nonce" in run("chain", "cam-9-1", "--why", "Restored from a backup.")
