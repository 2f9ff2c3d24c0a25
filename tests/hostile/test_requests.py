"""Requests that no browser sends: foreign names, ways out, paths upward, forms of others, too much, too slow."""

import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from hostile_house import House, crawl
from starlette.routing import Mount, Route

from careful.entrypoints import heads, patience
from careful.entrypoints.console.app import create_app
from careful.entrypoints.public.app import create_app as public_site

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
AWAY = (
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example",
    "/%09/evil.example", "/\t/evil.example", "javascript:alert(1)", "https:evil.example", "http:/evil.example",
    "@evil.example", "/\n//evil.example", " //evil.example", "/%2f/evil.example", "https://localhost@evil.example",
    "//%5cevil.example", "/.//evil.example",
)  # fmt: skip
UPWARD = (
    "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "..%5c..%5cetc%5cpasswd", "..%00.css",
    "....//....//etc/passwd", "%252e%252e%252fetc%252fpasswd", "..%c0%af..%c0%afetc/passwd", "/etc/passwd",
    "careful.sqlite", "..%2fcareful.sqlite",
)  # fmt: skip


def talk(address: str, raw: bytes, wait: float = 5) -> bytes:
    """Send bytes as they are; return what comes back before the other side closes or falls silent."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=wait) as connection:
        connection.sendall(raw)
        came = b""
        try:
            while piece := connection.recv(65536):
                came += piece
        except (TimeoutError, ConnectionError):
            pass
        return came


def routes(app: object) -> Iterator[tuple[str, str]]:
    """Return method and path of every route of a site."""
    for route in app.routes:  # type: ignore[attr-defined]  # a Starlette application
        if isinstance(route, Route):
            for method in sorted(route.methods or ()):
                yield method, re.sub(r"\{[^}]*\}", "x", route.path)
        elif isinstance(route, Mount) and hasattr(route.app, "routes"):
            yield from ((method, route.path + path) for method, path in routes(route.app))


def test_no_address_leads_away(bare: House) -> None:
    with bare.browser(bare.ann) as client:
        for away in AWAY:
            for path in ("/sign-in", "/prove"):
                answer = client.get(path, params={"next": away})
                target = answer.headers.get("location", "/")
                assert _stays(target, bare.console), (path, away, target)
                for found in re.findall(r'(?:name="next" value|data-next|href|action)="([^"]*)"', answer.text):
                    assert _stays(found, bare.console), (path, away, found)
    with bare.browser() as stranger:
        for method, path in (("GET", f"//evil.example/{number}") for number in range(2)):
            target = stranger.request(method, bare.console + path).headers.get("location", "/")
            assert _stays(target, bare.console), target
        for header in ({"sec-fetch-site": "cross-site"}, {}):
            text = stranger.get("/devices?x=//evil.example", headers=header)
            for found in re.findall(r'(?:href|content)="([^"]*evil[^"]*)"', text.text):
                assert _stays(found.split("url=", 1)[-1], bare.console), found


def _stays(target: str, site: str) -> bool:
    """Tell whether a browser that is at `site` stays there when it follows `target`."""
    from urllib.parse import urljoin  # noqa: PLC0415 (only here)

    plain = re.sub(r"[\t\r\n]", "", target.strip()).replace("\\", "/")  # as WHATWG's URL standard reads it
    return urlsplit(urljoin(site + "/", plain)).netloc == urlsplit(site).netloc


@pytest.mark.parametrize("site", ["console", "public"])
def test_no_name_but_ours_is_served_or_believed(bare: House, site: str) -> None:
    address = getattr(bare, site)
    own = urlsplit(address).netloc
    for head in (
        "Host: evil.example", f"Host: {own}\r\nHost: evil.example", "Host: ", f"Host: {own}@evil.example", "X: no host",
        f"Host: evil.example\r\nX-Forwarded-Host: {own}", f"Host: {own}.evil.example", f"Host: evil.example:{own[-4:]}",
    ):  # fmt: skip
        came = talk(address, f"GET /sign-in HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n".encode())
        assert b" 400 " in came.split(b"\r\n", 1)[0], (head, came[:200])
        assert b"evil" not in came, head
    for header in ("X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"):
        with httpx.Client(base_url=address) as client:
            answer = client.get("/", headers={header: "host=evil.example" if header == "Forwarded" else "evil.example"})
            assert "evil" not in answer.text + str(answer.headers), header


def test_no_path_leads_out_of_its_folder(bare: House) -> None:
    with bare.browser(bare.ann) as staff, bare.browser() as visitor:
        secret = bare.token("releases:read", "evidence:read", "devices:read")
        staff.headers["authorization"] = f"Bearer {secret}"
        for client, site, app in (
            (staff, bare.console, create_app(bare.world)), (visitor, bare.public, public_site(bare.world)),
        ):  # fmt: skip
            prefixes = {path.rsplit("x", 1)[0] for method, path in routes(app) if method == "GET" and "x" in path}
            for prefix in sorted(prefixes | {"/static/", "/", "/api/v1/releases/", "/api/v1/evidence/"}):
                for path in UPWARD:
                    answer = client.get(site + prefix + path)
                    assert answer.status_code < 500, prefix + path
                    assert "root:" not in answer.text, prefix + path
                    assert b"SQLite format" not in answer.content, prefix + path


def test_no_form_of_another_site_does_anything(bare: House) -> None:
    """Every route that changes something, in the signed-in person's browser: without token, and from elsewhere."""
    app = create_app(bare.world)
    with bare.browser(bare.ann) as client:
        token = re.search(r'name="csrf" value="([0-9a-f]*)"', client.get("/settings").text)
        assert token
        ours = {"origin": bare.console, "sec-fetch-site": "same-origin"}
        tried = 0
        for method, path in routes(app):
            if method in {"GET", "HEAD"} or path.startswith(("/api/", "/static")):
                continue
            tried += 1
            for headers, fields in (
                (ours, {}), (ours, {"csrf": "0" * 64}), ({}, {"csrf": token[1]}),
                ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, {"csrf": token[1]}),
                ({"sec-fetch-site": "same-site", "origin": bare.public}, {"csrf": token[1]}),
            ):  # fmt: skip
                assert client.request(method, path, data=fields, headers=headers).status_code == 403, (path, headers)
        assert tried > 30
        assert client.get("/settings").status_code == 200


