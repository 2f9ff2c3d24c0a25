"""The public site's application: pages, and files for machines; a refusal comes in the form that was asked for."""

from collections.abc import Mapping
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, ExceptionHandler

from careful.entrypoints.look import LookRenderer, static, templates
from careful.entrypoints.names import KnownHosts
from careful.entrypoints.patience import Patience
from careful.entrypoints.public import csaf, machine, mud, my, pages
from careful.entrypoints.public.security import PublicHeaders, SmallBodies
from careful.entrypoints.rates import Rates, public_class
from careful.entrypoints.refusing import Refusing
from careful.kernel.errors import CarefulError, NotFound
from careful.kernel.work import World

_WRONG_METHOD = 405


class PublicSite(Starlette):
    """Starlette with the headers outside everything, so that even its last-resort error page carries them."""

    tls: bool = False

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap the whole stack."""
        return PublicHeaders(super().build_middleware_stack(), tls=self.tls)


class NotHere(CarefulError):
    """The page exists, but nothing can be sent to it."""

    status = _WRONG_METHOD


def create_app(world: World) -> Starlette:
    """Return the public site of `world`."""
    look = templates(world)
    look.environment.globals["maker"] = world.settings.maker_name

    def refuse(request: Request, failure: Exception) -> Response:
        answer = _answer(look, request, _as_refusal(failure))
        if isinstance(failure, HTTPException) and failure.headers:
            answer.headers.update(failure.headers)
        return answer

    app = PublicSite(
        routes=[
            static(),
            *machine.routes(world),
            *csaf.routes(world),
            *mud.routes(world),
            *my.routes(world, look),
            *pages.routes(world, look),
        ],
        middleware=[
            Middleware(Refusing, refuse=refuse),
            Middleware(KnownHosts, home=world.settings.public_url, names=world.settings.tls_names),
            Middleware(Rates, settings=world.settings, class_of=public_class),
            Middleware(Patience),
            Middleware(SmallBodies, refuse=refuse),
        ],
        exception_handlers=cast(
            Mapping[type[Exception] | int, ExceptionHandler],
            {CarefulError: refuse, HTTPException: refuse, Exception: refuse},
        ),
    )
    app.tls = world.settings.public_url.startswith("https:")
    return app


def _as_refusal(failure: Exception) -> CarefulError:
    """Say in our own words what the framework refuses, and what broke; the framework itself logs what broke."""
    if isinstance(failure, CarefulError):
        return failure
    if not isinstance(failure, HTTPException):
        return CarefulError(
            "Something broke on our side.",
            do="Try again in a few minutes. If it still fails, please tell us: the page Report a problem says how.",
        )
    if failure.status_code == _WRONG_METHOD:
        return NotHere("Nothing can be sent to this page.", do="It is only for reading.")
    return NotFound("There is no such page.", do="Begin at the start, or check the address.")


def _answer(look: LookRenderer, request: Request, refusal: CarefulError) -> Response:
    path = request.url.path
    if path.endswith((".json", ".p7s")) or path.startswith("/v1/"):
        return JSONResponse(refusal.as_dict(), refusal.status)
    if path.endswith((".txt", ".atom", ".csv", ".sha256", ".sha512")):
        return PlainTextResponse(f"{refusal}\n", refusal.status)
    return look.error(request, refusal, layout="public_base.html")
