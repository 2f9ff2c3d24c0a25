"""Bearer tokens as they arrive."""

from typing import Any

import pytest

from careful import people
from careful.entrypoints.api.auth import needs
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer careful_wrong", "Basic Y2FyZWZ1bA==", "careful_x", "Bearer " + "x" * 10_000],
)
def test_what_is_no_token(caller: Any, header: str) -> None:
    answer = caller().get("/devices", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_works_with_any_case_of_bearer(caller: Any, world: World) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["devices:read"], 1)
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert caller().get("/devices", headers={"authorization": f"{scheme} {token}"}).status_code == 200


def test_a_token_in_the_address_is_not_taken(caller: Any, world: World) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["devices:read"], 1)
    assert caller().get("/devices", params={"access_token": token, "token": token}).status_code == 401


def test_a_guard_for_a_scope_that_does_not_exist_is_a_mistake_of_ours(database: object) -> None:
    with pytest.raises(ValueError, match="no scope"):
        needs("devices", "explode")
