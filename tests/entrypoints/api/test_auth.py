"""Bearer tokens as they arrive."""

import asyncio
from typing import Any

import pytest

from careful import people
from careful.entrypoints.api.app import create_api
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


@pytest.mark.parametrize(
    ("scopes", "status"),
    [pytest.param([], 401, id="no token"), pytest.param(["releases:read"], 403, id="a token for something else")],
)
@pytest.mark.parametrize("path", ["/releases", "/feeds", "/products", "/devices/tokens"])
def test_nothing_is_read_of_who_may_not(world: World, scopes: list[str], status: int, path: str) -> None:
    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    if scopes:
        token = people.issue_token(world, OPERATOR, "CI", scopes, 1)
        headers.append((b"authorization", f"Bearer {token}".encode()))
    answers: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": headers, "root_path": "", "scheme": "http", "http_version": "1.1", "server": ("testserver", 80),
    }  # fmt: skip
    asyncio.run(create_api(world)(scope, receive, send))
    assert answers[0]["status"] == status


def test_a_token_is_looked_up_once_a_request(caller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    api = caller("devices:read")
    asked, real = [], people.actor_of_token
    monkeypatch.setattr(people, "actor_of_token", lambda *given: asked.append(given) or real(*given))
    for expected in (1, 2):
        assert api.get("/devices").status_code == 200
        assert len(asked) == expected


def test_a_guard_for_a_scope_that_does_not_exist_is_a_mistake_of_ours(database: object) -> None:
    with pytest.raises(ValueError, match="no scope"):
        needs("devices", "explode")
