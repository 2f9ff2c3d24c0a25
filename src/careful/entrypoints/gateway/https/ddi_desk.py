"""What every resource of the DDI stands on: who asks, what the board has for it, whose order it is, what to refuse."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from careful import updates
from careful.entrypoints.gateway.https import ddi_bodies as bodies
from careful.entrypoints.gateway.https.ddi_media import answer
from careful.entrypoints.gateway.https.doorman import Doorman
from careful.kernel.errors import CarefulError, Invalid, NotFound, TooMany, Unauthenticated, Unavailable
from careful.kernel.work import World

TENANTS = ("default", "DEFAULT")
BASE = "/{tenant}/controller/v1/{device}"
_ID_LIMIT = 256
_RETRY_SECONDS = 5
_FLUSH_SECONDS = 5.0
_INT32 = 1 << 31
_log = structlog.get_logger(__name__)
Endpoint = Callable[[Request], Awaitable[Any]]
T = TypeVar("T")


class Desk:
    """The world as the DDI's resources see it."""

    def __init__(self, world: World, *, fresh: float) -> None:
        self.world = world
        self.board = updates.Board(world, fresh=fresh)
        self._doorman = Doorman(world, fresh=min(fresh * 4, 1.0))
        self._flushing: asyncio.Task[None] | None = None

    async def device(self, request: Request) -> str:
        """Return the device in the address, which must be who asks. Raises Unauthenticated, Forbidden."""
        device: str = request.path_params["device"]
        await self._doorman.admit(request, device)
        return device

    async def order(self, request: Request) -> updates.Order:
        """Return the order in the address, which must be the asking device's. Raises NotFound."""
        device = await self.device(request)
        order = await run_in_threadpool(updates.order, self.world, action_of(request))
        if order is None or order.device != device:
            raise NotFound("There is no such action for this device.")
        return order

    async def change(self, device: str, act: Callable[..., T], *given: object, **named: object) -> T:
        """Do what a device asks for, and have its next poll tell the outcome."""

        def change() -> T:
            try:
                return act(self.world, device, *given, **named)
            finally:
                self.board.forget(device)

        return await run_in_threadpool(change)

    def base(self, request: Request) -> str:
        """Return the address under which this device reached us."""
        params = request.path_params
        return bodies.base_url(
            request, self.world.settings.device_url, params.get("tenant", TENANTS[0]), params["device"]
        )

    def heard(self, device: str) -> None:
        """Note that a device polled; the times are handed to the registry a few seconds' worth at once."""
        if self.board.heard(device):
            self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        await asyncio.sleep(_FLUSH_SECONDS)
        try:
            await run_in_threadpool(self.board.flush)
        except CarefulError as failure:
            _log.warning("times of polls were lost", why=str(failure))


def action_of(request: Request) -> int:
    """Return the number of the action in the address. Raises NotFound for what can be none."""
    text: str = request.path_params["action"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) < _INT32):  # noqa: PLR2004 (digits)
        raise NotFound("There is no such action for this device.")
    return int(text)


def told(endpoint: Endpoint) -> Endpoint:
    """Check the tenant, and answer refusals as DDI does."""

    async def told(request: Request) -> Any:  # noqa: ANN401 (a response, or what answers like one)
        try:
            tenant = request.path_params.get("tenant", TENANTS[0])
            if tenant not in TENANTS:
                right = request.url.path.replace(f"/{tenant}/", f"/{TENANTS[0]}/", 1)
                raise NotFound(f"There is no tenant {tenant[:64]!r}.", do=f"Use {right[:300]}")
            device = request.path_params.get("device", "-")
            if not (0 < len(device) <= _ID_LIMIT and device.isprintable()):
                raise Invalid(f"A device id has 1 to {_ID_LIMIT} printable characters.", where="device")
            return await endpoint(request)
        except CarefulError as refusal:
            return refuse(request, refusal)

    return told


def refuse(request: Request, refusal: CarefulError) -> Response:
    """Answer a refusal as DDI has it: what is wrong, and what would be right."""
    headers = {}
    if isinstance(refusal, Unauthenticated):
        headers["WWW-Authenticate"] = "TargetToken, GatewayToken"
    if isinstance(refusal, TooMany):
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, Unavailable):
        headers["Retry-After"] = str(_RETRY_SECONDS)
    body = bodies.error_body(type(refusal).__name__, refusal.status, refusal.what, refusal.do)
    return answer(request, body, refusal.status, headers)
