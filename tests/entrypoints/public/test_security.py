"""The shell: headers on every answer, no cookie, and a body too large is refused once, before anyone reads it."""

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful.entrypoints.public.security import BODY_BYTES, HEADERS, PublicHeaders, SmallBodies
from careful.kernel.errors import CarefulError


class Inner:
    """An application that says how often it was called and what it read."""

    def __init__(self) -> None:
        self.read: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read all, then answer."""
        self.read.append(await Request(scope, receive).body())
        await PlainTextResponse("read")(scope, receive, send)


def refuse(_request: Request, refusal: CarefulError) -> Response:
    return PlainTextResponse(str(refusal), refusal.status)


def ask(app: ASGIApp, messages: list[Message], method: str = "POST", **headers: str) -> list[Message]:
    """Call an application with these messages; return what it sent."""
    scope = {
        "type": "http",
        "method": method,
        "path": "/",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    waiting: Iterator[Message] = iter(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        return next(waiting)  # more than there is would be a fault

    async def send(message: Any) -> None:
        sent.append(message)

    anyio.run(app, scope, receive, send)
    return sent


def chunks(*sizes: int) -> list[Message]:
    last = len(sizes) - 1
    return [
        {"type": "http.request", "body": b"x" * size, "more_body": number < last} for number, size in enumerate(sizes)
    ]


def statuses(sent: list[Message]) -> list[int]:
    return [one["status"] for one in sent if one["type"] == "http.response.start"]


@pytest.mark.parametrize(
    ("messages", "headers", "status"),
    [
        pytest.param(chunks(0), {}, 200, id="no body"),
        pytest.param(chunks(BODY_BYTES), {}, 200, id="exactly enough"),
        pytest.param(chunks(BODY_BYTES - 1, 1), {"content_length": str(BODY_BYTES)}, 200, id="enough in two parts"),
        pytest.param([{"type": "http.request"}], {}, 200, id="a message that says nothing"),
        pytest.param(chunks(BODY_BYTES + 1), {}, 413, id="one byte too many"),
        pytest.param(chunks(BODY_BYTES, 1, 5), {}, 413, id="too many in parts"),
        pytest.param([], {"content_length": str(BODY_BYTES + 1)}, 413, id="announced, never read"),
        pytest.param([], {"content_length": "9" * 5000}, 413, id="announced beyond all numbers"),
        pytest.param(chunks(1), {"content_length": "\u00b2"}, 200, id="a length that is no number"),
        pytest.param(chunks(BODY_BYTES + 1), {"content_length": "1"}, 413, id="more than announced"),
    ],
)
def test_a_small_body_is_read_and_a_large_one_refused(messages, headers, status: int):
    inner = Inner()
    sent = ask(SmallBodies(inner, refuse=refuse), messages, **headers)
    assert statuses(sent) == [status]
    assert len(inner.read) == (status == 200)
    if status == 413:
        assert b"16 KB at most" in sent[1]["body"]


@given(st.lists(st.integers(0, BODY_BYTES // 2), min_size=1, max_size=6))
def test_one_answer_one_call_and_every_byte(sizes: list[int]):
    inner = Inner()
    sent = ask(SmallBodies(inner, refuse=refuse), chunks(*sizes))
    fits = sum(sizes) <= BODY_BYTES
    assert statuses(sent) == [200 if fits else 413]
    assert [len(body) for body in inner.read] == ([sum(sizes)] if fits else [])


def test_who_left_gets_no_answer():
    inner = Inner()
    messages = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]
    assert ask(SmallBodies(inner, refuse=refuse), messages) == []
    assert inner.read == []


def test_the_application_hears_when_somebody_leaves_later():
    heard: list[str] = []

    async def patient(_scope: Scope, receive: Receive, _send: Send) -> None:
        heard.extend([(await receive())["type"], (await receive())["type"]])

    ask(SmallBodies(patient, refuse=refuse), [*chunks(3), {"type": "http.disconnect"}])
    assert heard == ["http.request", "http.disconnect"]


def answer_of(status: int = 200, method: str = "GET", *, tls: bool = False, **given_headers: str) -> dict[str, str]:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        answer = Response(status_code=status, headers=given_headers)
        answer.set_cookie("a", "b")
        answer.set_cookie("c", "d")
        await answer(scope, receive, send)

    (start, _) = ask(PublicHeaders(inner, tls=tls), [], method)
    return {name.decode(): value.decode() for name, value in start["headers"]}


def test_the_headers_are_on_and_cookies_off():
    found = answer_of()
    assert found.items() >= HEADERS.items()
    assert "set-cookie" not in found
    assert "strict-transport-security" not in found
    assert answer_of(tls=True)["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_the_policy_allows_our_styles_pictures_and_forms_only():
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


@pytest.mark.parametrize(
    ("status", "method", "kept"),
    [
        pytest.param(200, "GET", "public, max-age=30", id="a page"),
        pytest.param(200, "HEAD", "public, max-age=30", id="its head"),
        pytest.param(304, "GET", "public, max-age=30", id="not changed"),
        pytest.param(404, "GET", "no-store", id="a refusal"),
        pytest.param(500, "GET", "no-store", id="broken"),
        pytest.param(200, "POST", "no-store", id="a form was sent"),
    ],
)
def test_only_what_was_read_is_kept(status: int, method: str, kept: str):
    assert answer_of(status, method)["cache-control"] == kept


def test_what_says_how_long_it_is_kept_is_left_alone():
    assert answer_of(**{"cache-control": "no-cache"})["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "wrap", [lambda app: PublicHeaders(app, tls=True), lambda app: SmallBodies(app, refuse=refuse)]
)
def test_what_is_not_http_passes(wrap):
    seen = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: object) -> Any:
        raise AssertionError

    anyio.run(wrap(inner), {"type": "lifespan"}, nothing, nothing)
    assert seen == ["lifespan"]
