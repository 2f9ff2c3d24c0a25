"""Proving once more: every weighty route asks, nothing happens before, and what was begun is gone on with."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from careful import people
from careful.entrypoints.console import step_up
from careful.kernel.errors import Invalid

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

AGREED = Path(__file__).parents[2] / "rules" / "step_up.txt"
STALE = timedelta(minutes=people.PROOF_MINUTES, seconds=1)


def changing(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Every route of the console that changes something, with ids that name nothing."""
    for route in routes:
        if isinstance(route, Route):
            for method in sorted((route.methods or set()) - {"GET", "HEAD"}):
                yield method, route.path


def test_the_agreed_routes_ask_for_a_proof_and_no_others(app: Starlette, browser: Any, secret: bytes) -> None:
    browser.clock.advance(STALE)
    browser.open("/settings")
    headers = {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin", "x-csrf-token": browser.csrf}
    asking = []
    for method, path in changing(app.routes):
        if path in {"/signout", "/first/{secret}", "/prove"}:
            continue
        filled = re.sub(r"\{[^}]*\}", "x", path)
        answer = browser.client.request(method, filled, headers=headers)
        if answer.status_code == 401 and "Is it you?" in answer.text:
            asking.append(f"{method} {path}")
    assert sorted(asking) == AGREED.read_text().splitlines(), f"agree on it in {AGREED.name}"


def test_halting_a_rollout_never_waits(browser: Any, secret: bytes) -> None:
    browser.clock.advance(STALE)
    asked = {}
    for act in ("halt", "resume", "confirm", "roll-back"):
        browser.open("/settings")
        asked[act] = browser.send(f"/rollouts/x/{act}").status_code == 401
    assert asked == {"halt": False, "resume": True, "confirm": True, "roll-back": True}


def test_what_was_begun_is_gone_on_with_after_the_proof(browser: Any, secret: bytes) -> None:
    browser.clock.advance(STALE)
    browser.open("/settings")
    answer = browser.send("/settings/tokens", name='<CI & "co">', days="7", scope=["cases:read", "cases:judge"])
    assert answer.status_code == 401
    assert people.list_tokens(browser.world) == []
    waiting = re.search(r'name="again" value="([^"]*)"', answer.text)
    assert waiting
    again, before = unescape(waiting[1]), browser.cookie
    wrong = browser.send("/prove", password="wrong", code="123456", again=again)
    assert wrong.status_code == 401
    assert unescape(re.search(r'name="again" value="([^"]*)"', wrong.text)[1]) == again  # type: ignore[index]
    proof = {"password": "correct horse battery", "code": browser.code(secret), "again": again}
    assert browser.send("/prove", **proof).status_code == 200
    assert browser.cookie != before  # the session has a new secret
    assert "Nothing was done yet" in browser.text
    assert "<CI &" not in browser.page.text
    assert people.list_tokens(browser.world) == []
    kept = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', browser.page.text)
    fields: dict[str, Any] = {name: unescape(value) for name, value in kept if name not in {"csrf", "scope"}}
    browser.send("/settings/tokens", **fields, scope=[value for name, value in kept if name == "scope"])
    assert [(one.name, one.scopes) for one in people.list_tokens(browser.world)] == [
        ('<CI & "co">', ("cases:judge", "cases:read"))
    ]
    assert browser.open("/settings").status_code == 200


def test_a_proof_lasts_for_what_follows_and_then_no_more(browser: Any, secret: bytes) -> None:
    browser.clock.advance(STALE)
    browser.open("/prove?next=/settings")
    proof = {"password": "correct horse battery", "code": browser.code(secret), "next": "/settings"}
    assert browser.send("/prove", **proof).headers["location"] == "/settings"
    assert browser.send("/settings/people/invite", role="support").status_code == 200
    browser.open("/settings")
    browser.clock.advance(STALE)
    assert browser.send("/settings/people/invite", role="support").status_code == 401


def test_a_form_with_secrets_or_a_file_does_not_travel(browser: Any, secret: bytes) -> None:
    browser.open("/enrol/password")
    browser.clock.advance(STALE)
    answer = browser.send("/enrol/password", password="another good sentence", again="another good sentence")
    assert answer.status_code == 401
    assert "another good sentence" not in browser.text
    assert 'name="next" value="/enrol/password"' in browser.text
    browser.open("/settings")
    headers = {
        "origin": "http://localhost:8080",
        "sec-fetch-site": "same-origin",
        "referer": "http://evil.test/settings",
    }
    data, files = {"csrf": browser.csrf}, {"file": ("a.txt", b"hello")}
    answer = browser.client.post("/settings/people/invite", data=data, files=files, headers=headers)
    assert answer.status_code == 401
    assert 'name="again"' not in answer.text
    assert 'name="next" value="/settings"' in answer.text


def test_a_script_is_told_in_its_own_form(browser: Any, secret: bytes) -> None:
    browser.clock.advance(STALE)
    browser.open("/settings")
    headers = {
        "origin": "http://localhost:8080",
        "sec-fetch-site": "same-origin",
        "x-csrf-token": browser.csrf,
        "accept": "application/json",
    }
    answer = browser.client.post("/settings/people/invite", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["do"].endswith("/prove")


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "{}",
        "[1, []]",
        '["/x", [["a"]]]',
        '["/x", [["a", 1]]]',
        '["https://evil.test/", []]',
        '["//evil.test", []]',
        "[" * 5000,
        pytest.param(json.dumps(["/x", [["a", "b"]] * 201]), id="many"),
    ],
)
def test_what_we_never_wrote_is_not_carried_on(text: str, database: object) -> None:
    with pytest.raises(Invalid):
        step_up.read_carried(text)


def test_a_get_is_led_there_and_back(app: Starlette, browser: Any, secret: bytes) -> None:
    browser.clock.advance(STALE)
    answer = browser.client.get("/enrol?a=1")
    assert answer.headers["location"] == "/prove?next=%2Fenrol%3Fa%3D1"
    scope = {"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b"", "state": {}}
    assert step_up.carried_from(Request(scope)) is None
