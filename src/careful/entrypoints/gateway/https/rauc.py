"""RAUC's own polling (RAUC 1.16, `[polling]`): one address that it asks, and is led to the bundle where there is one.

GET  /rauc/{device}     204: nothing to do; 302: the bundle, which RAUC then reads in ranges

RAUC says what it runs (`RAUC-System-Version`) and never how an update went: a device that took the bundle is known by
its next version, and one that did not by its deadline. So nothing is offered without a version, and nothing that is no
bundle. It asks between installations; an order that it is asked to drop is dropped then.
"""

from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import devices, releases, updates
from careful.entrypoints.gateway.https import ddi_bodies as bodies
from careful.entrypoints.gateway.https.ddi_desk import Desk, told
from careful.kernel.errors import Invalid, NotFound

_SUFFIX = ".raucb"
_MOST = 50_000
_DROPPED = updates.Report(execution="closed", finished="success", details=("RAUC asked again, and was not told of it",))
_RUNS = updates.Report(execution="closed", finished="success", details=("RAUC reports that it runs it",))
_HEADERS = {"cache-control": "no-store"}


def route(desk: Desk) -> Route:
    """Return the route, which stands on the DDI's desk."""
    return Route("/rauc/{device}", told(_Polling(desk).poll), methods=["GET"])


class _Polling:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._runs: dict[str, str] = {}

    async def poll(self, request: Request) -> Response:
        """Lead the device to its bundle, or say that there is nothing."""
        device = await self._desk.device(request)
        version = request.headers.get("rauc-system-version", "")
        await self._note(device, version)
        known = self._desk.board.peek(device)
        if known is None:
            known = await run_in_threadpool(self._desk.board.look, device)
        self._desk.heard(device)
        bundle = None
        if known.action is not None and known.cancelling:
            await self._desk.change(device, updates.answer_cancel, known.action, _DROPPED)
        elif known.action is not None:
            bundle = await self._bundle(request, device, known.action, version)
        return RedirectResponse(bundle, 302, _HEADERS) if bundle else Response(status_code=204, headers=_HEADERS)

    async def _note(self, device: str, version: str) -> None:
        if not version:
            raise Invalid(
                "RAUC does not say what it runs.",
                do="Put system-version into send-headers in system.conf, and give RAUC_SYSTEM_VERSION by system-info.",
                where="RAUC-System-Version",
            )
        if self._runs.get(device) != version:
            await run_in_threadpool(devices.report_version, self._desk.world, device, version, "rauc")
            if len(self._runs) >= _MOST:
                del self._runs[next(iter(self._runs))]
            self._runs[device] = version

    async def _bundle(self, request: Request, device: str, action: int, version: str) -> str | None:
        """Return where the bundle is, if the order is for one that the device does not run, and may begin now."""
        order = await run_in_threadpool(updates.order, self._desk.world, action)
        if order is None:
            return None
        if order.version == version:
            with suppress(NotFound, updates.Gone):  # it waits for its owner all the same, or has just ended
                await self._desk.change(device, updates.feedback, action, _RUNS)
            return None
        release = await run_in_threadpool(releases.by_id, self._desk.world, order.release)
        if not release.artifact.filename.endswith(_SUFFIX):
            return None
        try:
            await self._desk.change(device, updates.retrieved, action)
        except NotFound:  # it waits for its owner or its window, or has just ended
            return None
        link: str = bodies.artifact(self._desk.base(request), order, release)["_links"]["download"]["href"]
        return link
