"""The shell of the public site: the same headers on every answer, no cookie but an owner's, no body larger than a form.

Only our own styles may load. Pages may be kept for half a minute; refusals, forms and what holds a secret are not kept,
and nothing is of an owner's own pages, which alone may set cookies.
"""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful.kernel.errors import CarefulError, TooLarge

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"
BODY_BYTES = 16 << 10
OWN = "/my"
"""Where owners' own pages are."""
# Not `no-referrer`: under that, browsers send `Origin: null` with our own forms.
_OWN_HEADERS = {"cache-control": "no-store", "referrer-policy": "same-origin"}
_KEPT_BRIEFLY = "public, max-age=30"
_KEPT_STATUS = frozenset({200, 304})
_LENGTH_DIGITS = 15


class PublicHeaders:
    """Puts the headers on every answer, also on the last-resort error, and lets no cookie out but an owner's."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._headers = {**HEADERS, **({"strict-transport-security": STRICT_TRANSPORT} if tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, adding headers as the answer starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reads = scope["method"] in {"GET", "HEAD"}
        own = scope["path"] == OWN or scope["path"].startswith(f"{OWN}/")

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (self._headers | (_OWN_HEADERS if own else {})).items():
                    headers[name] = value
                if not own:
                    del headers["set-cookie"]
                kept = reads and message["status"] in _KEPT_STATUS
                headers.setdefault("cache-control", _KEPT_BRIEFLY if kept else "no-store")
            await send(message)

        await self._app(scope, receive, sender)


class SmallBodies:
    """Reads the body first and hands it on whole, so that one too large is refused before the application is called.

    What is announced as too large is refused unread; what grows too large is refused at the byte too many.
    """

    def __init__(self, app: ASGIApp, *, refuse: Callable[[Request, CarefulError], Response]) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or answer 413; say nothing to who has left."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        too_large = _announced(scope) > BODY_BYTES
        while more and not too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            too_large = len(body) > BODY_BYTES
        if too_large:
            refusal = TooLarge(
                f"That is too much: we take {BODY_BYTES >> 10} KB at most.",
                do="Send less. To report a problem, write to us; the page Report a problem says where.",
            )
            response = await run_in_threadpool(self._refuse, Request(scope), refusal)
            await response(scope, receive, send)
            return
        whole = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receiver() -> Message:
            return next(whole, None) or await receive()

        await self._app(scope, receiver, send)


def _announced(scope: Scope) -> int:
    """Return the announced length; 0 where none is announced, or what is announced is no number."""
    said = Headers(scope=scope).get("content-length", "")
    if not said.isdecimal():
        return 0
    return int(said) if len(said) <= _LENGTH_DIGITS else BODY_BYTES + 1
