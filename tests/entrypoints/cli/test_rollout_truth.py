import json

import pytest
from click.testing import CliRunner
from makers import Maker

from careful import devices, updates
from careful.entrypoints.cli.rollout import command
from careful.kernel.errors import Invalid, NotFound


@pytest.fixture
def run(world, staff, tmp_path):
    maker = Maker(world, staff, tmp_path)
    maker.release("1.0.0")
    maker.release("1.0.1", fixes=("CVE-2026-1",))
    cams = maker.fleet(2)
    devices.seen(world, dict.fromkeys(cams, world.clock.now()))
    parts = type("Parts", (), {"world": lambda _: world})()

    def typed(*arguments):
        done = CliRunner().invoke(command, arguments, obj=parts, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return typed


def test_who_is_behind_and_what_to_do(run, world):
    said = run("stragglers", "cam-1")
    assert "Newest published release: 1.0.1 for rev-a." in said
    assert "2 devices: 0 current, 2 behind, 0 ahead, 0 unknown, 0 without." in said
    assert "in no rollout" in said
    assert json.loads(run("stragglers", "cam-1", "--json"))["causes"][0]["count"] == 2
    with pytest.raises(NotFound):
        run("stragglers", "cam-9")


def test_how_a_fix_spread(run, world, staff):
    assert "Not offered" in run("uptake", "cam-1", "1.0.1")
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    updates.advance(world)
    [found] = json.loads(run("uptake", "--flaw", "CVE-2026-1", "--json"))
    assert (found["version"], found["total"], found["points"][-1]["offered"]) == ("1.0.1 or newer", 2, 2)
    for wrong in ((), ("cam-1",), ("cam-1", "1.0.1", "--flaw", "CVE-2026-1")):
        with pytest.raises(Invalid):
            run("uptake", *wrong)
