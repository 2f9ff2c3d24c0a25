"""The device HTTPS server: all routes for devices, one application, one port."""

import contextlib
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from careful import devices
from careful.entrypoints.gateway.https import crl, ddi, est, notice, tuf
from careful.entrypoints.gateway.https.errors import http_error, refusal, unexpected
from careful.entrypoints.gateway.https.ingest import Ingest
from careful.entrypoints.gateway.https.limits import BodyLimit
from careful.entrypoints.gateway.https.mtls import MutualTLSProtocol, tls_context
from careful.kernel.errors import CarefulError
from careful.kernel.work import World

_CONNECTIONS = 8192
_KEEP_ALIVE_SECONDS = 60


def create_app(world: World) -> Starlette:
    """Return the application."""
    taken = Ingest(world)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await taken.taking.close()

    app = Starlette(
        # In this order a request is matched: nearly all are polls, so theirs comes first.
        routes=[
            *(route for feature in (ddi, est, tuf, crl, notice) for route in feature.routes(world)),
            *taken.routes(),
        ],
        lifespan=lifespan,
        middleware=[Middleware(BodyLimit)],
        exception_handlers={CarefulError: refusal, HTTPException: http_error, Exception: unexpected},
    )
    app.router.redirect_slashes = False  # a device would not follow, and has one address to know
    app.state.world = world
    return app


def server_config(world: World) -> uvicorn.Config:
    """Return how devices are served: mutual TLS on `device_port`, certificates in the scope, limits on each peer."""
    key, chain = devices.issue_server_certificate(world)
    context = tls_context(key, chain, devices.authority_bundle_path(world))
    return uvicorn.Config(
        create_app(world),
        host=world.settings.host,
        port=world.settings.device_port,
        http=MutualTLSProtocol,
        ws="none",
        ssl_context_factory=lambda _config, _default: context,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a peer's certificate and address come from the connection, never from a header
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