def test_a_cookie_opens_nothing_of_the_api_and_a_token_no_page(bare: House) -> None:
    with bare.browser(bare.ann) as client:
        for method in ("GET", "POST", "DELETE"):
            assert client.request(method, "/api/v1/products", headers={"origin": bare.console}).status_code in {
                401,
                405,
            }
    with bare.browser() as client:
        client.headers["authorization"] = f"Bearer {bare.token('products:read')}"
        assert client.get("/products").headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("site", ["console", "public"])
def test_too_much_and_too_slow_is_cut_off(bare: House, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "START_SECONDS", 0.5)
    monkeypatch.setattr(heads, "LINGER_SECONDS", 0.5)
    address = getattr(bare, site)
    own = urlsplit(address).netloc
    path = "/sign-in" if site == "console" else "/unsubscribe/x"
    form = f"POST {path} HTTP/1.1\r\nHost: {own}\r\nSec-Fetch-Site: same-origin\r\n"
    for head, status in (
        (f"GET / HTTP/1.1\r\nHost: {own}\r\nX: {'x' * heads.HEAD_BYTES}\r\n\r\n", b"400"),
        (f"{form}Content-Length: 99999999\r\n\r\n", b"413"),
        (f"{form}Content-Length: {'9' * 400}\r\n\r\n", b"4"),
        (f"{form}Content-Length: 100\r\n\r\nx", b"408"),
        (f"{form}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", b"408"),
    ):
        began = time.monotonic()
        came = talk(address, head.encode(), wait=20)
        first = came.split(b"\r\n", 1)[0]
        assert time.monotonic() - began < 15, head[:200]
        assert status in first, (head[:200], first)
    with httpx.Client(base_url=address) as client:
        assert client.get("/static/base.css").status_code == 200


