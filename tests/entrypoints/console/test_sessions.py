"""The gate and the cookies."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request

from careful import people
from careful.entrypoints.console import sessions
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Forbidden, Unauthenticated

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Any, secret: bytes, stranger: Any) -> None:
    given = stranger.sign_in(secret).headers.get_list("set-cookie")
    by_name = {line.split("=", 1)[0]: line for line in given}
    assert set(by_name) == {"careful", "careful-known", "careful-visit"}
    for line in given:
        assert "HttpOnly" in line
        assert "SameSite=strict" in line
        assert "Domain" not in line
    assert "Max-Age" not in by_name["careful"]
    assert "Max-Age=7776000" in by_name["careful-known"]


@pytest.mark.parametrize(
    ("wait", "still_in"),
    [
        pytest.param(timedelta(minutes=29), True, id="29 minutes idle"),
        pytest.param(timedelta(minutes=31), False, id="31 minutes idle"),
    ],
)
def test_idling(browser: Any, secret: bytes, wait: timedelta, still_in: bool) -> None:
    browser.clock.advance(wait)
    assert ("Where you are signed in" in browser.open("/settings").text) is still_in


def test_a_stream_of_live_updates_does_not_keep_it_alive(browser: Any, secret: bytes) -> None:
    for _ in range(2):
        browser.clock.advance(timedelta(minutes=14))
        browser.open("/settings", accept="text/event-stream")
    browser.clock.advance(timedelta(minutes=3))
    assert "/sign-in" in str(browser.open("/settings").url)


def test_half_enrolled_one_reaches_enrolment_only(browser: Any) -> None:
    browser.open(people.first_link(browser.world).removeprefix("http://localhost:8080"))
    browser.send(str(browser.page.url.path), name="Ann", email="ann@example.org")
    for path in ("/", "/settings", "/prove"):
        assert str(browser.open(path).url).endswith("/enrol"), path
    assert browser.send_raw("/settings/tokens").status_code == 401


def test_a_link_from_elsewhere_takes_one_step_more_and_keeps_the_session(browser: Any, secret: bytes) -> None:
    kept = browser.cookie
    browser.client.cookies.delete("careful")  # a strict cookie does not come along with a link from another site
    answer = browser.client.get("/settings?x=1", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0; url=/settings?x=1"' in answer.text
    assert not [line for line in answer.headers.get_list("set-cookie") if line.startswith("careful=")]
    browser.client.cookies.set("careful", kept)
    assert "Where you are signed in" in browser.open("/settings?x=1").text


def test_that_step_cannot_be_made_to_lead_elsewhere(stranger: Any) -> None:
    answer = stranger.client.get('//evil.example/"><script>', headers={"sec-fetch-site": "cross-site"})
    assert "<script>" not in answer.text.replace('<script type="module"', "")
    assert "url=//" not in answer.text


def test_a_disabled_person_is_out_at_the_next_page(browser: Any, secret: bytes, stranger: Any) -> None:
    world = browser.world
    stranger.enrol(people.invite(world, OPERATOR, ("firmware-engineer",)), "bob@example.org", "Bob")
    assert stranger.open("/settings").status_code == 200
    people.disable(world, OPERATOR, people.account_of(world, "bob@example.org").id)
    assert "/sign-in" in str(stranger.open("/settings").url)


def _request(**state: object) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "state": state})


def test_require_names_the_actor_or_refuses(browser: Any, secret: bytes) -> None:
    session = people.find(browser.world, browser.cookie)
    signed = sessions.Signed(sessions.Me("x", "X", ("auditor",)), people.actor_of(session), "", session)
    assert sessions.require(_request(session=signed), "cases", "read") == people.actor_of(session)
    with pytest.raises(Forbidden, match="cases:judge"):
        sessions.require(_request(session=signed), "cases", "judge")
    with pytest.raises(Unauthenticated):
        sessions.require(_request(session=None), "cases", "read")
    with pytest.raises(Unauthenticated):
        sessions.require(_request(), "cases", "read")


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/devices?state=active&after=x", "/devices?state=active&after=x"),
        ("/", "/"),
        ("", "/"),
        ("devices", "/"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nb", "/"),
        ("\x00/", "/"),
    ],
)
def test_safe_next(target: str, kept: str, database: object) -> None:
    assert sessions.safe_next(target) == kept
