"""Tokens and trusts over the API: seen and ended, never made."""

from typing import Any

import pytest

from careful import people
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_they_are_listed_without_secrets_and_ended(caller: Any, world: World) -> None:
    secret = people.issue_token(world, OPERATOR, "leaked", ["cases:read"], 1)
    trust = people.make_trust(
        world, OPERATOR, "CI", issuer="https://ci.example", claims={"sub": "main"}, scopes=["releases:add"],
        product="cam-1",
    )  # fmt: skip
    api = caller("tokens:read", "tokens:revoke", "tokens:trust")
    answer = api.get("/tokens")
    assert secret not in answer.text
    token = next(one["id"] for one in answer.json() if one["name"] == "leaked")
    assert api.delete(f"/tokens/{token}").status_code == 204
    assert api.delete(f"/tokens/{token}").status_code == 409
    assert api.delete("/tokens/nobody").status_code == 404
    assert [one["id"] for one in api.get("/trusts").json()] == [trust]
    assert api.delete(f"/trusts/{trust}").status_code == 204
    assert api.get("/trusts").json()[0]["ended_at"]
    assert caller().get("/devices", headers={"authorization": f"Bearer {secret}"}).status_code == 401
    assert api.post("/tokens", json={}).status_code == 405
