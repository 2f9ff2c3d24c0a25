"""What staff do for a device's owner and note of the device: put off, agree, refuse; region, time zone, tags."""

from datetime import timedelta
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import devices, updates
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.kernel.errors import Invalid
from careful.kernel.work import World

SPANS = (("12", "12 hours"), ("24", "a day"), ("48", "two days"), ("168", "a week"), ("720", "30 days"))
_CONSENTS = {
    "automatic": "updates install by themselves",
    "ask": "the owner is asked about each",
    "declined": "the owner wants no updates",
}
_HOURS = 9999
_MOST_TAGS = 64


def routes(world: World) -> list[Route]:
    """Return what is sent from the forms on a device's page."""
    page = _Wishes(world)
    return [
        Route("/devices/{device}/traits", page.set_traits, methods=["POST"]),
        Route("/devices/{device}/postpone", page.postpone, methods=["POST"]),
        Route("/devices/{device}/answer", page.answer, methods=["POST"]),
    ]


def shown(world: World, device: devices.Device, order: updates.Order | None, *, may: bool) -> dict[str, Any]:
    """Return what a device's page shows of wishes, and which of the forms."""
    live = device.state != "retired"
    waits = order if order is not None and order.is_open and order.waits_for_owner else None
    return {
        "may_own": may and live,
        "postponable": updates.postponable(world, device.id) if live else None,
        "spans": SPANS,
        "waits": waits,
        "consents": [(one, _CONSENTS[one]) for one in devices.CONSENTS],
    }


class _Wishes:
    def __init__(self, world: World) -> None:
        self._world = world

    def set_traits(self, request: Request) -> Response:
        """Note where a device stands, its tags, and what its owner wants."""
        actor = sessions.require(request, "devices", "own")
        device = self._device(request)
        tags = frozenset(field(request, "tags").replace(",", " ").lower().split()[:_MOST_TAGS])
        before = frozenset(devices.traits(self._world, device).tags)
        devices.set_traits(
            self._world,
            actor,
            device,
            region=field(request, "region").strip().lower(),
            zone=field(request, "zone").strip(),
            consent=cast("devices.Consent", field(request, "consent")),  # checked there
            tag=tags - before,
            untag=before - tags,
        )
        return RedirectResponse(f"/devices/{device}#wishes", 303)

    def postpone(self, request: Request) -> Response:
        """Put the update that is offered off, not beyond the limit."""
        actor = sessions.require(request, "devices", "own")
        device = self._device(request)
        hours = field(request, "hours")
        if not (hours.isascii() and hours.isdecimal() and 0 < int(hours[:9]) <= _HOURS):
            raise Invalid(f"For how long? Say 1 to {_HOURS} hours.", where="hours")
        updates.postpone(self._world, actor, device, self._world.clock.now() + timedelta(hours=int(hours)))
        return RedirectResponse(f"/devices/{device}#wishes", 303)

    def answer(self, request: Request) -> Response:
        """Pass on the owner's word on the update that waits for it."""
        actor = sessions.require(request, "devices", "own")
        device = self._device(request)
        says = {"agrees": True, "refuses": False}.get(field(request, "says"))
        if says is None:
            raise Invalid("Say whether the owner agrees.", where="says")
        updates.answer_for_owner(self._world, actor, device, agreed=says, reason=field(request, "reason"))
        return RedirectResponse(f"/devices/{device}#wishes", 303)

    def _device(self, request: Request) -> str:
        return devices.get(self._world, request.path_params["device"]).id
