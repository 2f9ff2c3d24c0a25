"""Every route of the API: described, guarded by one scope, refusing in problem+json."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from careful import people
from careful.entrypoints.api.app import ROUTERS, create_api, scope_of
from careful.entrypoints.api.problems import MEDIA_TYPE
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World


def _routes() -> Iterator[tuple[str, str, str]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods or ()):
                yield method, route.path, scope_of(route)


ROUTES = tuple(_routes())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestEveryRoute:
    def test_without_a_token_it_is_closed(self, caller: Any) -> None:
        client = caller()
        for method, path, scope in ROUTES:
            answer = client.request(method, path.replace("{", "").replace("}", ""))
            assert (answer.status_code, answer.headers["content-type"]) == (401, MEDIA_TYPE), path
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert method == "HEAD" or scope in answer.json()["do"]

    def test_all_other_scopes_together_do_not_open_it(self, caller: Any, world: World) -> None:
        client = caller()
        tokens = {
            scope: people.issue_token(world, OPERATOR, "all but one", people.all_scopes() - {scope}, 1)
            for scope in {scope for _, _, scope in ROUTES}
        }
        for method, path, scope in ROUTES:
            bearer = {"authorization": f"Bearer {tokens[scope]}"}
            answer = client.request(method, path.replace("{", "").replace("}", ""), headers=bearer)
            assert (answer.status_code, answer.headers["content-type"]) == (403, MEDIA_TYPE), path
            assert method == "HEAD" or scope in answer.json()["detail"]

    def test_it_declares_what_it_may_refuse_with(self, world: World) -> None:
        described = create_api(world).openapi()
        for method, path, scope in ROUTES:
            act = described["paths"][path][method.lower()]
            assert {"400", "401", "403", "404", "409", "413", "429"} <= set(act["responses"]), path
            assert "422" not in act["responses"]
            assert act["summary"]
            assert act["security"]
            assert scope in act["responses"]["403"]["description"]
        assert not {"HTTPValidationError", "ValidationError"} & set(described["components"]["schemas"])


def test_reading_needs_no_more_than_read() -> None:
    for method, path, scope in ROUTES:
        if method == "GET" and path != "/evidence/entries":
            assert scope.endswith(":read"), path
        if method != "GET":
            assert not scope.endswith(":read"), path


def test_the_guide_names_it() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    for _, path, scope in ROUTES:
        resource, verb = scope.split(":")
        assert f"/{path.split('/')[1]}" in guide, path
        assert scope in guide or f":{verb}" in guide or f"{resource}:quarantine …" in guide, scope


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
