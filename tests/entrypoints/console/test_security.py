"""The shell: headers, names, sizes, same-origin proof; on every route there is."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from careful import people
from careful.entrypoints.console import security
from careful.entrypoints.console.app import create_app
from careful.kernel.settings import Settings
from careful.kernel.work import World

ORIGIN = "http://localhost:8080"
OURS = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def every_route(app: Starlette) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        if isinstance(route, Route):
            for method in sorted(route.methods or ()):
                yield method, route.path.replace("{", "").replace("}", "")
        elif isinstance(route, Mount):
            yield "GET", f"{route.path}/tokens.css"


def test_every_answer_carries_the_headers(app: Starlette, browser: Any, secret: bytes) -> None:
    for client in (TestClient(app, base_url=ORIGIN, follow_redirects=False), browser.client):
        for method, path in every_route(app):
            answer = client.request(method, path)
            for name, value in security.HEADERS.items():
                assert answer.headers[name] == value, f"{method} {path} {answer.status_code}"
            policy = answer.headers["content-security-policy"]
            assert re.sub(r"nonce-[A-Za-z0-9_-]{24}", "nonce-{nonce}", policy) == security.CONTENT_SECURITY_POLICY
            assert "cache-control" in answer.headers, path
            assert "strict-transport-security" not in answer.headers
            assert "server" not in answer.headers
    assert "unsafe" not in security.CONTENT_SECURITY_POLICY


def test_a_script_runs_only_with_the_number_of_its_page(app: Starlette) -> None:
    client = TestClient(app, base_url=ORIGIN)
    pages = [client.get("/sign-in") for _ in range(2)]
    said = [re.search(r"'nonce-([^']+)'", one.headers["content-security-policy"]) for one in pages]
    numbers = [found[1] for found in said if found]
    assert len(set(numbers)) == 2
    for page, number in zip(pages, numbers, strict=True):
        scripts = re.findall("<script[^>]*>", page.text)
        assert len(scripts) == 2
        assert all(f'nonce="{number}"' in one for one in scripts)


def test_even_a_failure_of_our_own_carries_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(people, "anyone", broken)
    client = TestClient(create_app(world), base_url=ORIGIN, raise_server_exceptions=False)
    answer = client.get("/sign-in")
    assert answer.status_code == 500
    assert "a secret detail" not in answer.text
    assert "script-src 'nonce-" in answer.headers["content-security-policy"]
    assert "DENY" in answer.headers["x-frame-options"]


def test_no_get_changes_anything(app: Starlette, browser: Any, secret: bytes, world: World) -> None:
    def everything() -> str:
        with world.look() as connection:
            return "".join(
                str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all())  # noqa: S608 (our own table names)
                for table in sorted(world_tables())
            )

    before = everything()
    for method, path in every_route(app):
        if method in {"GET", "HEAD"}:
            browser.client.get(path)
    assert everything() == before


def world_tables() -> list[str]:
    from careful.kernel.database import metadata  # noqa: PLC0415 (the tables known by now, not at import)

    return [name for name in metadata.tables if name.startswith(("people_", "ledger_", "devices_", "products_"))]


def test_no_page_but_the_way_in_opens_without_a_session(app: Starlette) -> None:
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    for method, path in every_route(app):
        answer = client.request(method, path, headers=OURS)
        if path.startswith(("/sign-in", "/first/", "/static")):
            continue
        if method in {"GET", "HEAD"}:
            assert (answer.status_code, answer.headers["location"].startswith("/sign-in?next=")) == (303, True), path
        else:
            assert answer.status_code == 401, f"{method} {path}"


def test_every_changing_route_wants_its_token_and_origin(app: Starlette, browser: Any, secret: bytes) -> None:
    for method, path in every_route(app):
        if method in {"GET", "HEAD"}:
            continue
        assert browser.client.request(method, path, headers=OURS).status_code == 403, f"{method} {path}: no token"
        assert browser.client.request(method, path).status_code == 403, f"{method} {path}: no origin"


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        pytest.param(OURS, True, id="our own page"),
        pytest.param({"sec-fetch-site": "same-origin"}, True, id="fetch metadata alone"),
        pytest.param({"origin": ORIGIN}, True, id="origin alone (an old browser)"),
        pytest.param({}, False, id="neither"),
        pytest.param({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, False, id="another site"),
        pytest.param({"origin": "http://localhost:8081", "sec-fetch-site": "same-site"}, False, id="another port"),
        pytest.param({"origin": "http://127.0.0.1:8080"}, False, id="another name of ours"),
        pytest.param({"origin": "null"}, False, id="an opaque origin"),
        pytest.param({"sec-fetch-site": "none"}, False, id="typed into the address bar"),
        pytest.param({"origin": ORIGIN, "sec-fetch-site": "cross-site"}, False, id="they disagree"),
        pytest.param({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, False, id="disagree, too"),
    ],
)
def test_where_a_form_may_come_from(browser: Any, secret: bytes, headers: dict[str, str], passes: bool) -> None:
    browser.open("/settings")
    answer = browser.client.post("/settings/sessions/others/end", data={"csrf": browser.csrf}, headers=headers)
    assert answer.status_code == (303 if passes else 403)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"x" * (security.PAGE_BYTES + 1), id="announced"),
        pytest.param(iter([b"x" * (1 << 19)] * 3), id="in pieces, without a length"),
    ],
)
def test_too_much_is_refused(app: Starlette, content: Any) -> None:
    client = TestClient(app, base_url=ORIGIN)
    assert client.post("/sign-in", content=content, headers=OURS).status_code == 413


def test_large_bodies_have_their_own_limit(world: World) -> None:
    limit = security.body_limit(world.settings, ("/api/v1/releases",), ("/import",))
    assert limit({"path": "/settings"}) == limit({"path": "/import/x"}) == security.PAGE_BYTES
    assert limit({"path": "/import"}) == security.FILE_BYTES
    assert limit({"path": "/api/v1/releases"}) > world.settings.artifact_bytes


def test_under_tls_cookies_and_headers_are_hardened(world: World) -> None:
    settings = Settings(data=world.home, host="192.0.2.1", console_url="https://careful.example")
    client = TestClient(create_app(replace(world, settings=settings)), base_url="https://careful.example")
    answer = client.get("/sign-in")
    assert answer.headers["strict-transport-security"] == security.STRICT_TRANSPORT
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-careful-visit=")
    for flag in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie
