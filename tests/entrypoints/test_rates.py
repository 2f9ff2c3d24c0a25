"""Requests of one address in a minute, by class of route: a table of routes, and the refusal."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from careful.entrypoints.console.app import create_app
from careful.entrypoints.public.app import create_app as public_site
from careful.entrypoints.rates import CONSOLE, PUBLIC, a_minute, console_class, public_class
from careful.kernel.settings import Settings
from careful.kernel.work import World


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        pytest.param("GET", "/", "page", id="a page"),
        pytest.param("GET", "/live", "page", id="live updates"),
        pytest.param("POST", "/products", "change", id="a form"),
        pytest.param("DELETE", "/products", "change", id="a method that nobody takes"),
        pytest.param("GET", "/sign-in", "page", id="looking at the way in"),
        pytest.param("POST", "/sign-in", "sign-in", id="a password"),
        pytest.param("POST", "/sign-in/passkey/begin", "sign-in", id="a challenge"),
        pytest.param("POST", "/prove", "sign-in", id="one more proof"),
        pytest.param("GET", "/first/abc", "sign-in", id="a link is tried by looking"),
        pytest.param("POST", "/enrol/code", "sign-in", id="a code"),
        pytest.param("GET", "/static/base.css", "file", id="a file"),
        pytest.param("GET", "/api/v1/devices", "api", id="the API"),
        pytest.param("POST", "/api/v1/products", "api", id="the API, changing"),
    ],
)
def test_routes_of_the_console(method: str, path: str, found: str) -> None:
    assert console_class(method, path) == found
    assert found in CONSOLE


def test_routes_of_the_public_site() -> None:
    assert [public_class(*one) for one in (("GET", "/"), ("POST", "/unsubscribe/x"), ("GET", "/static/x"))] == [
        "public",
        "public-form",
        "file",
    ]


def test_every_class_has_its_rate() -> None:
    assert set(a_minute(Settings())) == {*CONSOLE, *PUBLIC}


def asked(app: Any, site: str, method: str, path: str, times: int, source: str) -> list[int]:
    client = TestClient(app, base_url=site, client=(source, 1), follow_redirects=False)
    headers = {"sec-fetch-site": "same-origin"}
    answers = [client.request(method, path, headers=headers) for _ in range(times)]
    refused = [one for one in answers if one.status_code == 429]
    assert all(int(one.headers["retry-after"]) > 0 for one in refused)
    assert all("address" in one.text for one in refused)
    return [one.status_code for one in answers]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_asks_too_often_waits_and_nobody_else_does(world: World) -> None:
    settings = world.settings.model_copy(update={"rate_page": 4, "rate_api": 2, "rate_public": 3, "rate_sign_in": 0})
    crowded = World(world.database, world.clock, settings, world.keys, world.home)
    console, public = create_app(crowded), public_site(crowded)
    home, site = settings.console_url, settings.public_url
    assert asked(console, home, "GET", "/sign-in", 6, "192.0.2.1") == [200] * 4 + [429] * 2
    assert asked(console, home, "GET", "/sign-in", 1, "192.0.2.2") == [200]
    assert asked(console, home, "GET", "/sign-in", 5, "2001:db8::1") == [200] * 4 + [429]
    assert asked(console, home, "GET", "/sign-in", 1, "2001:db8::2") == [429]  # one household has a /64
    assert asked(console, home, "GET", "/api/v1/x", 3, "192.0.2.1")[-1] == 429  # a class of its own
    assert asked(console, home, "POST", "/sign-in", 9, "192.0.2.1") == [403] * 9  # 0: no limit; no token either
    assert asked(public, site, "GET", "/", 4, "192.0.2.1") == [200] * 3 + [429]
    assert asked(public, site, "GET", "/v1/notice", 1, "192.0.2.1") == [429]
