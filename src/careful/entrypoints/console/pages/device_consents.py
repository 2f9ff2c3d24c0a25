"""Consents on a device's page: what its present customer agreed to, what still waits, and noting both."""

from typing import Any, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import customer_data, devices
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.kernel.errors import Invalid
from careful.kernel.work import World

KINDS = {"opt_in": "the customer's own", "parental": "a parent's"}
_ENDED_SHOWN = 20


def routes(world: World) -> list[Route]:
    """Return what is sent from the forms on a device's page."""
    page = _Consents(world)
    return [
        Route("/devices/{device}/consents", page.give, methods=["POST"]),
        Route("/devices/{device}/consents/withdraw", page.withdraw, methods=["POST"]),
    ]


def shown(world: World, device: devices.Device, *, may: bool) -> dict[str, Any]:
    """Return what a device's page shows of consents: for each data item that asks for one, whether it holds."""
    found = customer_data.consents_of(world, device.id)
    living = {one.item: one for one in found if one.ended_at is None}
    asked = customer_data.consents_asked(world, device)
    return {
        "data_consents": [(one, asked.get(one, ""), living.get(one)) for one in sorted(asked.keys() | living.keys())],
        "data_consents_ended": [one for one in found if one.ended_at is not None][:_ENDED_SHOWN],
        "consent_kinds": KINDS,
        "may_consent": may and device.state != "retired",
    }


class _Consents:
    def __init__(self, world: World) -> None:
        self._world = world

    def give(self, request: Request) -> Response:
        """Note a consent."""
        actor = sessions.require(request, "data", "consent")
        kind = field(request, "kind")
        if kind and kind not in KINDS:
            raise Invalid("There is no such kind of consent.", do="Choose opt_in or parental.", where="kind")
        device = request.path_params["device"]
        wanted = cast("customer_data.ConsentKind | None", kind or None)
        method = field(request, "method").strip().lower()
        customer_data.give_consent(self._world, actor, device, field(request, "item"), wanted, method)
        return RedirectResponse(f"/devices/{device}#consents", 303)

    def withdraw(self, request: Request) -> Response:
        """Withdraw every consent to a data item."""
        actor = sessions.require(request, "data", "consent")
        device = request.path_params["device"]
        customer_data.withdraw_consent(self._world, actor, device, field(request, "item"))
        return RedirectResponse(f"/devices/{device}#consents", 303)
