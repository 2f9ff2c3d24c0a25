"""Signing in through pages, with scripts off."""

from datetime import timedelta

import pytest

from careful import people
from careful.kernel.errors import Unauthenticated
from careful.kernel.work import World


def test_a_stranger_is_sent_to_sign_in_and_back(browser, secret, stranger) -> None:
    assert stranger.open("/settings?tab=1").status_code == 200
    assert str(stranger.page.url).endswith("/sign-in?next=%2Fsettings%3Ftab%3D1")
    done = stranger.send(
        "/sign-in",
        email="ann@example.org",
        password="correct horse battery",
        code=stranger.code(secret),
        next="/settings",
    )
    assert (done.status_code, done.headers["location"]) == (303, "/settings")
    assert "Where you are signed in" in stranger.text


def test_before_anybody_has_an_account_the_page_names_the_command(browser) -> None:
    browser.open("/")
    assert "careful staff link" in browser.text


def test_a_wrong_sign_in_shows_one_sentence_and_no_session(browser, secret, stranger) -> None:
    assert stranger.sign_in(secret, code="000000").status_code == 401
    assert "That did not fit." in stranger.text
    assert stranger.cookie is None


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("https://evil.example/", id="another site"),
        pytest.param("//evil.example/", id="scheme-relative"),
        pytest.param("/\\evil.example", id="backslash"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("/a\nLocation: https://evil.example", id="header splitting"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(browser, secret, stranger, target: str) -> None:
    assert stranger.sign_in(secret, next=target).headers["location"] == "/"


def test_the_session_gets_a_secret_of_its_own_at_sign_in(browser, secret, stranger) -> None:
    stranger.client.cookies.set("careful", "planted", domain="localhost.local", path="/")
    stranger.client.cookies.set("careful-visit", "planted-too", domain="localhost.local", path="/")
    entered = stranger.sign_in(secret)
    given = entered.headers.get_list("set-cookie")
    assert any(line.startswith("careful=") for line in given)
    assert not any("planted" in line for line in given)
    for planted in ("planted", "planted-too"):
        with pytest.raises(Unauthenticated):
            people.find(stranger.world, planted)


def test_signing_out_ends_the_session_at_the_server(browser, secret) -> None:
    browser.open("/settings")
    old = browser.cookie
    assert browser.send("/signout").headers["location"] == "/sign-in?out=1"
    assert "You are signed out." in browser.text
    browser.client.cookies.set("careful", old, domain="localhost.local", path="/")
    assert str(browser.open("/settings").url).startswith("http://localhost:8080/sign-in")


def test_proof_is_asked_again_after_ten_minutes_and_rotates_the_cookie(browser, secret) -> None:
    browser.clock.advance(timedelta(minutes=people.PROOF_MINUTES, seconds=1))
    before = browser.cookie
    browser.open("/enrol/password")
    assert "Is it you?" in browser.text
    browser.send("/prove", password="correct horse battery", code=browser.code(secret), next="/enrol/password")
    assert "Choose a password" in browser.text
    assert browser.cookie not in {None, before}


def test_too_many_attempts_say_how_long_to_wait(browser, secret, stranger, world: World) -> None:
    for _ in range(5):
        stranger.sign_in(secret, password="guess", code="000000")
    refused = stranger.sign_in(secret)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "passkey" in stranger.text
    browser.open("/settings")
    browser.send("/signout")
    assert browser.sign_in(secret).status_code == 303  # the owner's own browser still gets in
