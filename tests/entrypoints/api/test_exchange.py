"""Token exchange as an OAuth client sees it, over the API."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from issuer_server import Issuer
from makers import Maker

from careful import people
from careful.entrypoints.api.app import create_api
from careful.entrypoints.api.exchange import ACCESS, GRANT, TAKEN
from careful.kernel.actors import OPERATOR
from careful.kernel.clock import ManualClock
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with Issuer(tmp_path) as running:
        yield running


@pytest.fixture
def job(world: World, issuer: Issuer, clock: ManualClock) -> Callable[..., Any]:
    """Exchange what the issuer says: `job(scope="…", sub="…")` returns the answer."""
    given = {"ci_issuers_inside": ("localhost",), "ci_issuer_ca": str(issuer.ca)}
    inside = replace(world, settings=world.settings.model_copy(update=given))
    client = TestClient(create_api(inside), raise_server_exceptions=False)
    people.make_trust(
        world, OPERATOR, "CI", issuer=issuer.url, claims={"sub": "repo:acme/camera:ref:refs/heads/*"},
        scopes=sorted(people.JOB_SCOPES), product="cam-1",
    )  # fmt: skip

    def ask(form: dict[str, str] | None = None, **claims: Any) -> Any:
        word = issuer.says(clock.now(), world.settings.console_url, **claims)
        body = {"grant_type": GRANT, "subject_token": word, "subject_token_type": TAKEN[0], **(form or {})}
        return client.post("/token", data=body)

    return ask


def test_a_token_in_the_standards_form(job: Any) -> None:
    answer = job({"scope": "releases:read releases:add", "unknown": "is ignored", "requested_token_type": ACCESS})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    body = answer.json()
    assert people.is_token(body.pop("access_token"))
    assert body == {
        "issued_token_type": ACCESS,
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": "releases:add releases:read",
        "product": "cam-1",
    }


@pytest.mark.parametrize(
    ("form", "claims", "status", "error"),
    [
        ({"grant_type": "password"}, {}, 400, "unsupported_grant_type"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}, {}, 400, "invalid_request"),
        ({"actor_token": "x"}, {}, 400, "invalid_request"),
        ({"subject_token": "x"}, {}, 400, "invalid_request"),
        ({"scope": "staff:invite"}, {}, 400, "invalid_request"),
        ({}, {"sub": "repo:evil/camera:ref:refs/heads/main"}, 400, "invalid_request"),
        ({}, {"iss": "https://localhost:1"}, 400, "invalid_request"),
    ],
)
def test_refusals_are_problems_and_oauth_errors(
    job: Any, form: dict[str, str], claims: dict[str, Any], status: int, error: str
) -> None:
    answer = job(form, **claims)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["error"] == error
    assert answer.json()["detail"]


def test_the_same_word_twice_and_an_issuer_that_is_away(job: Any, issuer: Issuer, clock: ManualClock) -> None:
    assert job(jti="same").status_code == 200
    again = job(jti="same")
    assert (again.status_code, again.json()["error"]) == (409, "invalid_grant")
    assert "CAREFUL_TOKEN" in again.json()["do"]


def test_a_jobs_token_reaches_its_product_and_nothing_else(
    job: Any, caller: Any, maker: Maker, world: World, issuer: Issuer
) -> None:
    mine, other = maker.release("1.0.0").id, maker.release("1.0.0", product="cam-2").id
    client = caller()
    client.headers["authorization"] = f"Bearer {job().json()['access_token']}"
    assert client.get("/releases", params={"product": "cam-1"}).status_code == 200
    assert client.get(f"/releases/{mine}").status_code == 200
    for method, path in (
        ("GET", "/releases"),
        ("GET", "/releases?product=cam-2"),
        ("GET", f"/releases/{other}"),
        ("GET", f"/releases/{other}/sbom"),
        ("POST", f"/releases/{other}/sign"),
        ("POST", f"/releases/{other}/publish"),
        ("PUT", f"/releases/{other}/provenance"),
        ("GET", "/rollouts"),
        ("GET", "/rollouts?product=cam-2"),
        ("GET", "/release-policies/cam-1"),
        ("GET", "/products"),
        ("GET", "/devices"),
        ("GET", "/tokens"),
    ):
        answer = client.request(method, path)
        assert answer.status_code == 403, path
    assert client.post("/rollouts", json={"product": "cam-2", "version": "1.0.0"}).status_code == 403
    assert client.post("/rollouts/preview", json={"product": "cam-2", "version": "1.0.0"}).status_code == 403
    form = {"product": "cam-2", "version": "2.0.0", "hardware": "rev-a"}
    files = {"image": ("i", b"x"), "sbom": ("s", b"{}")}
    assert client.post("/releases", data=form, files=files).status_code == 403
