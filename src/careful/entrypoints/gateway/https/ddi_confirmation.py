"""The owner's word over DDI: an order that waits for it, and a device that gives it by itself (auto-confirm).

GET  …/confirmationBase                          does the device agree by itself, and what waits?
GET  …/confirmationBase/{action}                 the order, as deploymentBase has it, under `confirmation`
POST …/confirmationBase/{action}/feedback        confirmed or denied
POST …/confirmationBase/activateAutoConfirm      POST …/deactivateAutoConfirm
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from careful import releases, updates
from careful.entrypoints.gateway.https import ddi_bodies as bodies
from careful.entrypoints.gateway.https.ddi_desk import Desk, action_of
from careful.entrypoints.gateway.https.ddi_media import answer, media_of, read_table
from careful.kernel.actors import Actor
from careful.kernel.work import World


class Confirmation:
    """The endpoints."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def state(self, request: Request) -> Response:
        """Say whether the device agrees by itself, and which order waits."""
        device = await self._desk.device(request)
        media_of(request)
        by_itself = await run_in_threadpool(updates.auto_confirm, self._desk.world, device)
        poll = await run_in_threadpool(self._desk.board.look, device)
        open_now = updates.in_window(poll.window, self._desk.world.clock.now())
        waiting = poll.action if poll.asking and open_now and not poll.cancelling else None
        return answer(request, bodies.confirmation_state(self._desk.base(request), by_itself, waiting))

    async def read(self, request: Request) -> Response:
        """Give the order that waits."""
        device = await self._desk.device(request)
        media_of(request)
        order = await run_in_threadpool(updates.waiting_order, self._desk.world, device, action_of(request))
        release = await run_in_threadpool(releases.by_id, self._desk.world, order.release)
        history = await run_in_threadpool(bodies.history_of, self._desk.world, request, order)
        now, port = self._desk.world.clock.now(), self._desk.world.settings.device_http_port
        body = bodies.deployment(self._desk.base(request), order, release, now, history, http_port=port)
        body["confirmation"] = body.pop("deployment")
        return answer(request, body)

    async def feedback(self, request: Request) -> Response:
        """Take the owner's word."""
        device = await self._desk.device(request)
        agreed, details, code = bodies.read_consent(await read_table(request))
        action = action_of(request)
        await self._desk.change(device, updates.answer_consent, action, agreed=agreed, details=details, code=code)
        return Response(status_code=200)

    async def activate(self, request: Request) -> Response:
        """Let the device agree by itself."""
        device = await self._desk.device(request)
        initiator, remark = bodies.read_initiator(await read_table(request, empty=True))
        await self._desk.change(device, _activate, initiator, remark)
        return Response(status_code=200)

    async def deactivate(self, request: Request) -> Response:
        """Let the owner be asked again."""
        device = await self._desk.device(request)
        await self._desk.change(device, _deactivate)
        return Response(status_code=200)


def _activate(world: World, device: str, initiator: str, remark: str) -> None:
    updates.activate_auto_confirm(world, Actor("device", device), device, initiator, remark)


def _deactivate(world: World, device: str) -> None:
    updates.deactivate_auto_confirm(world, Actor("device", device), device)
