"""Every route of the API: described, guarded by one scope, refusing in problem+json."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from careful import people
from careful.entrypoints.api.app import ROUTERS, create_api
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World


def _scope_of(route: APIRoute) -> str:
    found = [getattr(need.call, "scope", None) for need in route.dependant.dependencies]
    scopes = [scope for scope in found if scope]
    assert len(scopes) == 1, f"{route.path} must be guarded by exactly one scope"
    return str(scopes[0])


def _routes() -> Iterator[Any]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield pytest.param(method, route.path, _scope_of(route), id=f"{method} {route.path}")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("method", "path", "scope"), list(_routes()))
class TestEveryRoute:
    def test_without_a_token_it_is_closed(self, world: World, method: str, path: str, scope: str) -> None:
        answer = TestClient(create_api(world)).request(method, path.replace("{", "").replace("}", ""))
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert scope in answer.json()["do"]

    def test_all_other_scopes_together_do_not_open_it(self, world: World, method: str, path: str, scope: str) -> None:
        token = people.issue_token(world, OPERATOR, "all but one", people.all_scopes() - {scope}, 1)
        client = TestClient(create_api(world), headers={"authorization": f"Bearer {token}"})
        answer = client.request(method, path.replace("{", "").replace("}", ""))
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
        assert scope in answer.json()["detail"]

    def test_it_declares_what_it_may_refuse_with(self, world: World, method: str, path: str, scope: str) -> None:
        described = create_api(world).openapi()["paths"][path][method.lower()]
        assert described["security"], scope
        assert {"400", "401", "403", "404", "409", "413", "429"} <= set(described["responses"])
        assert "422" not in described["responses"]
        assert described["summary"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestRefusals:
    def test_an_unknown_path(self, caller: Any) -> None:
        answer = caller().get("/nothing")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")

    def test_a_wrong_method(self, caller: Any) -> None:
        assert caller().put("/devices").status_code == 405

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"{", id="broken JSON"),
            pytest.param(b"[" * 100_000, id="deep JSON"),
            pytest.param(b"[]", id="not an object"),
            pytest.param(b'{"product": 1, "hardware": "rev-a", "devices": 1}', id="wrong type"),
            pytest.param(b'{"product": "cam-1", "hardware": "rev-a", "devices": 99999999}', id="too many"),
            pytest.param(b"\xff\xfe", id="no UTF-8"),
        ],
    )
    def test_a_malformed_body_is_400_and_names_the_place(self, caller: Any, body: bytes) -> None:
        answer = caller("devices:enrol").post(
            "/devices/tokens", content=body, headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")

    def test_a_rule_of_the_domain_keeps_its_words(self, caller: Any) -> None:
        answer = caller("devices:read").get("/devices/nobody")
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:careful:problem:notfound"
        assert answer.json()["detail"]

    def test_cookies_mean_nothing(self, caller: Any) -> None:
        client = caller()
        client.cookies.set("careful", "anything")
        assert client.get("/devices").status_code == 401

    def test_the_description_needs_no_token_and_no_foreign_code(self, caller: Any) -> None:
        client = caller()
        assert client.get("/openapi.json").json()["info"]["title"] == "Careful"
        assert client.get("/docs").status_code == 404
