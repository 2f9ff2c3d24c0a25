import json

import pytest
from terminal import typing

from careful import devices
from careful.entrypoints.cli.gateway_token import command
from careful.kernel.errors import NotFound


@pytest.fixture
def run(world):
    return typing(world, command)


def test_a_token_is_printed_alone_listed_and_ended(run, world):
    assert "gateway-token make" in run("list")
    assert len(run("make", "shop floor").strip().split()) == 1
    told = json.loads(run("make", "second", "--json"))
    assert set(told) == {"id", "name", "gateway_token"}
    assert "shop floor" in run("list")
    assert told["gateway_token"] not in run("list", "--json")
    assert "no longer works" in run("revoke", told["id"])
    in_force = {one.id for one in devices.gateway_tokens(world) if one.revoked_at is None}
    assert len(in_force) == 1
    assert told["id"] not in in_force
    with pytest.raises(NotFound):
        run("revoke", told["id"], "--json")
