"""What one peer may cost: body size however it is sent, and body time."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from careful.entrypoints.gateway.https import limits
from careful.entrypoints.gateway.https.limits import BodyLimit, body_of
from careful.kernel.errors import Invalid, TooLarge


def receive_all(chunks: list[bytes], most: int) -> bytes:
    """Read a body of several chunks through the limit."""
    waiting = list(chunks)
    got: list[bytes] = []

    async def receive() -> dict[str, Any]:
        body = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def app(_scope: Any, limited: Any, _send: Any) -> None:
        more = True
        while more:
            message = await limited()
            got.append(message["body"])
            more = message["more_body"]

    asyncio.run(BodyLimit(app, most)({"type": "http"}, receive, None))  # type: ignore[arg-type]
    return b"".join(got)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6), st.integers(0, 120))
def test_a_body_passes_whole_or_not_at_all(chunks: list[bytes], most: int) -> None:
    whole = b"".join(chunks)
    if len(whole) <= most:
        assert receive_all(chunks, most) == whole
    else:
        with pytest.raises(TooLarge):
            receive_all(chunks, most)


def test_a_body_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.01)

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def app(_scope: Any, limited: Any, _send: Any) -> None:
        await limited()

    with pytest.raises(Invalid, match="too long"):
        asyncio.run(BodyLimit(app)({"type": "http"}, receive, None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("declared", "chunks", "most", "fits"),
    [
        pytest.param("3", [b"abc"], 3, True, id="fits"),
        pytest.param("4", [b"abcd"], 3, False, id="declared too large"),
        pytest.param("1", [b"ab", b"cd"], 3, False, id="larger than declared"),
        pytest.param("", [b"ab", b"cd"], 3, False, id="not declared"),
        pytest.param("9" * 5000, [b"a"], 3, False, id="absurdly declared"),
    ],
)
def test_a_route_may_take_less(declared: str, chunks: list[bytes], most: int, fits: bool) -> None:
    waiting = list(chunks)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    request = Request({"type": "http", "headers": [(b"content-length", declared.encode())]}, receive)
    if fits:
        assert asyncio.run(body_of(request, most)) == b"".join(chunks)
    else:
        with pytest.raises(TooLarge):
            asyncio.run(body_of(request, most))
