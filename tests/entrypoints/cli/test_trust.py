"""`careful trust` as typed."""

import json
from pathlib import Path
from typing import Any

import pytest
from flaws_cli import typed
from makers import Maker

from careful import people
from careful.entrypoints.cli.trust import command
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NEW = ("new", "camera", "--issuer", "https://ci.example", "--claim", "sub=repo:acme/camera:ref:refs/heads/main")


def test_made_listed_and_ended(world: World, staff: Actor, tmp_path: Path) -> None:
    Maker(world, staff, tmp_path).declare()
    assert "careful trust new" in typed(command, world, "list").output
    trust = json.loads(typed(command, world, *NEW, "--product", "cam-1", "--json").output)["trust"]
    assert "audience http" in typed(command, world, *NEW, "--product", "cam-1", "--scope", "releases:add").output
    listed: list[dict[str, Any]] = json.loads(typed(command, world, "list", "--json").output)
    assert sorted(one["scopes"] for one in listed) == [
        ["releases:add"],
        ["releases:add", "releases:read", "releases:sign"],
    ]
    assert "sub=repo:acme/camera" in typed(command, world, "list").output
    assert "has ended" in typed(command, world, "end", trust).output
    with pytest.raises(Refused):
        typed(command, world, "end", trust, "--json")
    assert len([one for one in people.list_trusts(world) if one.ended_at]) == 1


def test_what_is_refused(world: World, staff: Actor, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        typed(command, world, *NEW, "--product", "cam-1")
    Maker(world, staff, tmp_path).declare()
    for more in (("--claim", "sub=again"), ("--claim", "x"), ("--scope", "staff:invite")):
        with pytest.raises(Invalid):
            typed(command, world, *NEW, "--product", "cam-1", *more)
