"""Release images by plain HTTP, for devices without TLS, where the operator turned it on (`device_http_port`).

GET, HEAD  /DEFAULT/artifacts/<release>/<file>[.MD5SUM]

Nothing else is served here, nobody is asked who they are, and nothing is taken. It is safe because what a device
installs is signed: bytes that were altered on the way are refused, and the same images are there for anyone in the TUF
repositories. Who watches the network sees which image a device fetches. Orders and reports stay on TLS.
"""

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from careful import releases
from careful.entrypoints.gateway.https.artifacts import Delivery
from careful.entrypoints.gateway.https.errors import refusal, unexpected
from careful.entrypoints.gateway.https.mtls import MutualTLSProtocol
from careful.kernel.errors import CarefulError, NotFound
from careful.kernel.work import World

PATH = "/DEFAULT/artifacts/{release}/{file}"
"""It begins with /DEFAULT because Zephyr looks for that, and is short because Zephyr has little room for it."""
_CONNECTIONS = 2048
_ID_LIMIT = 64
_FOREVER = "public, max-age=31536000, immutable"


def create_app(world: World) -> Starlette:
    """Return the application."""
    files = Delivery(world)

    async def fetch(request: Request) -> ASGIApp:
        named = request.path_params["release"]
        if not (named.isascii() and named.isalnum() and len(named) <= _ID_LIMIT):
            raise NotFound("There is no such image.")
        release = await run_in_threadpool(releases.by_id, world, named)
        name = request.path_params["file"]
        one = release.file(name.removesuffix(".MD5SUM")) or release.file(name)
        if release.state != "signed" or one is None:
            raise NotFound("There is no such image.")
        if name != one.filename:
            return PlainTextResponse(f"{one.md5}  {one.filename}\n")
        return await files.answer(request, one.sha256, one.filename, one.sha1, cache=_FOREVER)

    def elsewhere(_request: Request, error: Exception) -> PlainTextResponse:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return PlainTextResponse("Only release images are here. Everything else needs HTTPS.\n", status)

    return Starlette(
        routes=[Route(PATH, fetch, methods=["GET"])],
        exception_handlers={CarefulError: refusal, HTTPException: elsewhere, Exception: unexpected},
    )


def plain_config(world: World) -> uvicorn.Config:
    """Return how images are served by plain HTTP."""
    return uvicorn.Config(
        create_app(world),
        host=world.settings.host,
        port=world.settings.device_http_port,
        http=MutualTLSProtocol,  # for its limits on a request's head; there is no TLS here
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=15,
    )
