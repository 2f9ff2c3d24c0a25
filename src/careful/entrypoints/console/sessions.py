"""Who is at the other end of a page: cookies, the gate before every page, rights, and fresh proof.

Three cookies, all HttpOnly and SameSite=Strict, with the `__Host-` prefix and Secure under TLS: the session, a visit
(before signing in, so that forms and passkey answers are bound to one browser) and a browser's proof of having signed
in before. `request.state.session` is set for whoever is signed in, and only then.
"""

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from careful import people
from careful.entrypoints.console.security import API, SAFE_METHODS
from careful.entrypoints.look import LookRenderer
from careful.kernel.actors import Actor
from careful.kernel.errors import Forbidden, Unauthenticated
from careful.kernel.work import World

SIGN_IN = "/sign-in"
PROVE = "/prove"
ENROL = "/enrol"
_OPEN = ("/static/", "/sign-in", "/first/", API)
_WHILE_ENROLLING = (ENROL, "/signout")
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Me:
    """The signed-in person, as pages show them."""

    id: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """What a page knows of whoever is signed in; `csrf` goes into every form."""

    account: Me
    actor: Actor
    csrf: str
    session: people.Session

    def may(self, resource: str, verb: str) -> bool:
        """Tell whether a button is worth showing."""
        return people.allowed(self.account.roles, resource, verb)


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and flags of our cookies."""

    secure: bool

    @property
    def session(self) -> str:
        """Return the session cookie's name."""
        return self._named("careful")

    @property
    def visit(self) -> str:
        """Return the visit cookie's name."""
        return self._named("careful-visit")

    @property
    def known(self) -> str:
        """Return the known-browser cookie's name."""
        return self._named("careful-known")

    def put(self, response: Response, name: str, value: str, *, days: int | None = None) -> None:
        """Set a cookie; without `days` it ends with the browser."""
        age = None if days is None else days * _DAY
        response.set_cookie(name, value, max_age=age, path="/", secure=self.secure, httponly=True, samesite="strict")

    def drop(self, response: Response, name: str) -> None:
        """Take a cookie away."""
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="strict")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


def cookies_for(world: World) -> Cookies:
    """Return the cookies of a world: hardened under TLS, plain on loopback HTTP where `Secure` would lose them."""
    return Cookies(secure=world.settings.console_url.startswith("https:"))


def csrf_of(world: World, holder: str) -> str:
    """Return the form token that belongs to a session's or visit's secret."""
    key = world.keys.secret("console-forms")
    return hmac.digest(key, holder.encode(), hashlib.sha256).hex()


class SessionGate:
    """Lets nobody past without a session, but for signing in, the look's files and the API."""

    def __init__(self, app: ASGIApp, *, world: World, look: LookRenderer) -> None:
        self._app = app
        self._world = world
        self._look = look
        self._cookies = cookies_for(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; send strangers to sign in; raise Unauthenticated where a page cannot be shown instead."""
        if scope["type"] != "http" or scope["path"].startswith(("/static/", API)):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        session = await run_in_threadpool(self._look_up, request)
        self._note(request, session)
        response = None if self._open(scope["path"], session) else self._turn_away(request, session)
        await (response or self._app)(scope, receive, send)

    def _look_up(self, request: Request) -> people.Session | None:
        secret = request.cookies.get(self._cookies.session)
        if not secret:
            return None
        # A stream of live updates is the browser's doing, not the person's: it does not keep a session from idling.
        by_itself = "text/event-stream" in request.headers.get("accept", "")
        try:
            return people.find(self._world, secret, touch=not by_itself)
        except Unauthenticated:
            return None

    def _note(self, request: Request, session: people.Session | None) -> None:
        """Put on `request.state`: session (Signed or None), proved, enrolling, holder and csrf."""
        cookie = request.cookies.get(self._cookies.session if session else self._cookies.visit, "")
        state = request.state
        state.holder = cookie
        state.csrf = csrf_of(self._world, cookie) if cookie else ""
        state.enrolling = session if session and session.kind == "enrolling" else None
        state.session = None
        state.proved = session is not None and people.has_recent_proof(session, self._world.clock.now())
        if session and session.kind == "full":
            me = Me(session.account, session.name, session.roles)
            state.session = Signed(me, people.actor_of(session), state.csrf, session)

    def _open(self, path: str, session: people.Session | None) -> bool:
        if session is not None and session.kind == "full":
            return True
        if session is not None and path.startswith(_WHILE_ENROLLING):
            return True
        return path.startswith(_OPEN)

    def _turn_away(self, request: Request, session: people.Session | None) -> Response:
        if request.method not in SAFE_METHODS:
            raise Unauthenticated("You are not signed in, or your session has ended.", do="Sign in and try again.")
        if session is not None:
            return RedirectResponse(ENROL, 303)
        if request.headers.get("sec-fetch-site") == "cross-site":
            # A strict cookie stays behind when somebody follows a link from elsewhere; one step on our own site
            # brings it along.
            return self._look.page(request, "signin/step.html", target=target_of(request))
        return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': target_of(request)})}", 303)


def signed(request: HTTPConnection) -> Signed:
    """Return who is signed in. Raises Unauthenticated."""
    found = getattr(request.state, "session", None)
    if not isinstance(found, Signed):
        raise Unauthenticated("You are not signed in.", do="Sign in.")
    return found


def require(request: HTTPConnection, resource: str, verb: str) -> Actor:
    """Return the actor, if the signed-in person may do this. Raises Forbidden, Unauthenticated, ProofNeeded.

    Every handler that changes something begins with this line. A right that weighs (people.weighty) asks for a fresh
    proof when something is changed or taken away by it.
    """
    who = signed(request)
    if not who.may(resource, verb):
        raise Forbidden(
            f"Your roles ({', '.join(who.account.roles)}) do not include {resource}:{verb}.", do="Ask an administrator."
        )
    if people.weighs(resource, verb) and (request.scope.get("method") not in SAFE_METHODS or verb == "export"):
        need_proof(request)
    return who.actor


def need_proof(request: HTTPConnection, back: str = "") -> None:
    """Raise ProofNeeded unless the person showed a factor in the last ten minutes: the way to that, and back.

    Afterwards the form they sent is sent again; with `back`, for forms that hold secrets, they are led there instead.
    """
    if not request.state.proved:
        raise ProofNeeded(back)


class ProofNeeded(Unauthenticated):
    """What was asked for weighs: the person shows a factor once more first. `step_up` makes the page of it."""

    def __init__(self, back: str = "") -> None:
        super().__init__("This needs a fresh proof that it is you.", do=f"Show your passkey or code again: {PROVE}")
        self.back = back


def proof_at(target: str) -> str:
    """Return the address of the page that asks for a proof and then leads to `target`."""
    return f"{PROVE}?{urlencode({'next': target})}"


def door_of(request: Request, cookies: Cookies) -> people.Door:
    """Return where this request comes in."""
    source = request.client.host if request.client else "unknown"
    known = request.cookies.get(cookies.known, "")
    return people.Door(source, request.headers.get("user-agent", ""), known[:100])


def safe_next(target: str) -> str:
    """Return a path of our own to go on to, never another site."""
    parts = urlsplit(target)
    local = target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    return target if local and not parts.scheme and not parts.netloc and target.isprintable() else "/"


def target_of(request: Request) -> str:
    """Return the page that was asked for, with its query."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
