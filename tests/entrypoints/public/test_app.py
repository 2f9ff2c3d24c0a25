"""The site as a whole: every answer carries the headers, every refusal comes in the form that was asked for."""

import asyncio
import json
from dataclasses import replace

import pytest
from sites import faults, serving
from starlette.testclient import TestClient
from village import Village

from careful import products
from careful.entrypoints.public import pages
from careful.entrypoints.public.app import create_app
from careful.entrypoints.public.security import BODY_BYTES, HEADERS
from careful.kernel.settings import Settings
from careful.kernel.work import World

ADDRESSES = [
    "/",
    "/p/HC-100",
    "/check",
    "/advisories",
    "/advisories/CAREFUL-2026-0001",
    "/advisories/CAREFUL-2026-0001.json",
    "/advisories.atom",
    "/report",
    "/unsubscribe/x",
    "/.well-known/security.txt",
    "/.well-known/csaf/provider-metadata.json",
    "/csaf/",
    "/mud/cam-1.json",
    "/mud/cam-1.p7s",
    "/mud/cam-1/1.json",
    "/mud/cam-1/1.p7s",
    "/v1/notice?model=HC-100&version=1.0.0",
]
"""All that there is; the last test compares it with the routes."""


def test_every_answer_carries_the_headers_and_no_cookie(visitor, told: Village):
    for path in [*ADDRESSES, "/static/public.css", "/nothing", "/static/nothing.css"]:
        answer = visitor.get(path, cookie="careful=abc")
        assert answer.headers.items() >= HEADERS.items(), path
        assert "set-cookie" not in answer.headers, path
        assert "strict-transport-security" not in answer.headers, path
        assert answer.status_code == (404 if "nothing" in path else 200), path
        head = visitor.client.head(path)
        assert (head.status_code, head.content) == (answer.status_code, b""), path


@pytest.mark.parametrize("path", ["/", "/nothing", "/v1/notice", "/static/public.css"])
def test_strict_transport_where_the_site_goes_by_https(world: World, path: str):
    settings = Settings(data=world.home, public_url="https://hearth.example")
    client = TestClient(create_app(replace(world, settings=settings)), base_url="https://hearth.example")
    assert client.get(path).headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("path", "media", "says"),
    [
        pytest.param("/nothing", "text/html; charset=utf-8", "There is no such page.", id="a page"),
        pytest.param("/p/", "text/html; charset=utf-8", "We make no model called", id="a product without a name"),
        pytest.param("/static/nothing.css", "text/html; charset=utf-8", "There is no such page.", id="a style"),
        pytest.param("/nothing.json", "application/json", "There is no such page.", id="JSON"),
        pytest.param("/v1/nothing", "application/json", "There is no such page.", id="the interface for devices"),
        pytest.param("/advisories/x.json", "application/json", "There is no notice", id="a file of no notice"),
        pytest.param("/csaf/2026/x.json", "application/json", "There is no such file", id="a CSAF file"),
        pytest.param("/csaf/2026/x.json.sha512", "text/plain; charset=utf-8", "There is no such file", id="its hash"),
        pytest.param("/csaf/1999/", "text/html; charset=utf-8", "There is no such folder.", id="a CSAF folder"),
        pytest.param("/robots.txt", "text/plain; charset=utf-8", "There is no such page.", id="text"),
        pytest.param("/.well-known/security.txt", "text/plain; charset=utf-8", "No security contact", id="no contact"),
    ],
)
def test_what_is_not_there_is_said_in_the_form_asked_for(visitor, path: str, media: str, says: str):
    answer = visitor.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, media)
    assert says in answer.text
    assert answer.headers["cache-control"] == "no-store"
    if "html" in media:
        assert faults(answer.text) == []
    if "json" in media:
        assert json.loads(answer.text).keys() == {"what", "do", "where"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", [one for one in ADDRESSES if "unsubscribe" not in one])
def test_a_wrong_method_is_told_which_are_right(visitor, method: str, path: str):
    answer = visitor.client.request(method, path)
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
    assert "Nothing can be sent to this page." in answer.text


@pytest.mark.parametrize(
    ("path", "media"),
    [
        pytest.param("/unsubscribe/x", "text/html; charset=utf-8", id="a form"),
        pytest.param("/", "text/html; charset=utf-8", id="a page that takes nothing"),
        pytest.param("/v1/notice", "application/json", id="for machines"),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
def test_a_large_body_is_refused_in_plain_words(visitor, path: str, media: str, announced: bool):
    large = b"x" * (BODY_BYTES + 1)
    answer = visitor.client.post(path, content=large if announced else iter([large]))
    assert (answer.status_code, answer.headers["content-type"]) == (413, media)
    assert answer.headers.items() >= HEADERS.items()
    assert "That is too much: we take 16 KB at most." in answer.text
    assert "Send less." in answer.text


def test_a_large_body_over_a_real_connection_is_answered(visitor):
    async def send(address: str, head: str, body: bytes) -> bytes:
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST /unsubscribe/x HTTP/1.1\r\nhost: {host}\r\n{head}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return answer

    with serving(create_app(visitor.world)) as address:
        for head, body in (
            ("content-length: 99999999", b"x"),  # we do not wait for the rest
            ("transfer-encoding: chunked", b"5000\r\n" + b"x" * 0x5000 + b"\r\n"),  # nor for the end
        ):
            assert asyncio.run(send(address, head, body)).startswith(b"HTTP/1.1 413 ")


def test_what_breaks_is_said_calmly_and_tells_nothing(visitor, monkeypatch: pytest.MonkeyPatch):
    def broken(_world: World) -> list[products.Product]:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(pages.products, "list_all", broken)
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "Something broke on our side." in answer.text
    assert "secret" not in answer.text
    assert answer.headers.items() >= HEADERS.items()
    assert faults(answer.text) == []


def test_every_route_is_tried_here(visitor):
    # Owners' own pages, under /my, are tried in test_my.py.
    def listed(path: str) -> str:
        return (
            path.replace("{model:path}", "HC-100")
            .replace("{path:path}", "")
            .replace("{advisory}", "CAREFUL-2026-0001")
            .replace("{token}", "x")
            .replace("{product}", "cam-1")
            .replace("{version:int}", "1")
        )

    app = create_app(visitor.world)
    found = {listed(route.path) for route in app.routes if not route.path.startswith(("/static", "/my"))}
    assert found == {one.partition("?")[0] for one in ADDRESSES}
