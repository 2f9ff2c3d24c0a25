"""`careful diff` as typed: two releases by name, what came and went, and why."""

import pytest
from flaws_cli import read, typed
from village import FLAW, Village

from careful.entrypoints.cli.diff import command
from careful.kernel.errors import NotFound


@pytest.fixture
def two(world, tmp_path):
    village = Village(world, tmp_path)
    village.declare()
    village.hear()
    village.ship("1.0.0", "pillow==10.0.0")
    village.ship("1.0.1", "pillow==10.0.1", "libz")
    village.work()
    return village


def test_what_went_and_why(world, two):
    done = typed(command, world, "cam-1@1.0.0", "cam-1@1.0.1")
    assert f"went\t{FLAW}\tpillow\t10.0.0\t10.0.1\tpillow went from 10.0.0 to 10.0.1" in done.stdout
    assert done.stdout.endswith("0 came, 1 went, 2 stayed, 0 not known.\n")
    found = read(typed(command, world, "cam-1@1.0.1", "cam-1@1.0.0", "--json"))
    assert [(one["kind"], one["flaw"]) for one in found["changes"] if one["kind"] != "stayed"] == [("came", FLAW)]


def test_nothing_between_a_release_and_itself(world, two):
    done = typed(command, world, "cam-1@1.0.0", "cam-1@1.0.0")
    assert "No flaw came or went." in done.stdout
    assert f"stayed\t{FLAW}" in typed(command, world, "cam-1@1.0.0", "cam-1@1.0.0", "--all").stdout


@pytest.mark.parametrize("name", ["cam-1@9", "nothing@1.0.0", "nothing"])
def test_what_is_no_release(world, two, name):
    with pytest.raises(NotFound, match=f"There is no release {name}"):
        typed(command, world, name, "cam-1@1.0.0")
