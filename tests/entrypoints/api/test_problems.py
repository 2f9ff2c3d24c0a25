"""Problem bodies (RFC 9457)."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from careful.entrypoints.api import problems
from careful.kernel.errors import CarefulError, Invalid, Problem, Refused, TooMany, Unauthenticated, Unavailable


@pytest.mark.parametrize(
    ("refusal", "status", "kind", "headers"),
    [
        pytest.param(Refused("No.", do="Ask."), 409, "refused", {}, id="a rule"),
        pytest.param(TooMany("Slowly.", retry_after=7), 429, "toomany", {"retry-after": "7"}, id="too many"),
        pytest.param(
            Unauthenticated("Who?"), 401, "unauthenticated", {"www-authenticate": 'Bearer realm="careful"'}, id="nobody"
        ),
        pytest.param(Unavailable("The disk is full."), 503, "unavailable", {}, id="not now"),
    ],
)
def test_a_refusal(refusal: CarefulError, status: int, kind: str, headers: dict[str, str]) -> None:
    answer = raising(refusal).get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (status, problems.MEDIA_TYPE)
    assert answer.json()["type"] == f"urn:careful:problem:{kind}"
    assert (answer.json()["detail"], answer.json()["do"]) == (refusal.what, refusal.do)
    for name, value in headers.items():
        assert answer.headers[name] == value


def test_places_are_listed_and_bounded() -> None:
    many = tuple(Problem(where=f"line {number}", line=number, expected="a name") for number in range(200))
    told = raising(Invalid("The file is malformed.", problems=many)).get("/").json()["problems"]
    assert len(told) == 50
    assert told[3] == {"where": "line 3", "line": 3, "expected": "a name", "found": "", "do": ""}


def test_a_failure_of_ours_tells_nothing_of_itself() -> None:
    answer = raising(RuntimeError("a secret detail")).get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (500, problems.MEDIA_TYPE)
    assert "a secret detail" not in answer.text


def raising(failure: Exception) -> TestClient:
    app = FastAPI()
    problems.install(app)

    @app.get("/")
    def fail() -> None:
        raise failure

    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("path", "sent", "wanted"),
    [
        pytest.param("/devices/tokens", {"data": {"product": "cam-1"}}, "application/json", id="a form for JSON"),
        pytest.param("/devices/tokens", {}, "application/json", id="nothing at all"),
        pytest.param("/products", {"json": {}}, "application/yaml", id="JSON for a product file"),
    ],
)
def test_a_body_of_another_kind_is_told_which_is_wanted(api: TestClient, path: str, sent: Any, wanted: str) -> None:
    answer = api.post(path, **sent)
    assert answer.status_code == 400
    assert answer.json()["problems"][0]["do"] == f"Send the body with Content-Type: {wanted}"


def test_broken_json_is_told_where_and_why(api: TestClient) -> None:
    headers = {"content-type": "application/json"}
    (told,) = api.post("/devices/tokens", content=b'{"product": "cam-1"', headers=headers).json()["problems"]
    assert told["where"] == "body.19"
    assert told["expected"] == "JSON: Expecting ',' delimiter"
