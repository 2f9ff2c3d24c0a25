"""Forms: read once, checked once. Every request that changes something carries its session's token.

A page puts `csrf` into its form (the look's `form` macro does); a script sends it as `X-CSRF-Token`. This guard reads
the body, compares, and leaves the fields on the request, so that no handler can forget and handlers stay synchronous.
"""

import hmac
import json
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful.entrypoints.console.security import API, SAFE_METHODS
from careful.kernel.errors import Forbidden, Invalid

FIELD = "csrf"
HEADER = "x-csrf-token"
_FIELDS = 200
_TEXT_LIMIT = 20_000


class FormGuard:
    """Reads the body of every changing request, and lets it pass only with the right token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or raise Forbidden, Invalid."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        fields = await _read(request)
        given = request.headers.get(HEADER) or fields.get(FIELD)
        expected = request.state.csrf
        if not expected or not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
            raise Forbidden(
                "This form has gone stale, or did not come from this console.",
                do="Go back, reload the page, try again.",
            )
        request.state.form = fields
        request.state.body = body
        await self._app(scope, _again(body, receive), send)


def field(request: Request, name: str, default: str = "") -> str:
    """Return one text field. Raises Invalid for a file in its place, or more than 20,000 characters."""
    value = request.state.form.get(name, default)
    if not isinstance(value, str):
        raise Invalid("That field takes text, not a file.", where=name)
    if len(value) > _TEXT_LIMIT:
        raise Invalid(f"That is longer than {_TEXT_LIMIT} characters.", do="Shorten it.", where=name)
    return value


def fields(request: Request, name: str) -> tuple[str, ...]:
    """Return all values of a field that may be given many times, such as ticked boxes."""
    return tuple(value for value in request.state.form.getlist(name) if isinstance(value, str))


def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object a script of ours sent. Raises Invalid when it is none."""
    try:
        value = json.loads(request.state.body)
    except (ValueError, RecursionError) as broken:
        raise Invalid("That is no JSON.") from broken
    if not isinstance(value, dict):
        raise Invalid("That is no JSON object.")
    return value


async def _read(request: Request) -> FormData:
    try:
        return await request.form(max_files=4, max_fields=_FIELDS)
    except (HTTPException, MultiPartException, ValueError) as broken:
        raise Invalid("That form could not be read.", do="Reload the page and try again.") from broken


def _again(body: bytes, rest: Receive) -> Receive:
    """Return a `receive` that tells the body once more, for whoever reads it the usual way, then goes on as before."""
    told = False

    async def receive() -> Message:
        nonlocal told
        if told:
            return await rest()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
