"""Passkeys in a real Chromium with its virtual authenticator: made, used, cloned, unverified."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import CDPSession, Page, sync_playwright
from sqlalchemy import update

from careful import people
from careful.entrypoints.console.app import create_app
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.settings import Settings
from careful.kernel.work import World
from careful.people import store
from careful.people.weighty import NEVER

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]


@contextlib.contextmanager
def serving(world: World) -> Iterator[World]:
    """Serve the console on a free loopback port; yield the world with that address in its settings."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    here = replace(world, settings=Settings(data=world.home, console_port=listener.getsockname()[1]))
    server = uvicorn.Server(uvicorn.Config(create_app(here), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield here
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def here(world: World) -> Iterator[World]:
    with serving(world) as served:
        yield served


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page()
        yield page
        browser.close()


class Authenticator:
    """The DevTools protocol's virtual authenticator, plugged into one page."""

    def __init__(self, page: Page) -> None:
        self._tools: CDPSession = page.context.new_cdp_session(page)
        self._tools.send("WebAuthn.enable")
        added = self._tools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self._id = {"authenticatorId": added["authenticatorId"]}

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._tools.send("WebAuthn.getCredentials", self._id)["credentials"]
        return found

    def put_back(self, credential: dict[str, Any]) -> None:
        """Restore an older copy of a credential: what somebody who cloned the key holds."""
        self._tools.send("WebAuthn.clearCredentials", self._id)
        self._tools.send("WebAuthn.addCredential", {**self._id, "credential": credential})

    def verify_nobody(self) -> None:
        self._tools.send("WebAuthn.setUserVerified", {**self._id, "isUserVerified": False})


def come_in(page: Page, here: World) -> Authenticator:
    """Walk from the first link to the console, with a passkey."""
    authenticator = Authenticator(page)
    page.goto(people.first_link(here))
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("Your e-mail address").fill("ann@example.org")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("What do you call this device?").fill("Work laptop")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("button", name="Sign out").wait_for()
    return authenticator


def sign_in(page: Page, here: World) -> None:
    page.goto(f"{here.settings.console_url}/settings")
    page.get_by_role("button", name="Sign in with a passkey").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()


def refusals(here: World) -> list[str]:
    with here.look() as connection:
        return [entry.data["reason"] for entry in ledger.read(connection, names=["people.sign_in_refused"])]


def test_a_passkey_is_made_used_and_listed(page: Page, here: World) -> None:
    authenticator = come_in(page, here)
    assert len(authenticator.credentials()) == 1
    for _ in range(2):
        sign_out(page)
        sign_in(page, here)
        page.get_by_role("heading", name="Where you are signed in").wait_for()
    assert page.get_by_text("Work laptop").is_visible()
    assert authenticator.credentials()[0]["signCount"] == 3
    assert refusals(here) == []


def test_an_older_copy_of_the_key_is_refused(page: Page, here: World) -> None:
    authenticator = come_in(page, here)
    copied = authenticator.credentials()[0]
    for _ in range(2):
        sign_out(page)
        sign_in(page, here)
        page.get_by_role("heading", name="Where you are signed in").wait_for()
    sign_out(page)
    authenticator.put_back(copied)
    sign_in(page, here)
    page.get_by_text("did not prove itself").wait_for()
    assert refusals(here) == ["cloned"]
    page.goto(here.settings.console_url)
    assert "/sign-in" in page.url


def make_stale(here: World) -> None:
    """Let every session's last proof be long ago; the test's clock stands still."""
    with here.change(SYSTEM) as work:
        work.connection.execute(update(store.sessions).values(proved_at=NEVER))


def test_a_fresh_passkey_goes_on_with_what_was_begun(page: Page, here: World) -> None:
    authenticator = come_in(page, here)
    make_stale(here)
    page.goto(f"{here.settings.console_url}/settings")
    page.get_by_label("support").check()
    page.get_by_role("button", name="Make an invitation").click()
    page.get_by_role("heading", name="Is it you?").wait_for()
    assert not page.get_by_label("Password").is_visible()  # whoever has a passkey shows that
    page.get_by_role("button", name="Show a passkey").click()
    page.get_by_role("heading", name="An invitation").wait_for()  # no second click, nothing typed twice
    assert authenticator.credentials()[0]["signCount"] == 2
    make_stale(here)
    authenticator.verify_nobody()
    page.goto(f"{here.settings.console_url}/settings")
    page.get_by_label("support").check()
    page.get_by_role("button", name="Make an invitation").click()
    page.get_by_role("button", name="Show a passkey").click()
    page.get_by_text("not confirmed").wait_for()
    with here.look() as connection:
        assert len(ledger.read(connection, names=["people.link_issued"])) == 2  # the first one and the invitation


def test_a_key_that_verified_nobody_is_not_enough(page: Page, here: World) -> None:
    authenticator = come_in(page, here)
    sign_out(page)
    authenticator.verify_nobody()
    sign_in(page, here)
    page.get_by_text("not confirmed").wait_for()
    page.goto(here.settings.console_url)
    assert "/sign-in" in page.url


def test_no_page_breaks_its_own_content_policy(page: Page, here: World) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    come_in(page, here)
    for path in ("/enrol", "/enrol/password", "/settings"):
        page.goto(here.settings.console_url + path)
    sign_out(page)
    assert [text for text in complaints if "Content Security Policy" in text or "Refused" in text] == []
