"""hawkBit's Direct Device Integration API: devices poll, read their order, fetch, and say how it went.

    GET  /{tenant}/controller/v1/{device}                        what is there for me?   (no query, no write)
    PUT  …/configData   PUT …/installedBase                      what I am and run
    GET  …/deploymentBase/{action}   POST …/feedback             my order, and how it goes
    GET  …/deploymentBase/{action}/assignment                    the same, signed for me (Uptane's director)
    GET  …/cancelAction/{action}     POST …/feedback             drop it, please
    GET  …/installedBase/{action}                                my last one that succeeded
    GET  …/softwaremodules/{action}/artifacts[/{file}[.MD5SUM]]  the bytes
    …/confirmationBase                                           the owner's word (ddi_confirmation.py)

SWUpdate, rauc-hawkbit-updater, Zephyr and our own agent speak it. A device is its client certificate's name, or shows
a token, and sees nothing but its own.
"""

import hashlib
import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp

from careful import devices, releases, updates
from careful.entrypoints.gateway.https import ddi_bodies as bodies
from careful.entrypoints.gateway.https import rauc
from careful.entrypoints.gateway.https.artifacts import Delivery, Tampered
from careful.entrypoints.gateway.https.ddi_clients import Profile, profile_of
from careful.entrypoints.gateway.https.ddi_confirmation import Confirmation
from careful.entrypoints.gateway.https.ddi_desk import BASE, TENANTS, Desk, Endpoint, action_of, told
from careful.entrypoints.gateway.https.ddi_media import CBOR, answer, media_of, read_table
from careful.entrypoints.gateway.https.pace import Pace
from careful.kernel.errors import NotFound
from careful.kernel.work import World

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def routes(world: World, *, fresh: float = 0.25) -> list[Route]:
    """Return the DDI routes. Polls show orders at most `fresh` seconds old, and at once what the device did itself."""
    desk = Desk(world, fresh=fresh)
    ddi, consent = Ddi(desk), Confirmation(desk)
    listed: tuple[tuple[str, Endpoint, str], ...] = (
        ("", ddi.poll, "GET"),
        ("/configData", ddi.describe, "PUT"),
        ("/deploymentBase/{action}", ddi.read_order, "GET"),
        ("/deploymentBase/{action}/feedback", ddi.feedback, "POST"),
        ("/deploymentBase/{action}/assignment", ddi.read_assignment, "GET"),
        ("/cancelAction/{action}", ddi.read_cancel, "GET"),
        ("/cancelAction/{action}/feedback", ddi.answer_cancel, "POST"),
        ("/installedBase/{action}", ddi.read_installed, "GET"),
        ("/installedBase", ddi.report_installed, "PUT"),
        ("/confirmationBase", consent.state, "GET"),
        ("/confirmationBase/activateAutoConfirm", consent.activate, "POST"),
        ("/confirmationBase/deactivateAutoConfirm", consent.deactivate, "POST"),
        ("/confirmationBase/{action}", consent.read, "GET"),
        ("/confirmationBase/{action}/feedback", consent.feedback, "POST"),
        ("/softwaremodules/{action}/artifacts", ddi.list_artifacts, "GET"),
        ("/softwaremodules/{action}/artifacts/{file}", ddi.fetch, "GET"),
    )
    offered = [Route(BASE + path, told(endpoint), methods=[method]) for path, endpoint, method in listed]
    return [
        *offered,
        rauc.route(desk),
        Route("/{tenant}/controller/v1/{rest:path}", told(_rest(offered)), methods=_METHODS),
    ]


def _rest(offered: list[Route]) -> Endpoint:
    """Answer what no resource is for: the method is wrong there (405), or there is no such resource (404)."""

    async def rest(request: Request) -> Response:
        # A pattern before it may match the same path: activateAutoConfirm is no action's number.
        fitting = next((one for one in offered if one.matches(request.scope)[0] is Match.PARTIAL), None)
        if fitting is None:
            raise NotFound("There is no such resource.", do=f"The API is at /{TENANTS[0]}{BASE[9:]}.")
        use = ", ".join(sorted(fitting.methods or ()))
        said = bodies.error_body("MethodNotAllowed", 405, f"{request.method[:16]} is not for this.", f"Use {use}.")
        return answer(request, said, 405, {"Allow": use})

    return rest


