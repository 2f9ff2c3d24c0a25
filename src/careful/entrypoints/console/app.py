"""The console's application: the shell (security), the gate (sessions), forms, then pages.

`create_app` joins what others bring: pages from `console.pages`, sign-in from here, the API as a mount of its own that
shares the port and the outer shell but neither cookies nor forms.
"""

from collections.abc import Callable, Mapping
from typing import cast

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, ExceptionHandler

from careful.entrypoints import problem
from careful.entrypoints.blur import Blurred
from careful.entrypoints.console import access, enrol, forms, identity, pages, security, sessions, signin, step_up
from careful.entrypoints.look import LookRenderer, static, templates
from careful.entrypoints.names import KnownHosts, origin_of
from careful.entrypoints.patience import Patience
from careful.entrypoints.rates import Rates, console_class
from careful.entrypoints.refusing import Refusing
from careful.kernel.errors import CarefulError, NeedsSecond, NotFound
from careful.kernel.work import World

API_PATH = "/api/v1"
LARGE_BODIES = (f"{API_PATH}/releases", f"{API_PATH}/uploads", f"{API_PATH}/feeds", f"{API_PATH}/vex")
BLURRED = frozenset({"/sign-in", "/sign-in/passkey"})
FORMS_WITH_FILES = (
    "/vulnerabilities/import",
    "/suppliers/evidence",
    "/own-items/evidence",
    f"{API_PATH}/suppliers/*/evidence",
    f"{API_PATH}/own-items/evidence",
)
_log = structlog.get_logger(__name__)


class Console(Starlette):
    """Starlette with the headers outside everything, so that even its last-resort error page carries them."""

    tls: bool = False

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap the whole stack."""
        return security.SecureHeaders(super().build_middleware_stack(), tls=self.tls)


class Refusals:
    """Turns every refusal, from a page or from the shell, into a page (or JSON for our scripts)."""

    def __init__(self, look: LookRenderer, proofs: step_up.Proofs) -> None:
        self._look = look
        self._proofs = proofs

    def answer(self, request: Request, refusal: CarefulError) -> Response:
        """Say what was refused."""
        _log.info("refused", path=_unsecret(request.url.path), status=refusal.status, what=refusal.what)
        if request.url.path.startswith(security.API):
            return JSONResponse(problem.body_of(refusal), refusal.status, media_type=problem.MEDIA_TYPE)
        if security.wants_json(request.scope):
            return JSONResponse(refusal.as_dict(), refusal.status)
        if isinstance(refusal, sessions.ProofNeeded):
            return self._proofs.ask(request, refusal.back)
        if isinstance(refusal, NeedsSecond):
            return RedirectResponse(f"/approvals/{refusal.approval}", 303)
        return self._look.error(request, refusal)


def _unsecret(path: str) -> str:
    """Return a path for the log: a one-time link's secret is no matter for a log."""
    return "/first/…" if path.startswith("/first/") else path


def create_app(world: World, *, api: ASGIApp | None = None) -> Starlette:
    """Return the console for `world`, with `api` (if given) under /api/v1."""
    look = templates(world)
    settings = world.settings
    routes: list[BaseRoute] = [
        static(),
        *signin.routes(world, look),
        *step_up.routes(world, look),
        *identity.routes(world, look),
        *enrol.routes(world, look),
        *access.routes(world, look),
        *pages.routes(world),
    ]
    if api is not None:
        routes.insert(0, Mount(API_PATH, app=api))
    app = Console(
        routes=routes,
        middleware=[
            Middleware(Blurred, concerns=lambda method, path: method == "POST" and path in BLURRED),
            Middleware(Refusing, refuse=Refusals(look, step_up.Proofs(world, look)).answer),
            Middleware(KnownHosts, home=settings.console_url, names=settings.tls_names, everywhere=security.API),
            Middleware(Rates, settings=settings, class_of=console_class),
            Middleware(Patience),
            Middleware(security.BodyLimit, limit_of=security.body_limit(settings, LARGE_BODIES, FORMS_WITH_FILES)),
            Middleware(security.SameOrigin, origin=origin_of(settings.console_url)),
            Middleware(sessions.SessionGate, world=world, look=look),
            Middleware(forms.FormGuard),
        ],
        exception_handlers=cast(
            Mapping[type[Exception] | int, ExceptionHandler],
            {HTTPException: _as_refusal, Exception: _last_resort(look)},
        ),
    )
    app.tls = settings.console_url.startswith("https:")
    return app


def _as_refusal(request: Request, failure: Exception) -> Response:
    """Say what Starlette itself refuses (no such page, wrong method) in our own words."""
    status = failure.status_code if isinstance(failure, HTTPException) else 500
    if status == NotFound.status:
        raise NotFound("There is no such page.", do="Begin at the start page.", where=request.url.path)
    raise _Plain("That cannot be done here.", status)


class _Plain(CarefulError):
    """A refusal with a status of its own."""

    def __init__(self, what: str, status: int) -> None:
        super().__init__(what)
        self.status = status  # type: ignore[misc]  # this one refusal carries whatever status the framework chose


def _last_resort(look: LookRenderer) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, failure: Exception) -> Response:  # noqa: ARG001 (Starlette logs the failure itself)
        refusal = _Plain("Something broke in Careful itself; what you did was not done, or not all of it.", 500)
        refusal.do = "Reload the page to see where things stand; the log of `careful up` says more."
        if security.wants_json(request.scope):
            return JSONResponse(refusal.as_dict(), 500)
        return look.error(request, refusal)

    return answer
