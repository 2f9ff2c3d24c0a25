"""From a one-time link to the console, with scripts off."""

import re
from typing import Any

import persons
import pytest

from careful import people
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def path_of(link: str) -> str:
    return link.removeprefix("http://localhost:8080")


def test_the_whole_way_in(browser: Any, world: World) -> None:
    secret = browser.enrol(people.first_link(world))
    codes = re.findall(r"<code>([0-9a-z]{6}(?:-[0-9a-z]{6}){3})</code>", browser.text)
    assert len(codes) == 8
    assert "Where you are signed in" in browser.open("/settings").text
    browser.send("/signout")
    assert browser.sign_in(secret).status_code == 303
    browser.send("/signout")
    assert browser.sign_in(secret, code=codes[0]).status_code == 303


def test_looking_at_a_link_does_not_use_it_up(browser: Any, world: World) -> None:
    link = path_of(people.first_link(world))
    for _ in range(3):
        assert "You are the first" in browser.open(link).text
    assert browser.client.head(link).status_code == 200
    assert browser.send(link, name="Ann", email="ann@example.org").headers["location"] == "/enrol"


def test_a_used_link_says_what_to_do(browser: Any, world: World) -> None:
    link = people.first_link(world)
    browser.enrol(link)
    assert browser.open(path_of(link)).status_code == 404
    assert "careful staff link" in browser.text


def test_a_mistake_in_the_form_keeps_the_link(browser: Any, world: World) -> None:
    link = path_of(people.first_link(world))
    browser.open(link)
    assert browser.send(link, name="Ann", email="no address").status_code == 400
    assert "no e-mail address" in browser.text
    assert 'value="Ann"' in browser.text
    assert browser.send(link, name="Ann", email="ann@example.org").status_code == 303


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [
        pytest.param("short", "short", "5 characters", id="short"),
        pytest.param("1q2w3e4r5t6y", "1q2w3e4r5t6y", "everybody tries", id="common"),
        pytest.param("careful20261", "careful20261", "mostly a name", id="own word"),
        pytest.param("an otter waltzes", "an otter walks", "differ", id="typed differently"),
    ],
)
def test_a_bad_password_is_refused_with_its_reason(
    browser: Any, world: World, password: str, again: str, says: str
) -> None:
    link = path_of(people.first_link(world))
    browser.open(link)
    browser.send(link, name="Ann", email="ann@example.org")
    browser.open("/enrol/password")
    assert browser.send("/enrol/password", password=password, again=again).status_code == 400
    assert says in browser.text
    assert password not in browser.text.replace("Choose a password", "")


def test_a_wrong_first_code_can_be_typed_again(browser: Any, world: World) -> None:
    link = path_of(people.first_link(world))
    browser.open(link)
    browser.send(link, name="Ann", email="ann@example.org")
    browser.open("/enrol/password")
    browser.send("/enrol/password", password=persons.PASSWORD, again=persons.PASSWORD)
    key = re.search(r'id="totp-key">([^<]+)<', browser.text)
    assert browser.send("/enrol/code", code="000000").status_code == 400
    assert "not the code" in browser.text
    assert key
    assert key[1] in browser.text


def test_password_fields_help_password_managers(browser: Any, world: World) -> None:
    browser.open("/sign-in")
    for line in (
        'type="password"',
        'autocomplete="current-password"',
        'autocomplete="one-time-code"',
        'maxlength="1024"',
    ):
        assert line in browser.text
    assert "onpaste" not in browser.text


def test_recovery_begins_by_saying_what_it_takes_away(browser: Any, secret: bytes, stranger: Any) -> None:
    link = people.recovery_link(browser.world, OPERATOR, "ann@example.org")
    stranger.open(path_of(link))
    assert "takes your old passkeys, password and recovery codes away" in stranger.text
    assert 'name="email"' not in stranger.text
    stranger.send(path_of(link))
    assert "/sign-in" in str(browser.open("/settings").url)


def test_a_passkey_without_a_browser(browser: Any, world: World) -> None:
    link = path_of(people.first_link(world))
    browser.open(link)
    browser.send(link, name="Ann", email="ann@example.org")
    csrf = re.search(r'data-csrf="([0-9a-f]+)"', browser.text)
    assert csrf
    headers = {"origin": "http://localhost:8080", "sec-fetch-site": "same-origin", "x-csrf-token": csrf[1]}
    options = browser.client.post("/enrol/passkey/begin", headers=headers).json()
    assert options["authenticatorSelection"]["userVerification"] == "required"
    answer = persons.SoftKey().make(options)
    done = browser.client.post("/enrol/passkey", json={"answer": answer, "label": "Key"}, headers=headers)
    assert done.json() == {"next": "/"}
    assert "Key" in browser.open("/settings").text
