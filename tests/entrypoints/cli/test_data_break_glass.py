"""An emergency, by command."""

import json

from click.testing import CliRunner
from household import make_house

from careful.entrypoints.cli.data import command


def test_an_emergency(world, staff, tmp_path):
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="hall", seconds=1)

    class Parts:
        def world(self):
            return world

    def run(*arguments):
        return CliRunner().invoke(command, ("break-glass", *arguments), obj=Parts(), catch_exceptions=False).output

    given = ("cam-1-001", "--reason", "smoke", "--case", "C-7")
    one = json.loads(run("begin", *given, "--json"))["id"]
    assert "hall" in run("open", one, "--stream", "up/clip")
    assert json.loads(run("open", one, "--stream", "up/clip", "--json"))[0]["values"]["zone"] == "hall"
    assert "2 records were opened" in run("end", one)
    assert "is open until" in run("begin", *given)
    assert len(json.loads(run("list", "--json"))) == 2
    assert "C-7" in run("list", "cam-1-001")
