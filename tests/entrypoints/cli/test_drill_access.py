"""The access drill against the real doors: what must not open them does not, and that is on record."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parents[2] / "demo"))
from town import Town

from careful import devices
from careful.entrypoints.cli import drill_access
from careful.kernel import ledger
from careful.kernel.errors import Refused, Unavailable
from careful.kernel.work import World

TRIED = {
    ("est", "none"),
    ("est", "wrong"),
    ("est", "replayed"),
    ("est", "revoked"),
    ("ddi", "none"),
    ("ddi", "wrong"),
    ("ddi", "revoked"),
    ("mqtt", "none"),
    ("mqtt", "wrong"),
    ("mqtt", "revoked"),
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = Town(tmp_path_factory.mktemp("town") / "home", ("plug-1",))
    yield made
    made.close()


def run(world: World, *arguments: str) -> Result:
    class Parts:
        def world(self) -> World:
            return world

    done = CliRunner().invoke(drill_access.access, arguments, obj=Parts())
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_every_door_holds_and_it_is_recorded(town: Town):
    done = run(town.world, "--product", "plug-1", "--json")
    assert done.exit_code == 0, done.output
    tried = json.loads(done.stdout[done.stdout.index("[\n") :])  # the doors' own log goes to the same place here
    assert {(one["interface"], one["credential"]) for one in tried} == TRIED
    assert all(one["held"] and one["got"] == "refused" for one in tried)
    with town.world.look() as connection:
        probed = [entry.data for entry in ledger.read(connection, names=["devices.access_probed"])]
    assert {(one["interface"], one["credential"]) for one in probed if one["held"]} == TRIED
    (drilled,) = (one for one in devices.list_devices(town.world) if one.id.startswith("drill-"))
    assert drilled.state == "retired"


def test_a_door_that_lets_in_fails_the_drill(town: Town, monkeypatch: pytest.MonkeyPatch):
    real = drill_access.Doors.renew

    def fooled(self: drill_access.Doors, *given: Any) -> str:
        assert real(self, *given) == drill_access.REFUSED
        return drill_access.LET_IN

    monkeypatch.setattr(drill_access.Doors, "renew", fooled)
    done = run(town.world)
    assert done.exit_code == 1
    assert "FAILED  est   revoked   let in" in done.output
    assert done.output.count("held  ") == len(TRIED) - 1


def test_refusals_prove_nothing_where_nothing_is_let_in(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drill_access.Doors, "mqtt", lambda *_: drill_access.REFUSED)
    with pytest.raises(Refused, match="so a refusal proves nothing"):
        run(town.world)
    assert {one.state for one in devices.list_devices(town.world)} == {"retired"}


def test_no_product_no_drill(world: World):
    with pytest.raises(Refused, match="No product is approved yet"):
        run(world)


def test_closed_doors_are_no_refusal(town: Town):
    settings = town.world.settings.model_copy(update={"device_port": 1, "mqtt_port": 1})
    doors = drill_access.Doors(World(town.world.database, town.world.clock, settings, town.world.keys, town.world.home))
    with pytest.raises(Unavailable):
        doors.ddi("x", drill_access.Credential())
    with pytest.raises(Unavailable):
        doors.mqtt("x", drill_access.Credential())
    with pytest.raises(Unavailable):
        doors.est("plug-1", "", None)
