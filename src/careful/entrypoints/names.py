"""Which names a site answers to, how its address is written in Origin, and what comes from a page of its own."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from careful.kernel.errors import Forbidden, Invalid

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class KnownHosts:
    """Answers only to our own names, so that a foreign name pointed at us (DNS rebinding) reaches nothing.

    A site has one address, `home`; whoever comes by another of our names is sent there, so that cookies of console and
    public site never meet. Paths that begin with `everywhere` are answered under all our names.
    """

    def __init__(self, app: ASGIApp, *, home: str, names: tuple[str, ...], everywhere: str = "") -> None:
        self._app = app
        self._home = home
        self._host = (urlsplit(home).hostname or "").lower()
        self._known = {self._host, *(name.lower() for name in names)}
        self._everywhere = everywhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, send home, or raise Invalid, Forbidden."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = Headers(scope=scope).getlist("host")
        host = hostname(named[0]) if len(named) == 1 else ""
        if host not in self._known:
            raise Invalid("This server does not answer to that name.", do=f"Open {self._home}", where="Host")
        if host == self._host or (self._everywhere and scope["path"].startswith(self._everywhere)):
            await self._app(scope, receive, send)
            return
        if scope["method"] not in _SAFE_METHODS:
            raise Forbidden("That form was sent to another of our names.", do=f"Open {self._home}")
        query = scope.get("query_string", b"").decode("latin-1")
        target = self._home + scope.get("raw_path", b"/").decode("latin-1") + (f"?{query}" if query else "")
        await RedirectResponse(target, 307)(scope, receive, send)


def hostname(header: str) -> str:
    """Return the name in a Host header, in lower case; empty where it is malformed or says who one is."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # raises where it is no number: `localhost:80.evil.example`
    except ValueError:
        return ""
    plain = parts.netloc == header and "@" not in header and header.isascii() and header.isprintable()
    return (parts.hostname or "").lower() if plain else ""


def origin_of(address: str) -> str:
    """Return scheme, host and port as browsers write them in Origin (RFC 6454, section 6.2)."""
    parts = urlsplit(address)
    port = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, port} else "")


def is_from_own_page(headers: Headers, origin: str) -> bool:
    """Tell whether a browser says that a request comes from a page of `origin`: by fetch metadata, else by Origin."""
    site, said = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None:
        return said == origin
    return site == "same-origin" and said in {None, origin}
