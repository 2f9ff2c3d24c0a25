"""The settings page: one's own access, people."""

import re
from datetime import timedelta
from typing import Any

import pytest

from careful import people
from careful.entrypoints.console.access import browser_name
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def bob(browser: Any, secret: bytes, stranger: Any) -> Any:
    """An auditor in another browser."""
    stranger.enrol(people.invite(browser.world, OPERATOR, ("auditor",)), "bob@example.org", "Bob")
    stranger.open("/settings")
    return stranger


def test_sessions_are_listed_and_ended(browser: Any, secret: bytes, stranger: Any) -> None:
    stranger.sign_in(secret)
    browser.open("/settings")
    found = re.search(r"/settings/sessions/(\w+)/end", browser.text.replace("/sessions/others/end", ""))
    assert found
    assert browser.send(f"/settings/sessions/{found[1]}/end").status_code == 303
    assert "/sign-in" in str(stranger.open("/settings").url)
    assert "this one" in browser.open("/settings").text


def test_new_recovery_codes_are_shown_once(browser: Any, secret: bytes) -> None:
    browser.open("/settings")
    assert browser.send("/settings/codes").status_code == 200
    code = re.search(r"<code>([0-9a-z-]{27})</code>", browser.text)
    assert code
    assert code[1] not in browser.open("/settings").text


def test_an_invitation_is_shown_once_and_works(browser: Any, secret: bytes, stranger: Any) -> None:
    browser.open("/settings")
    assert browser.send("/settings/people/invite", role="support").status_code == 200
    link = re.search(r"<code>(http://localhost:8080/first/[\w-]+)</code>", browser.text)
    assert link
    stranger.enrol(link[1], "sue@example.org", "Sue")
    assert "Sue" in browser.open("/settings").text


def test_an_owner_changes_ends_and_disables_others(browser: Any, bob: Any) -> None:
    account = people.account_of(browser.world, "bob@example.org")
    browser.open("/settings")
    assert browser.send(f"/settings/people/{account.id}/roles", role=["support", "auditor"]).status_code == 303
    assert people.account(browser.world, account.id).roles == ("auditor", "support")
    assert "/sign-in" in str(bob.open("/settings").url)
    browser.open("/settings")
    assert browser.send(f"/settings/people/{account.id}/end-sessions").status_code == 303
    assert browser.send(f"/settings/people/{account.id}/recover").status_code == 200
    assert "/first/" in browser.text
    browser.open("/settings")
    assert browser.send(f"/settings/people/{account.id}/disable").status_code == 303
    assert people.account(browser.world, account.id).state == "disabled"


@pytest.mark.parametrize(
    "path",
    [
        "people/invite",
        "people/x/roles",
        "people/x/disable",
        "people/x/end-sessions",
        "people/x/recover",
    ],
)
def test_an_auditor_sees_and_changes_nothing(browser: Any, bob: Any, path: str) -> None:
    assert "Invite somebody" not in bob.text
    answer = bob.send(f"/settings/{path}", role="administrator", name="x", scope="cases:read")
    assert answer.status_code == 403
    assert "auditor" in bob.text


@pytest.mark.parametrize("path", ["codes", "people/invite", "passkeys/x/remove"])
def test_what_weighs_asks_for_proof_first(browser: Any, secret: bytes, path: str) -> None:
    browser.clock.advance(timedelta(minutes=people.PROOF_MINUTES, seconds=1))
    browser.open("/settings")
    answer = browser.send(f"/settings/{path}", role="administrator", name="x", scope="cases:read")
    assert answer.status_code == 401
    assert "Is it you?" in browser.text


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iOS"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/150.0 Mobile Safari/537.36", "Chrome on Android"),
        ("something quite different that goes on and on and on", "something quite different that goes on a"),
        ("", "a browser without a name"),
    ],
)
def test_browsers_by_the_names_people_use(said: str, name: str, database: object) -> None:
    assert browser_name(said) == name