class Ddi:
    """The endpoints for orders and what comes of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._world = desk.world
        settings = desk.world.settings
        self._files = Delivery(desk.world)
        share = settings.polls_per_second / settings.device_processes  # the kernel shares connections out evenly
        self._pace = Pace(settings.poll_seconds, share, settings.silence_minutes * 30)
        self._http_port = settings.device_http_port

    async def poll(self, request: Request) -> Response:
        """Say what there is for the device. Costs no query on a kept connection, and never a write."""
        device = await self._desk.device(request)
        media = media_of(request)
        known = self._desk.board.peek(device)
        if known is None:
            known = await run_in_threadpool(self._desk.board.look, device)
        self._desk.heard(device)
        self._pace.polled()
        base, now = self._desk.base(request), self._world.clock.now()
        # The tag leaves the device's own jitter out, so that nothing new is one short answer (304).
        plain = bodies.poll_body(base, known, bodies.sleep(self._pace.usual()), now)
        body = bodies.poll_body(base, known, bodies.sleep(self._pace.next()), now)
        headers = {"etag": f'"{hashlib.md5(plain, usedforsecurity=False).hexdigest()}"', "cache-control": "no-store"}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        if media == CBOR:
            return answer(request, json.loads(body), headers=headers)
        return Response(body, media_type=media, headers=headers)

    async def describe(self, request: Request) -> Response:
        """Take what the device says about itself."""
        device = await self._desk.device(request)
        mode, data = bodies.read_attributes(await read_table(request))
        await self._desk.change(device, updates.describe, mode, data)
        return Response(status_code=200)

    async def read_order(self, request: Request) -> Response:
        """Give the device its order."""
        device = await self._desk.device(request)
        media_of(request)
        order = await self._desk.change(device, updates.retrieved, action_of(request))
        return await self._deployment(request, order)

    async def read_assignment(self, request: Request) -> Response:
        """Give the device the director's signed word about its order (ours, not hawkBit's)."""
        device = await self._desk.device(request)
        content = await run_in_threadpool(updates.assignment, self._world, device, action_of(request))
        return Response(content, media_type="application/json", headers={"cache-control": "no-store"})

    async def feedback(self, request: Request) -> Response:
        """Take how the order goes."""
        device = await self._desk.device(request)
        report = bodies.read_report(await read_table(request))
        await self._desk.change(device, updates.feedback, action_of(request), report)
        return Response(status_code=200)

    async def read_cancel(self, request: Request) -> Response:
        """Ask the device to drop its order."""
        order = await self._desk.order(request)
        media_of(request)
        if not order.is_open or not order.cancelling:
            raise NotFound("There is no such action to cancel.")
        return answer(request, {"id": str(order.id), "cancelAction": {"stopId": str(order.id)}})

    async def answer_cancel(self, request: Request) -> Response:
        """Take whether the order was dropped."""
        device = await self._desk.device(request)
        report = bodies.read_report(await read_table(request))
        await self._desk.change(device, updates.answer_cancel, action_of(request), report)
        return Response(status_code=200)

    async def read_installed(self, request: Request) -> Response:
        """Give the device its last order that succeeded."""
        order = await self._desk.order(request)
        if order.state != "succeeded" or order.drill:
            raise NotFound("There is no such finished action.")
        return await self._deployment(request, order)

    async def report_installed(self, request: Request) -> Response:
        """Take which version the device runs."""
        device = await self._desk.device(request)
        version = bodies.read_installed(await read_table(request))
        before = await run_in_threadpool(devices.get, self._world, device)
        await self._desk.change(device, devices.report_version, version, "ddi")
        return Response(status_code=200 if before.version == version else 201)

    async def list_artifacts(self, request: Request) -> Response:
        """List the artifacts of an order."""
        order = await self._desk.order(request)
        release = await run_in_threadpool(releases.by_id, self._world, _fetchable(order).release)
        base, files = self._desk.base(request), (release.artifact, *(one.artifact for one in release.parts))
        return answer(request, [bodies.artifact(base, order, release, self._http_port, one) for one in files])

    async def fetch(self, request: Request) -> ASGIApp:
        """Give the bytes of an order's artifact, or their MD5 line; altered ones in a rehearsal of tampering."""
        order = _fetchable(await self._desk.order(request))
        release = await run_in_threadpool(releases.by_id, self._world, order.release)
        name = request.path_params["file"]
        summed = release.file(name.removesuffix(".MD5SUM"))
        if summed is not None and summed.filename != name:
            return PlainTextResponse(f"{summed.md5}  {summed.filename}\n")
        delta = await self._delta(order, release)
        if delta is not None and name == delta.filename:
            return await self._files.answer(request, delta.sha256, delta.filename, delta.sha1)
        one = release.file(name)
        if one is None:
            raise NotFound("There is no such artifact in this order.")
        response = await self._files.answer(request, one.sha256, one.filename, one.sha1, here=bool(order.drill))
        return Tampered(response) if order.drill == "tampered" else response

    async def _deployment(self, request: Request, order: updates.Order) -> Response:
        media_of(request)
        release = await run_in_threadpool(releases.by_id, self._world, order.release)
        history = await run_in_threadpool(bodies.history_of, self._world, request, order)
        now = self._world.clock.now()
        delta = await self._delta(order, release)
        client = profile_of(request)
        if client.single and release.parts and order.is_open:
            await self._refuse_set(order, client, len(release.parts) + 1)
        base, port = self._desk.base(request), self._http_port
        body = bodies.deployment(base, order, release, now, history, delta, http_port=port, part=client.part)
        return answer(request, body)

    async def _refuse_set(self, order: updates.Order, client: Profile, files: int) -> None:
        """End an order that its client could carry out in part only: half a set is no release."""
        says = f"{client.name} takes one file, and the release has {files}"
        report = updates.Report(execution="closed", finished="failure", details=(says,))
        await self._desk.change(order.device, updates.feedback, order.id, report)
        raise NotFound(f"{says}.", do="Ship this product's releases as one image.")

    async def _delta(self, order: updates.Order, release: releases.Release) -> updates.Delta | None:
        """Return the delta that the device of an order may use; none in a rehearsal."""
        if order.drill:
            return None
        return await run_in_threadpool(updates.delta_for, self._world, order.device, release)


def _fetchable(order: updates.Order) -> updates.Order:
    agreed = order.is_open and order.consent != "asked"
    if agreed or (order.state == "succeeded" and not order.drill):
        return order
    raise NotFound("This order is over, or waits for its owner.")
