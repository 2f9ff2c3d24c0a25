"""Sets without persons by command, and finding a copy again."""

import json

import pytest
from click.testing import CliRunner
from household import make_house

from careful import products
from careful.entrypoints.cli.data import command
from careful.kernel.errors import Invalid, Refused

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_made_refused_and_found_again(world, staff, tmp_path):
    class Parts:
        def world(self):
            return world

    def run(*arguments):
        done = CliRunner().invoke(command, arguments, obj=Parts())
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    house = make_house(world, staff, tmp_path)
    text = (
        products.text_of(world, "cam-1", 1)
        .decode()
        .replace("{days: 14}", "{days: 14}, deidentified: {method: m, k: 2}")
    )
    products.declare(world, staff, text.encode())
    products.approve(world, staff, "cam-1")
    house.device("cam-1-002")
    for device in ("cam-1-001", "cam-1-002"):
        house.say("up/clip", device, version=2, zone="hall", seconds=4)
    target = tmp_path / "set.jsonl"
    asked = ("export-deidentified", "cam-1", "clip", "--recipient", "vendor-x", "--to", str(target))
    assert "k = 2 (declared 2)" in run(*asked, "--rule", "zone=keep")
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Invalid, match="already"):
        run(*asked, "--rule", "zone=keep")
    house.say("up/clip", version=2, zone="attic", seconds=4)
    target.unlink()
    with pytest.raises(Refused, match="Without zone it would be 2"):
        run(*asked, "--rule", "zone=keep")
    assert not target.exists()
    run(*asked, "--rule", "zone=keep", "--suppress")
    assert "vendor-x" in run("whose-copy", str(target))
    assert json.loads(run("whose-copy", str(target), "--json"))[0]["sure"] == "mark"
