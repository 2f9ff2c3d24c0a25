"""A refusal from under an application becomes an answer, with the time to wait; one that comes too late does not."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from careful.entrypoints.refusing import Refusing
from careful.kernel.errors import CarefulError, Invalid, TooMany


def _refuse(_request: Request, refusal: CarefulError) -> Response:
    return PlainTextResponse(refusal.what, refusal.status)


def _crowd(_request: Request) -> Response:
    raise TooMany("Too many.", retry_after=7)


def _wrong(_request: Request) -> Response:
    raise Invalid("Not so.")


def _late(_request: Request) -> Response:
    def parts() -> Any:
        yield b"begun"
        raise Invalid("Too late to say.")

    return StreamingResponse(parts())


CLIENT = TestClient(
    Starlette(
        routes=[Route("/crowd", _crowd), Route("/wrong", _wrong), Route("/late", _late)],
        middleware=[Middleware(Refusing, refuse=_refuse)],
    )
)


def test_a_refusal_is_an_answer() -> None:
    wrong, crowd = CLIENT.get("/wrong"), CLIENT.get("/crowd")
    assert (wrong.status_code, wrong.text, "retry-after" in wrong.headers) == (Invalid("").status, "Not so.", False)
    assert (crowd.status_code, crowd.headers["retry-after"]) == (429, "7")


def test_an_answer_that_has_begun_is_not_another() -> None:
    with pytest.raises(Invalid):
        CLIENT.get("/late")
