"""One data item: its fields, declared beside observed, what was refused of it, and by which devices."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import customer_data
from careful.customer_data import FieldRow, RefusedField
from careful.entrypoints.console import sessions
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.console.pages.data.refused import WHY
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.work import World

_DEVICES_SHOWN = 20
_REFUSALS_SHOWN = 50
_COLUMNS: tuple[Column[FieldRow], ...] = (
    Column("Field", "field", lambda one: one.name),
    Column("May be"),
    Column("Personal", "personal", lambda one: not one.personal),
    Column("Purpose"),
    Column("Who gets it"),
    Column("Kept", "kept", lambda one: one.retention_days, num=True, down_first=True),
    Column("Consent", "consent", lambda one: one.consent),
    Column("Taken", "taken", lambda one: one.records, num=True, down_first=True),
    Column("Last", "last", lambda one: one.last_at, down_first=True),
    Column("Refused", "refused", lambda one: one.refused, num=True, down_first=True),
)


def routes(world: World) -> list[Route]:
    """Return the page of one data item."""
    return [Route("/data/items/{product}/{item}", _Item(world, templates(world)).show, methods=["GET"])]


class _Item:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show(self, request: Request) -> Response:
        """Show one data item. Raises NotFound."""
        sessions.require(request, "data", "read")
        product, item = request.path_params["product"], request.path_params["item"]
        one = customer_data.data_item(self._world, product, item)
        asked = {"sort": request.query_params.get("sort", "")[:64]}
        stopped = [each for each in customer_data.refused_fields(self._world, product) if each.item == item]
        return self._look.page(
            request,
            "console/data_item.html",
            ledger_size=ledger_size(self._world),
            one=one,
            table=arrange(one.fields, _COLUMNS, f"/data/items/{product}/{item}", asked),
            refused=self._with_devices(stopped[:_REFUSALS_SHOWN]),
            more=max(0, len(stopped) - _REFUSALS_SHOWN),
            why=WHY,
        )

    def _with_devices(self, stopped: Sequence[RefusedField]) -> list[tuple[RefusedField, list[str]]]:
        found = []
        for one in stopped:
            place = (one.product, one.release, one.item, one.field, one.kind)
            listed = customer_data.refused_devices(self._world, place, _DEVICES_SHOWN)
            found.append((one, [device for device, _, _ in listed]))
        return found
