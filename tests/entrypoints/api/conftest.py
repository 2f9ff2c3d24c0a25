"""The API under test: a client whose token has the scopes it is given."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from makers import Maker

from careful import people
from careful.entrypoints.api.app import create_api
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.work import World

Caller = Callable[..., TestClient]


@pytest.fixture
def caller(world: World) -> Caller:
    """Make clients: `caller("devices:read")`; without scopes, a client without a token."""

    def make(*scopes: str) -> TestClient:
        client = TestClient(create_api(world), raise_server_exceptions=False)
        if scopes:
            token = people.issue_token(world, OPERATOR, "test", scopes, 1)
            client.headers["authorization"] = f"Bearer {token}"
        return client

    return make


@pytest.fixture
def maker(world: World, staff: Actor, tmp_path: Path) -> Maker:
    """A maker with a camera, to fill the world behind the API."""
    return Maker(world, staff, tmp_path)


@pytest.fixture
def api(caller: Caller) -> TestClient:
    """A client that may do everything."""
    return caller(*people.all_scopes())
