"""The console under test: a browser with scripts off, that follows forms as a person would."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import persons
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from careful import people
from careful.entrypoints.console.app import create_app
from careful.kernel.clock import ManualClock
from careful.kernel.work import World

ORIGIN = "http://localhost:8080"


class Browser:
    """Keeps cookies, sends Origin with forms, and copies the hidden token from the page it looks at."""

    def __init__(self, app: Starlette, world: World, clock: ManualClock) -> None:
        self.client = TestClient(app, base_url=ORIGIN, follow_redirects=False, raise_server_exceptions=False)
        self.world, self.clock = world, clock
        self.page: httpx.Response | None = None

    @property
    def text(self) -> str:
        assert self.page is not None
        return unescape(self.page.text)

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]*)"', self.text)
        assert found, self.text
        return found[1]

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get("careful")

    def open(self, path: str, **headers: str) -> httpx.Response:
        self.page = self.client.get(path, headers=headers)
        while self.page.is_redirect:
            self.page = self.client.get(self.page.headers["location"], headers=headers)
        return self.page

    def send(self, path: str, **fields: Any) -> httpx.Response:
        given = {"csrf": self.csrf} | fields
        headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
        self.page = self.client.post(path, data=given, headers=headers)
        first = self.page
        while self.page.is_redirect:
            self.page = self.client.get(self.page.headers["location"])
        return first

    def send_raw(self, path: str) -> httpx.Response:
        """Post from our own page, without a token."""
        return self.client.post(path, headers={"origin": ORIGIN, "sec-fetch-site": "same-origin"})

    def code(self, secret: bytes) -> str:
        """Wait for the app's next code."""
        self.clock.advance(timedelta(seconds=30))
        return persons.totp.code_at(secret, self.clock.now())

    def enrol(self, link: str, email: str = "ann@example.org", name: str = "Ann") -> bytes:
        """Walk from a link to the console with password and TOTP; return the app's secret."""
        path = link.removeprefix(ORIGIN)
        self.open(path)
        self.send(path, name=name, email=email)
        self.open("/enrol/password")
        self.send("/enrol/password", password=persons.PASSWORD, again=persons.PASSWORD)
        found = re.search(r'id="totp-key">([A-Z2-7 ]+)<', self.text)
        assert found, self.text
        secret = persons.base64.b32decode(found[1].replace(" ", ""))
        assert self.send("/enrol/code", code=persons.totp.code_at(secret, self.clock.now())).status_code == 200
        return secret

    def sign_in(self, secret: bytes, email: str = "ann@example.org", **instead: str) -> httpx.Response:
        self.open("/sign-in")
        fields = {"email": email, "password": persons.PASSWORD} | instead
        fields.setdefault("code", instead.get("code", "") or self.code(secret))
        return self.send("/sign-in", **fields)


@pytest.fixture(autouse=True)
def _cheap_hashing() -> Iterator[None]:
    with persons.cheap_hashing():
        yield


@pytest.fixture
def app(world: World) -> Starlette:
    return create_app(world)


@pytest.fixture
def browser(app: Starlette, world: World, clock: ManualClock) -> Browser:
    """A fresh browser."""
    return Browser(app, world, clock)


@pytest.fixture
def stranger(app: Starlette, world: World, clock: ManualClock) -> Browser:
    """Another browser."""
    return Browser(app, world, clock)


@pytest.fixture
def secret(browser: Browser, world: World) -> bytes:
    """The first owner has come in with `browser`; this is in their authenticator app."""
    return browser.enrol(people.first_link(world))
