"""Signing in by an identity provider: on the pages, and in a real Chromium that comes back from another site."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import oidc_provider
import pytest
import uvicorn
from oidc_provider import Company, target_in
from playwright.sync_api import sync_playwright

from careful import people
from careful.entrypoints.console.app import create_app
from careful.kernel.settings import Settings
from careful.kernel.work import World

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with oidc_provider.running() as running:
        running.person("u-1", name="Uma", email="uma@example.org", groups=["careful-admins"])
        running.person("u-9", name="Nobody", email="u9@example.org", groups=["other"])
        yield running


@pytest.fixture
def theirs(browser: Any, secret: bytes, world: World, company: Company) -> Any:
    """A browser at a console that has this provider; Ann is there already."""
    here = company.world(world)
    return type(browser)(create_app(here), here, browser.clock)


def back(browser: Any, company: Company, path: str, subject: str, **fields: str) -> Any:
    """Press the button, sign in at the provider, come back as from another site."""
    answer = browser.send(path, **fields)
    assert answer.status_code == 200, answer.text
    said = company.let_in(target_in(answer.text), subject)
    first = browser.client.get(people.IDENTITY_BACK, params=said, headers={"sec-fetch-site": "cross-site"})
    assert target_in(first.text).startswith(people.IDENTITY_BACK)  # a step on our own site, for the strict cookies
    return browser.client.get(target_in(first.text), headers={"sec-fetch-site": "same-origin"})


def test_in_by_the_provider_and_asked_by_it_again(theirs: Any, company: Company) -> None:
    theirs.open("/sign-in")
    answer = back(theirs, company, "/sign-in/identity", "u-1", next="/settings")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    assert "its groups give your roles" in theirs.open("/settings").text
    assert theirs.client.cookies.get("careful-known")
    assert theirs.send("/settings/people/invite", role="support").status_code == 401  # the provider's word is no proof
    assert "Show it to 127.0.0.1" in theirs.text
    before = theirs.cookie
    answer = back(theirs, company, "/prove/identity", "u-1", next="/settings")
    assert answer.headers["location"] == "/settings"
    assert theirs.cookie != before
    theirs.open("/settings")
    assert theirs.send("/settings/people/invite", role="support").status_code == 200
    identity = people.identities_of(theirs.world, people.account_of(theirs.world, "uma@example.org").id)[0]
    theirs.open("/settings")
    assert theirs.send(f"/settings/identities/{identity.id}/remove").status_code == 409  # the only way in


def test_who_has_no_role_sees_why_and_no_session(theirs: Any, company: Company) -> None:
    theirs.open("/sign-in")
    answer = back(theirs, company, "/sign-in/identity", "u-9")
    assert answer.status_code == 403
    assert "no role here" in answer.text
    assert theirs.cookie is None
    theirs.open("/sign-in")
    other = theirs.client.get(people.IDENTITY_BACK, params={"code": "c", "state": "in.x"})
    assert other.status_code == 401
    assert "belongs to no attempt" in other.text
    assert theirs.client.get(people.IDENTITY_BACK, params={"code": "c" * 5000}).status_code == 401


def test_an_address_takes_no_account_over(theirs: Any, company: Company) -> None:
    company.person("u-2", email="ann@example.org", groups=["careful-admins"])
    theirs.open("/sign-in")
    answer = back(theirs, company, "/sign-in/identity", "u-2")
    assert (answer.status_code, "not linked" in answer.text) == (409, True)


def test_without_a_provider_no_page_speaks_of_one(browser: Any, secret: bytes) -> None:
    assert "company" not in browser.open("/settings").text
    assert browser.send("/settings/identities").status_code == 404
    browser.send("/signout")
    assert "company" not in browser.open("/sign-in").text
    assert browser.send("/sign-in/identity").status_code == 404


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium")
def test_a_real_browser_goes_there_and_back(world: World) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with oidc_provider.running(f"http://localhost:{port}{people.IDENTITY_BACK}") as company:
            company.person("u-1", name="Uma", email="uma@example.org", groups=["desk"])
            here = company.world(replace(world, settings=Settings(data=world.home, console_port=port)))
            server = uvicorn.Server(uvicorn.Config(create_app(here), log_level="warning"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                with sync_playwright() as tools:
                    chromium = tools.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
                    page = chromium.new_page(viewport={"width": 320, "height": 640})
                    complaints: list[str] = []
                    page.on("console", lambda said: complaints.append(said.text))
                    page.goto(f"http://localhost:{port}/settings")
                    page.get_by_role("button", name="Sign in by 127.0.0.1").click()
                    page.locator("input[name=sub]").first.fill("u-1")
                    page.locator("button[type=submit], input[type=submit]").first.click()
                    page.get_by_role("heading", name="Your company's account").wait_for()
                    assert page.url == f"http://localhost:{port}/settings"
                    assert page.evaluate("document.documentElement.scrollWidth") <= 320
                    assert [text for text in complaints if "Content Security Policy" in text] == []
                    chromium.close()
            finally:
                server.should_exit = True
                thread.join()
