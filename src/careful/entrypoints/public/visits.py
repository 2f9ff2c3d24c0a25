"""Owners' visits to the public site: cookies, and what must hold before a form of theirs is believed.

Two cookies, set under `/my` alone: the session (Strict), and before it a visit (Lax, as a link from a mail is followed
from elsewhere) to which forms and one-time links are bound. Both are HttpOnly, and `__Host-` and Secure under TLS.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response

from careful import owners
from careful.entrypoints.names import is_from_own_page, origin_of
from careful.kernel.errors import Forbidden, Invalid, Unauthenticated
from careful.kernel.work import World

PLACE = "/my"
FIELD = "csrf"
_TEXT_LONGEST = 2000
_FIELDS = 20
_SECRET_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Visit:
    """Whoever is at the other end: their session, if a link was opened; what forms are bound to; from where."""

    session: owners.Session | None
    holder: str
    csrf: str
    source: str

    def owner(self) -> owners.Session:
        """Return the session. Raises Unauthenticated."""
        if self.session is None:
            raise Unauthenticated("Your visit is over, or has not begun.", do="Ask for a link by e-mail.")
        return self.session


class Visits:
    """Reads and sets the cookies of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._origin = origin_of(world.settings.public_url)
        self._secure = self._origin.startswith("https:")

    def of(self, request: Request) -> Visit:
        """Return who visits."""
        secret = request.cookies.get(self._name("owner"), "")[:_SECRET_LONGEST]
        source = request.client.host if request.client else "unknown"
        if secret:
            try:
                found = owners.find_session(self._world, secret)
                return Visit(found, secret, self._csrf(secret), source)
            except Unauthenticated:
                pass
        visit = request.cookies.get(self._name("visit"), "")[:_SECRET_LONGEST]
        return Visit(None, visit, self._csrf(visit) if visit else "", source)

    def begin(self, visit: Visit) -> Visit:
        """Return the visit with something that forms can be bound to."""
        if visit.holder:
            return visit
        holder = secrets.token_urlsafe(32)
        return Visit(None, holder, self._csrf(holder), visit.source)

    def keep(self, response: Response, visit: Visit) -> Response:
        """Have the browser keep what its forms are bound to."""
        self._put(response, "visit", visit.holder, "lax")
        return response

    def enter(self, response: Response, secret: str) -> Response:
        """Have the browser keep a session."""
        self._put(response, "owner", secret, "strict")
        response.delete_cookie(self._name("visit"), path="/", secure=self._secure, httponly=True, samesite="lax")
        return response

    def leave(self, response: Response) -> Response:
        """Have the browser forget a session, and clear what it stored."""
        response.delete_cookie(self._name("owner"), path="/", secure=self._secure, httponly=True, samesite="strict")
        response.headers["clear-site-data"] = '"cache", "storage"'
        return response

    def form(self, handle: Callable[[Request, Visit, FormData], Response]) -> Callable[[Request], object]:
        """Return an endpoint that believes a form only from our own pages, with the visit's own token in it."""

        async def endpoint(request: Request) -> Response:
            if not is_from_own_page(request.headers, self._origin):
                raise Forbidden("That form did not come from a page of ours.", do="Open the page and try again.")
            fields = await _read(request)
            return await run_in_threadpool(self._checked, handle, request, fields)

        return endpoint

    def _checked(
        self, handle: Callable[[Request, Visit, FormData], Response], request: Request, fields: FormData
    ) -> Response:
        visit = self.of(request)
        given = text(fields, FIELD)
        if not visit.csrf or not hmac.compare_digest(given.encode(), visit.csrf.encode()):
            raise Forbidden(
                "This form has gone stale, or was opened in another browser.", do="Go back, reload the page, try again."
            )
        return handle(request, visit, fields)

    def _csrf(self, holder: str) -> str:
        return hmac.digest(self._world.keys.secret("owner-forms"), holder.encode(), "sha256").hex()

    def _put(self, response: Response, name: str, value: str, same_site: str) -> None:
        response.set_cookie(
            self._name(name), value, path="/", secure=self._secure, httponly=True,
            samesite="strict" if same_site == "strict" else "lax",
        )  # fmt: skip

    def _name(self, what: str) -> str:
        return f"__Host-careful-{what}" if self._secure else f"careful-my-{what}"


def text(fields: FormData, name: str) -> str:
    """Return one text field, "" where it is not there. Raises Invalid for a file, or what is very long."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise Invalid("That field takes text, not a file.", where=name)
    if len(value) > _TEXT_LONGEST:
        raise Invalid(f"That is longer than {_TEXT_LONGEST} characters.", do="Shorten it.", where=name)
    return value.strip()


async def _read(request: Request) -> FormData:
    try:
        return await request.form(max_files=0, max_fields=_FIELDS)
    except (HTTPException, MultiPartException, ValueError) as broken:
        raise Invalid("That form could not be read.", do="Reload the page and try again.") from broken
