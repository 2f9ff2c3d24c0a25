"""What a device said, read for a purpose; and the end of its customer's time: asked for, or passed on."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import customer_data, devices, releases
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.workflows import second_person

_SHOWN = 50
_WHYS: Mapping[str, customer_data.Why] = {"asked": "asked", "transfer": "transfer"}


def routes(world: World) -> list[Route]:
    """Return the page of what a device said, and what its forms send."""
    page = _DeviceData(world, templates(world))
    return [
        Route("/devices/{device}/data", page.ask, methods=["GET"]),
        Route("/devices/{device}/data", page.read, methods=["POST"]),
        Route("/devices/{device}/data/end", page.end, methods=["POST"]),
    ]


def shown(world: World, device: devices.Device, *, may_open: bool, may_end: bool) -> dict[str, Any]:
    """Return what a device's page shows of its customer."""
    known = customer_data.customers_of(world, device.id)
    return {
        "customer": next((one for one in known if one.ended_at is None), None),
        "receipts": customer_data.receipts(world, device=device.id, most=5),
        "ending_words": customer_data.WORDS,
        "may_open": may_open,
        "may_end": may_end and device.state != "retired",
    }


class _DeviceData:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def ask(self, request: Request) -> Response:
        """Ask what for."""
        sessions.require(request, "data", "open")
        return self._show(request, None)

    def read(self, request: Request) -> Response:
        """Read, for the purpose that was chosen."""
        actor = sessions.require(request, "data", "open")
        stream = field(request, "stream") or None
        purpose = field(request, "purpose")
        device = request.path_params["device"]
        found = customer_data.read(self._world, actor, purpose, device=device, stream=stream, limit=_SHOWN)
        return self._show(request, found)

    def end(self, request: Request) -> Response:
        """End the customer's time, and show the receipt."""
        actor = sessions.require(request, "data", "end")
        device, why = request.path_params["device"], field(request, "why")
        if why not in _WHYS:
            raise Invalid("Say why: the customer asked, or the device is passed on.", where="why")
        reason = field(request, "reason", "")
        made = second_person.purge(self._world, actor, device, _WHYS[why], reason=reason)
        return RedirectResponse(f"/data/receipts/{made.id}", 303)

    def _show(self, request: Request, answer: customer_data.Answer | None) -> Response:
        one = devices.get(self._world, request.path_params["device"])
        permit = releases.permit_for(self._world, one.product, one.version)
        found = customer_data.purposes_of((*permit.streams.values(), *permit.shapes.values()))
        streams = [*(f"up/{name}" for name in permit.streams), *(f"event/{name}" for name in permit.shapes)]
        return self._look.page(
            request,
            "console/device_data_page.html",
            ledger_size=ledger_size(self._world),
            device=one,
            purposes=[(one, one) for one in found],
            streams=[(name, name) for name in sorted(streams)],
            answer=answer,
            chosen=field(request, "stream") if request.method == "POST" else "",
        )
