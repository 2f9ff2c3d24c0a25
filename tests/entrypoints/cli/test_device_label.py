"""Codes for labels, by command."""

import csv
import io
import json

from click.testing import CliRunner
from household import make_house

from careful.entrypoints.cli.device import command


def test_codes_are_printed_for_labels(world, staff, tmp_path):
    make_house(world, staff, tmp_path)

    class Parts:
        def world(self):
            return world

    def run(*arguments):
        return CliRunner().invoke(command, ("label", "cam-1", *arguments), obj=Parts(), catch_exceptions=False).output

    (row,) = list(csv.DictReader(io.StringIO(run("--csv"))))
    assert row["device"] == "cam-1-001"
    assert row["address"].endswith("/my/claim?device=cam-1-001")
    assert "Every device has a code already." in run()
    (again,) = json.loads(run("--id", "cam-1-001", "--again", "--json"))
    assert again["code"] != row["code"]
