"""hawkBit's Direct Device Integration API: devices poll, read their order, fetch, and say how it went.

    GET  /{tenant}/controller/v1/{device}                        what is there for me?   (no query, no write)
    PUT  …/configData   PUT …/installedBase                      what I am and run
    GET  …/deploymentBase/{action}   POST …/feedback             my order, and how it goes
    GET  …/cancelAction/{action}     POST …/feedback             drop it, please
    GET  …/installedBase/{action}                                my last one that succeeded
    GET  …/softwaremodules/{action}/artifacts[/{file}[.MD5SUM]]  the bytes

SWUpdate, rauc-hawkbit-updater, Zephyr and our own agent speak it. A device is its client certificate's name, or shows
its target token, and sees nothing but its own.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from careful import devices, releases, updates
from careful.entrypoints.gateway.https import ddi_bodies as bodies
from careful.entrypoints.gateway.https.artifacts import Tampered, file_response
from careful.entrypoints.gateway.https.doorman import Doorman
from careful.kernel.errors import CarefulError, Invalid, NotFound, TooMany, Unauthenticated, Unavailable
from careful.kernel.work import World

TENANTS = ("default", "DEFAULT")
_BASE = "/{tenant}/controller/v1/{device}"
_FLUSH_SECONDS = 5.0
_ID_LIMIT = 256
_RETRY_SECONDS = 5
_log = structlog.get_logger(__name__)
Endpoint = Callable[[Request], Awaitable[Any]]
T = TypeVar("T")


def routes(world: World, *, fresh: float = 0.25) -> list[Route]:
    """Return the DDI routes. Polls show orders at most `fresh` seconds old, and at once what the device did itself."""
    ddi = Ddi(world, fresh=fresh)
    listed: tuple[tuple[str, Endpoint, str], ...] = (
        ("", ddi.poll, "GET"),
        ("/configData", ddi.describe, "PUT"),
        ("/deploymentBase/{action}", ddi.read_order, "GET"),
        ("/deploymentBase/{action}/feedback", ddi.feedback, "POST"),
        ("/cancelAction/{action}", ddi.read_cancel, "GET"),
        ("/cancelAction/{action}/feedback", ddi.answer_cancel, "POST"),
        ("/installedBase/{action}", ddi.read_installed, "GET"),
        ("/installedBase", ddi.report_installed, "PUT"),
        ("/softwaremodules/{action}/artifacts", ddi.list_artifacts, "GET"),
        ("/softwaremodules/{action}/artifacts/{file}", ddi.fetch, "GET"),
    )
    offered = [Route(_BASE + path, _told(endpoint), methods=[method]) for path, endpoint, method in listed]
    return [*offered, Route("/{tenant}/controller/v1/{rest:path}", _told(_no_such))]


async def _no_such(_request: Request) -> Response:
    raise NotFound("There is no such resource.", do=f"The API is at /{TENANTS[0]}{_BASE[9:]}.")


def _told(endpoint: Endpoint) -> Endpoint:
    """Check the tenant, and answer refusals as DDI does."""

    async def told(request: Request) -> Any:  # noqa: ANN401 (a response, or what answers like one)
        try:
            tenant = request.path_params["tenant"]
            if tenant not in TENANTS:
                right = request.url.path.replace(f"/{tenant}/", f"/{TENANTS[0]}/", 1)
                raise NotFound(f"There is no tenant {tenant[:64]!r}.", do=f"Use {right[:300]}")
            if len(request.path_params.get("device", "")) > _ID_LIMIT:
                raise Invalid(f"A device id has at most {_ID_LIMIT} characters.", where="device")
            return await endpoint(request)
        except CarefulError as refusal:
            return _refusal(refusal)

    return told


def _refusal(refusal: CarefulError) -> Response:
    if isinstance(refusal, Unauthenticated):
        return Response(status_code=401)
    headers = {}
    if isinstance(refusal, TooMany):
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, Unavailable):
        headers["Retry-After"] = str(_RETRY_SECONDS)
    body = bodies.error_body(type(refusal).__name__, refusal.status, refusal.what, refusal.do)
    return JSONResponse(body, refusal.status, headers)


class Ddi:
    """The API's endpoints over one world."""

    def __init__(self, world: World, *, fresh: float) -> None:
        self._world = world
        self._board = updates.Board(world, fresh=fresh)
        self._doorman = Doorman(world, fresh=min(fresh * 4, 1.0))
        self._interval = bodies.sleep(world.settings.poll_seconds)
        self._flushing: asyncio.Task[None] | None = None

    async def poll(self, request: Request) -> Response:
        """Say what there is for the device. Costs no query on a kept connection, and never a write."""
        device = request.path_params["device"]
        await self._doorman.admit(request, device)
        bodies.check_accept(request)
        told = self._board.peek(device)
        if told is None:
            told = await run_in_threadpool(self._board.look, device)
        if self._board.heard(device):
            self._flushing = asyncio.create_task(self._flush())
        body = bodies.poll_body(self._base(request), told, self._interval)
        headers = {"etag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"', "cache-control": "no-store"}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=_media(request), headers=headers)

    async def _flush(self) -> None:
        """Hand the times of polls to the registry, a few seconds' worth at once."""
        await asyncio.sleep(_FLUSH_SECONDS)
        try:
            await run_in_threadpool(self._board.flush)
        except CarefulError as failure:
            _log.warning("times of polls were lost", why=str(failure))

    async def describe(self, request: Request) -> Response:
        """Take what the device says about itself."""
        device = await self._device(request)
        mode, data = bodies.read_attributes(await bodies.json_body(request))
        await self._change(device, updates.describe, mode, data)
        return Response(status_code=200)

    async def read_order(self, request: Request) -> Response:
        """Give the device its order."""
        device = await self._device(request)
        bodies.check_accept(request)
        order = await self._change(device, updates.retrieved, _action(request))
        return await self._deployment(request, order)

    async def feedback(self, request: Request) -> Response:
        """Take how the order goes."""
        device = await self._device(request)
        report = bodies.read_report(await bodies.json_body(request))
        await self._change(device, updates.feedback, _action(request), report)
        return Response(status_code=200)

    async def read_cancel(self, request: Request) -> Response:
        """Ask the device to drop its order."""
        order = await self._order(request)
        if not order.is_open or not order.cancelling:
            raise NotFound("There is no such action to cancel.")
        return JSONResponse({"id": str(order.id), "cancelAction": {"stopId": str(order.id)}})

    async def answer_cancel(self, request: Request) -> Response:
        """Take whether the order was dropped."""
        device = await self._device(request)
        report = bodies.read_report(await bodies.json_body(request))
        await self._change(device, updates.answer_cancel, _action(request), report)
        return Response(status_code=200)

    async def read_installed(self, request: Request) -> Response:
        """Give the device its last order that succeeded."""
        order = await self._order(request)
        if order.state != "succeeded" or order.drill:
            raise NotFound("There is no such finished action.")
        return await self._deployment(request, order)

    async def report_installed(self, request: Request) -> Response:
        """Take which version the device runs."""
        device = await self._device(request)
        version = bodies.read_installed(await bodies.json_body(request))
        before = await run_in_threadpool(devices.get, self._world, device)
        await self._change(device, devices.report_version, version, "ddi")
        return Response(status_code=200 if before.version == version else 201)

    async def list_artifacts(self, request: Request) -> Response:
        """List the one artifact of an order."""
        order = await self._order(request)
        release = await run_in_threadpool(releases.by_id, self._world, self._fetchable(order).release)
        return JSONResponse([bodies.artifact(self._base(request), order, release)])

    async def fetch(self, request: Request) -> ASGIApp:
        """Give the bytes of an order's artifact, or their MD5 line; altered ones in a rehearsal of tampering."""
        order = self._fetchable(await self._order(request))
        release = await run_in_threadpool(releases.by_id, self._world, order.release)
        one, name = release.artifact, request.path_params["file"]
        if name == f"{one.filename}.MD5SUM":
            return PlainTextResponse(f"{one.md5}  {one.filename}\n")
        if name != one.filename:
            raise NotFound("There is no such artifact in this order.")
        path = await run_in_threadpool(releases.artifact_path, self._world, one.sha256)
        response = file_response(request, path, one.filename, one.sha1)
        return Tampered(response) if order.drill == "tampered" else response

    async def _change(self, device: str, act: Callable[..., T], *given: object) -> T:
        """Do what a device asks for, and have its next poll tell the outcome."""

        def change() -> T:
            try:
                return act(self._world, device, *given)
            finally:
                self._board.forget(device)

        return await run_in_threadpool(change)

    def _fetchable(self, order: updates.Order) -> updates.Order:
        if order.is_open or (order.state == "succeeded" and not order.drill):
            return order
        raise NotFound("This order is over.")

    async def _device(self, request: Request) -> str:
        device: str = request.path_params["device"]
        await self._doorman.admit(request, device)
        return device

    async def _order(self, request: Request) -> updates.Order:
        device = await self._device(request)
        order = await run_in_threadpool(updates.order, self._world, _action(request))
        if order is None or order.device != device:
            raise NotFound("There is no such action for this device.")
        return order

    async def _deployment(self, request: Request, order: updates.Order) -> Response:
        release = await run_in_threadpool(releases.by_id, self._world, order.release)
        history = None
        if request.query_params.get("actionHistory", "0") != "0":
            history = tuple(await run_in_threadpool(updates.statuses, self._world, order.id))
        body = bodies.deployment(self._base(request), order, release, history)
        return JSONResponse(body, media_type=_media(request))

    def _base(self, request: Request) -> str:
        params = request.path_params
        return bodies.base_url(request, self._world.settings.device_url, params["tenant"], params["device"])


def _action(request: Request) -> int:
    text: str = request.path_params["action"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):  # noqa: PLR2004 (digits of an int32)
        raise NotFound("There is no such action for this device.")
    number = int(text)
    if number >= 1 << 31:
        raise NotFound("There is no such action for this device.")
    return number


def _media(request: Request) -> str:
    """Return the one of our two JSON types that the device asked for."""
    return "application/hal+json" if "application/hal+json" in request.headers.get("accept", "") else "application/json"
