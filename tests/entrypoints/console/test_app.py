"""The application as a whole: the API beside the pages, refusals as pages."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from careful import people
from careful.entrypoints.api.app import create_api
from careful.entrypoints.console.app import create_app
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World

ORIGIN = "http://localhost:8080"

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(create_app(world, api=create_api(world)), base_url=ORIGIN, follow_redirects=False)


def test_the_api_answers_by_token_and_under_any_of_our_names(client: TestClient, world: World) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["devices:read"], 1)
    for host in ("localhost:8080", "127.0.0.1:8080"):
        answer = client.get("/api/v1/devices", headers={"authorization": f"Bearer {token}", "host": host})
        assert (answer.status_code, answer.json()) == (200, [])
    assert client.get("/api/v1/devices", headers={"host": "evil.example"}).status_code == 400


def test_the_api_takes_no_cookie(client: TestClient, browser: Any, secret: bytes) -> None:
    client.cookies.set("careful", browser.cookie)
    answer = client.get("/api/v1/devices")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_the_api_stops_at_its_size(client: TestClient, world: World) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["devices:enrol"], 1)
    answer = client.post(
        "/api/v1/devices/tokens",
        content=iter([b" " * (1 << 19)] * 3),
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"content-length": "2000000"}, 413, id="announced as too large"),
        pytest.param({"host": "evil.example"}, 400, id="a name that is not ours"),
    ],
)
def test_what_the_shell_refuses_in_the_api_s_place_is_a_problem_too(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/api/v1/devices/tokens", content=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]
    assert answer.json()["status"] == status


def test_a_page_that_is_not_there(browser: Any, secret: bytes) -> None:
    answer = browser.open("/nothing-here")
    assert answer.status_code == 404
    assert "There is no such page." in browser.text


def test_a_wrong_method(browser: Any, secret: bytes) -> None:
    browser.open("/settings")
    assert browser.send("/settings").status_code == 405


def test_the_logs_do_not_hold_a_links_secret(browser: Any, capsys: pytest.CaptureFixture[str]) -> None:
    browser.open("/first/a-secret-that-must-not-be-logged")
    said = capsys.readouterr()
    assert "must-not-be-logged" not in said.out + said.err
