"""Refusals as a device's log shows them: one sentence, the right status, nothing of our insides."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from careful.entrypoints.gateway.https.errors import http_error, refusal, unexpected
from careful.kernel.errors import CarefulError, Forbidden, Invalid, TooMany, Unauthenticated, Unavailable


@pytest.fixture
def answer() -> Callable[[Exception], httpx.Response]:
    """Ask an application whose one route raises the given error."""

    def ask(error: Exception) -> httpx.Response:
        def route(_: object) -> None:
            raise error

        handlers: Any = {CarefulError: refusal, HTTPException: http_error, Exception: unexpected}
        app = Starlette(routes=[Route("/", route)], exception_handlers=handlers)

        async def get() -> httpx.Response:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
                return await client.get("/")

        return asyncio.run(get())

    return ask


@pytest.mark.parametrize(
    ("error", "status", "text", "headers"),
    [
        pytest.param(Invalid("It is bad.", do="Mend it."), 400, "It is bad. Mend it.\n", {}, id="invalid"),
        pytest.param(
            Unauthenticated("Who?"),
            401,
            "Who?\n",
            {"www-authenticate": "TargetToken"},
            id="unauthenticated",
        ),
        pytest.param(Forbidden("No."), 403, "No.\n", {}, id="forbidden"),
        pytest.param(
            TooMany("Slow down.", retry_after=7),
            429,
            "Slow down. Try again in 7 s.\n",
            {"retry-after": "7"},
            id="too many",
        ),
        pytest.param(Unavailable("Gone."), 503, "Gone.\n", {"retry-after": "5"}, id="unavailable"),
        pytest.param(
            HTTPException(404),
            404,
            "There is no such address here. Enrolment is at /.well-known/est/, updates at "
            "/default/controller/v1/<device> and /tuf/<product>/, the revocation list at /crl, "
            "notices at /v1/notice, messages at /d/<device>/up/<stream>.\n",
            {},
            id="no such address",
        ),
        pytest.param(
            HTTPException(405, headers={"Allow": "PUT"}),
            405,
            "GET is not for this address. Use PUT.\n",
            {"allow": "PUT"},
            id="wrong method",
        ),
        pytest.param(HTTPException(418, "tea"), 418, "tea\n", {}, id="of the framework"),
        pytest.param(
            RuntimeError("secret path /x"),
            500,
            "Careful failed to answer; nothing was changed. Try again.\n",
            {},
            id="a fault of ours",
        ),
    ],
)
def test_an_error_becomes_an_answer(
    answer: Any, error: Exception, status: int, text: str, headers: dict[str, str]
) -> None:
    given = answer(error)
    assert (given.status_code, given.text) == (status, text)
    assert given.headers["content-type"] == "text/plain; charset=utf-8"
    assert headers.items() <= dict(given.headers).items()