@pytest.mark.parametrize("site", ["console", "public"])
def test_a_message_with_two_lengths_is_none(bare: House, site: str) -> None:
    """Request smuggling at our own server: what a proxy in front could read otherwise is refused, never guessed."""
    address = getattr(bare, site)
    own = urlsplit(address).netloc
    hidden = f"GET /hidden HTTP/1.1\r\nHost: {own}\r\n\r\n"
    for lengths in (
        "Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 5", "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked, identity", "Content-Length: +4", "Content-Length: 4, 5", "Content-Length: 0x4",
    ):  # fmt: skip
        raw = f"POST /sign-in HTTP/1.1\r\nHost: {own}\r\n{lengths}\r\n\r\n0\r\n\r\n{hidden}"
        came = talk(address, raw.encode(), wait=2)
        assert came.count(b"HTTP/1.1 ") <= 1, (lengths, came)
        assert b" 200 " not in came and b" 303 " not in came, (lengths, came[:100])  # noqa: PT018 (one thought)


def test_no_answer_lets_other_sites_read_it(bare: House) -> None:
    asking = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    with bare.browser(bare.ann) as client:
        for site in (bare.console, bare.public):
            for method, path in (
                ("GET", "/"),
                ("OPTIONS", "/"),
                ("OPTIONS", "/api/v1/products"),
                ("GET", "/v1/notice"),
            ):
                answer = client.request(method, site + path, headers=asking)
                assert not [name for name in answer.headers if name.startswith("access-control")], path


def test_nothing_of_the_works_is_served(bare: House) -> None:
    with bare.browser(bare.ann) as client:
        for site in (bare.console, bare.public):
            for path in (
                "/.git/config",
                "/.env",
                "/careful.toml",
                "/metrics",
                "/docs",
                "/redoc",
                "/api/v1/docs",
                "/static/",
                "/debug",
            ):
                answer = client.get(site + path)
                assert answer.status_code in {401, 404}, path
                assert "Index of" not in answer.text, path
            assert client.request("TRACE", site + "/").status_code in {401, 403, 405, 400}
            assert "server" not in client.get(site + "/").headers
            assert "x-powered-by" not in client.get(site + "/").headers


def test_a_parameter_given_twice_gains_nothing(bare: House) -> None:
    with bare.browser(bare.ann) as client:
        headers = {
            "origin": bare.console,
            "sec-fetch-site": "same-origin",
            "content-type": "application/x-www-form-urlencoded",
        }
        for body in ("csrf=0&csrf=1", "csrf[]=1", "csrf=&csrf="):
            assert client.post("/settings/sessions/others/end", content=body, headers=headers).status_code == 403
        assert client.get("/sign-in?next=/devices&next=//evil.example").headers["location"] in {"/devices", "/"}


def test_every_page_shows_the_way_out(house: House) -> None:
    with house.browser(house.ann) as client:
        pages = crawl(client, "/", "/settings", most=1)
    shown = [page for page in pages.values() if page.status_code == 200 and "text/html" in page.headers["content-type"]]
    assert len(shown) > 15
    without = {page.url.path for page in shown if 'action="/signout"' not in page.text}
    assert without <= {"/prove", "/enrol", "/enrol/password"}  # the ways in themselves


def test_a_file_is_saved_under_a_name_of_ours(marked: House) -> None:
    with marked.browser(marked.ann) as client:
        saved = [page for page in crawl(client, "/", most=1).values() if "content-disposition" in page.headers]
    assert saved
    for page in saved:
        assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._+~-]{1,120}"', page.headers["content-disposition"])
