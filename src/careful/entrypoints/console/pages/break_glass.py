"""Opening a customer's data in an emergency: the reason and the case first, then records, page by page."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import customer_data, devices, products
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.work import World

_PATH = "/devices/{device}/break-glass"


def routes(world: World) -> list[Route]:
    """Return the page, and what its forms send."""
    page = _Glass(world, templates(world))
    return [
        Route(_PATH, page.show, methods=["GET"]),
        Route(_PATH, page.begin, methods=["POST"]),
        Route(f"{_PATH}/{{glass}}/open", page.open, methods=["POST"]),
        Route(f"{_PATH}/{{glass}}/end", page.end, methods=["POST"]),
    ]


class _Glass:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show(self, request: Request) -> Response:
        """Show what was opened so before; the form for who may."""
        sessions.require(request, "data", "read")
        return self._page(request)

    def begin(self, request: Request) -> Response:
        """Begin half an hour."""
        actor = sessions.require(request, "data", "break-glass")
        device = request.path_params["device"]
        customer_data.break_glass(
            self._world, actor, device, reason=field(request, "reason"), case_number=field(request, "case")
        )
        return RedirectResponse(f"/devices/{device}/break-glass", 303)

    def open(self, request: Request) -> Response:
        """Open records of one stream."""
        actor = sessions.require(request, "data", "break-glass")
        one, stream = request.path_params["glass"], field(request, "stream")
        found = customer_data.open_records(self._world, actor, one, stream)
        return self._page(request, found=found, stream=stream)

    def end(self, request: Request) -> Response:
        """Say that it is over; whoever began it may, without one more proof."""
        actor = sessions.require(request, "data", "read")
        customer_data.end_glass(self._world, actor, request.path_params["glass"])
        return RedirectResponse(f"/devices/{request.path_params['device']}/break-glass", 303)

    def _page(self, request: Request, **opened: Any) -> Response:  # noqa: ANN401 (what the template asks for)
        me, known = sessions.signed(request), devices.get(self._world, request.path_params["device"])
        listed, now = customer_data.glasses(self._world, known.id), self._world.clock.now()
        permit = products.permit_of(self._world, known.product)
        streams = [*(f"up/{name}" for name in permit.streams), *(f"event/{name}" for name in permit.shapes)]
        given = {"found": None, "stream": ""} | opened
        return self._look.page(
            request,
            "console/break_glass.html",
            ledger_size=ledger_size(self._world),
            device=known,
            may=me.may("data", "break-glass"),
            live=next((one for one in listed if one.actor == str(me.actor) and one.lasts(now)), None),
            listed=listed,
            streams=[(one, one) for one in sorted(streams)],
            most=self._world.settings.break_glass_records,
            customers=customer_data.GLASS_CUSTOMERS,
            **given,
        )
