"""The API under test: a client whose token has the scopes it is given."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from careful import people
from careful.entrypoints.api.app import create_api
from careful.kernel.actors import OPERATOR
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
