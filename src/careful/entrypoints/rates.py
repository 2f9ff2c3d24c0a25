"""How many requests one address may make in a minute, by class of route. Set in settings; docs/hardening.md lists them.

Counted in this process's memory, by the address that the server believes (`page_proxies`): an IPv4 address, or the /64
of an IPv6 one. Signing in has limits of its own beside these, which are in the database and know accounts
(`careful.people.limits`).
"""

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from careful import people
from careful.entrypoints.buckets import Buckets
from careful.kernel.settings import Settings

CONSOLE = ("sign-in", "change", "page", "file", "api")
PUBLIC = ("public", "public-form", "file")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_WAYS_IN = ("/sign-in", "/first/", "/prove", "/enrol")
_WAYS_IN_ELSEWHERE = ("/first/", "/sign-in/")
"""Where even looking tries a secret or begins something."""
_FILES_A_MINUTE = 6000


def console_class(method: str, path: str) -> str:
    """Return the class of a request to the console."""
    if path.startswith("/api/"):
        return "api"
    if path.startswith("/static/"):
        return "file"
    if path.startswith(_WAYS_IN_ELSEWHERE) or (path.startswith(_WAYS_IN) and method not in _SAFE_METHODS):
        return "sign-in"
    return "page" if method in _SAFE_METHODS else "change"


def public_class(method: str, path: str) -> str:
    """Return the class of a request to the public site."""
    if path.startswith("/static/"):
        return "file"
    return "public" if method in _SAFE_METHODS else "public-form"


def a_minute(settings: Settings) -> Mapping[str, int]:
    """Return how many requests of each class one address may make in a minute; 0: as many as it likes."""
    return {
        "sign-in": settings.rate_sign_in,
        "change": settings.rate_change,
        "page": settings.rate_page,
        "api": settings.rate_api,
        "public": settings.rate_public,
        "public-form": settings.rate_public_form,
        "file": _FILES_A_MINUTE,
    }


class Rates:
    """Refuses what one address asks too often; a minute's worth may come at once."""

    def __init__(self, app: ASGIApp, *, settings: Settings, class_of: Callable[[str, str], str]) -> None:
        self._app = app
        self._class_of = class_of
        self._buckets = {name: Buckets(most / 60, most) for name, most in a_minute(settings).items() if most}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or raise TooMany."""
        if scope["type"] == "http":
            bucket = self._buckets.get(self._class_of(scope["method"], scope["path"]))
            if bucket is not None:
                bucket.take(people.source_of((scope.get("client") or ("unknown", 0))[0]))
        await self._app(scope, receive, send)
