"""The public site's application: pages, and files for machines; a refusal is a page, or JSON where that was asked."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from careful.entrypoints.look import static, templates
from careful.entrypoints.public import machine, pages
from careful.entrypoints.public.security import PublicHeaders
from careful.kernel.errors import CarefulError, NotFound
from careful.kernel.work import World


def create_app(world: World) -> Starlette:
    """Return the public site of `world`."""
    look = templates(world)
    look.environment.globals["maker"] = world.settings.maker_name

    def refuse(request: Request, refusal: Exception) -> Response:
        if isinstance(refusal, HTTPException):
            refusal = NotFound("There is no such page.", do="Begin at the start.")
        if not isinstance(refusal, CarefulError):
            raise refusal
        if request.url.path.endswith(".json") or request.url.path.startswith("/v1/"):
            return JSONResponse(refusal.as_dict(), refusal.status)
        return look.error(request, refusal, layout="public_base.html")

    return Starlette(
        routes=[static(), *machine.routes(world), *pages.routes(world, look)],
        middleware=[Middleware(PublicHeaders, tls=not world.settings.on_loopback)],
        exception_handlers={CarefulError: refuse, HTTPException: refuse},
    )
