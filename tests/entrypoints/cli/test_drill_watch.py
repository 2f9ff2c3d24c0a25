"""Drills of the watch against a running installation: each behaviour is seen, and the device cut off."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[2] / "demo"))
from town import Town

from careful import devices, monitoring, products
from careful.entrypoints.cli import drill_watch
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Refused


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    made = Town(tmp_path_factory.mktemp("town") / "home", ("plug-1",))
    text = products.text_of(made.world, "plug-1", 1)
    if b"rate:" not in text:
        rated = text.replace(b"  - id: telemetry\n", b"  - id: telemetry\n    rate: {messages: 60, per: minute}\n")
        products.declare(made.world, OPERATOR, rated)
        products.approve(made.world, OPERATOR, "plug-1")
    yield made
    made.close()


def run(world, command, *arguments):
    class Parts:
        def world(self):
            return world

    done = CliRunner().invoke(command, arguments, obj=Parts())
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_every_drill_is_seen_and_cut_off(town, monkeypatch):
    monkeypatch.setattr(monitoring, "SEEN_SECONDS", 10.0)  # in time is for the drill on a quiet machine to say
    done = run(town.world, drill_watch.everything, "--product", "plug-1", "--json")
    outcomes = json.loads(done.stdout[done.stdout.index("[\n") :])
    slow = [one for one in outcomes if not one["held"]]
    assert not slow, slow
    assert {one["kind"] for one in outcomes} == set(monitoring.DRILLS) - {"silence"}
    must = {kind for kind in monitoring.DRILLS if drill_watch._must_cut(town.world, kind, "plug-1")}
    assert {one["kind"] for one in outcomes if one["cut"] is not None} == must
    for one in outcomes:
        assert devices.get(town.world, one["device"]).state == "retired"
    with town.world.look() as connection:
        assert monitoring.drills(connection) == {}
    assert monitoring.alerts(town.world) == []
    with town.world.look() as connection:
        told = ledger.read(connection, names=["monitoring.drilled"])
    assert len(told) == len(outcomes)


def test_silence_takes_a_declared_heartbeat(town):
    declared = products.get(town.world, "plug-1").declaration.connectivity
    if declared is None or declared.heartbeat_minutes is None:
        with pytest.raises(Refused, match="declares no heartbeat"):
            run(town.world, {one.name: one for one in drill_watch.COMMANDS}["silence"], "--product", "plug-1")
    else:
        assert drill_watch._heartbeat(town.world, "plug-1") == declared.heartbeat_minutes * 60


def test_a_flood_must_be_cut_off_only_where_every_data_item_has_a_rate(world, staff):
    text = "schema: product/1\nproduct: {id: cam-1}\ndata:\n"
    for name in ("a", "b"):
        text += f"  - {{id: {name}, fields: [n], personal: false, rate: {{messages: 5, per: minute}}}}\n"
        products.declare(world, staff, text.encode())
        assert drill_watch._must_cut(world, "flood", "cam-1")
    products.declare(world, staff, (text + "  - {id: c, fields: [n], personal: false}\n").encode())
    assert not drill_watch._must_cut(world, "flood", "cam-1")
