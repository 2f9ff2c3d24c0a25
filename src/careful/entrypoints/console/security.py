"""The shell around every page: headers, host names, body sizes, same-origin proof. Plain ASGI, in this order.

Nothing here knows a session; `sessions` and `forms` come after. A page that needs an exception from these rules is a
page to be written differently.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careful.entrypoints.names import is_from_own_page
from careful.kernel.errors import Forbidden, TooLarge
from careful.kernel.settings import Settings

API = "/api/"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PAGE_BYTES = 1 << 20
FILE_BYTES = 16 << 20
_MANY_BYTES = 64 << 20

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""A script runs only with the number that its page was made with; no script may make markup of text."""
HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: under that, browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), "
        "usb=(), publickey-credentials-create=(self), publickey-credentials-get=(self)"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


class SecureHeaders:
    """Puts the same headers on every answer, also on errors and files; nothing personal is kept by a cache."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._headers = {**HEADERS, **({"strict-transport-security": STRICT_TRANSPORT} if tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, adding headers as the answer starts; `request.state.nonce` is what a page's scripts carry."""
        nonce = secrets.token_urlsafe(18)
        scope.setdefault("state", {})["nonce"] = nonce
        policy = CONTENT_SECURITY_POLICY.format(nonce=nonce)

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = policy
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, sender if scope["type"] == "http" else send)


class BodyLimit:
    """Takes no more bytes than the path deserves, whether or not the length was announced."""

    def __init__(self, app: ASGIApp, *, limit_of: Callable[[Scope], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or raise TooLarge."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, taken = self._limit_of(scope), 0
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced[:12]) > limit:
            raise _too_large(limit)

        async def receiver() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _too_large(limit)
            return message

        await self._app(scope, receiver, send)


def body_limit(settings: Settings, large: Iterable[str], forms: Iterable[str] = ()) -> Callable[[Scope], int]:
    """Return the limit by path: pages 1 MiB; forms that take a file, `forms`, 16 MiB, as they are held in memory.

    A star in `forms` stands for an id. The API paths in `large` take an image or a feed and some more.
    """
    prefixes, files = tuple(large), tuple(forms)

    def limit_of(scope: Scope) -> int:
        if any(fnmatchcase(scope["path"], one) for one in files):
            return FILE_BYTES
        return settings.artifact_bytes + _MANY_BYTES if scope["path"].startswith(prefixes) else PAGE_BYTES

    return limit_of


class SameOrigin:
    """Lets a request that changes something pass only when the browser says it comes from our own pages.

    Fetch metadata decides where it is sent, else Origin; a browser that sends neither is refused. The API takes no
    cookie, so it needs no such proof.
    """

    def __init__(self, app: ASGIApp, *, origin: str) -> None:
        self._app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or raise Forbidden."""
        changes = scope["type"] == "http" and scope["method"] not in SAFE_METHODS and not scope["path"].startswith(API)
        if changes and not is_from_own_page(Headers(scope=scope), self._origin):
            raise Forbidden("That request did not come from a page of this console.", do="Open the page and try again.")
        await self._app(scope, receive, send)


def wants_json(scope: Scope) -> bool:
    """Tell whether the caller is a script of ours rather than a page load."""
    return "application/json" in Headers(scope=scope).get("accept", "")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"That is more than the {limit >> 20} MiB we take here.", do="Send less.")
