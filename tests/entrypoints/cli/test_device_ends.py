"""A device changes hands, by command."""

import json

import pytest
from click.testing import CliRunner
from household import make_house

from careful import customer_data, devices
from careful.entrypoints.cli.device import command


@pytest.mark.parametrize(("word", "why"), [("transfer", "transfer"), ("reset", "reset")])
def test_what_the_last_customer_had_ends(world, staff, tmp_path, word, why):
    house = make_house(world, staff, tmp_path)
    house.say("up/clip", zone="hall")
    devices.set_owner(world, staff, "cam-1-001", "kim@example.com")

    class Parts:
        def world(self):
            return world

    def run(*arguments):
        return CliRunner().invoke(command, arguments, obj=Parts(), catch_exceptions=False).output

    made = json.loads(run(word, "cam-1-001", "--json"))
    assert (made["why"], made["device"]) == (why, "cam-1-001")
    assert len(devices.owner_contacts(world, ["cam-1-001"])) == (0 if word == "transfer" else 1)
    assert customer_data.WORDS[why] in run(word, "cam-1-001")
