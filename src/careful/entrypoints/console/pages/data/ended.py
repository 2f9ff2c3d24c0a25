"""Customers whose time ended, with a receipt each: what is gone, and what will be by when. A receipt can be printed."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import customer_data
from careful.customer_data import WORDS, Receipt
from careful.entrypoints.console import sessions
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.work import World

ORDER = 50
ID, TITLE = "ended", "Deleted, with receipts"
NOTE = "Customers whose time with a device ended: their key was destroyed at once, the rest follows by itself."
TEMPLATE = "console/data/ended.html"
KEYS = ("ended",)
_COLUMNS: tuple[Column[Receipt], ...] = (
    Column("Receipt"),
    Column("Device", "device", lambda one: one.device),
    Column("Why", "why", lambda one: one.why),
    Column("Key destroyed", "at", lambda one: one.at, down_first=True),
    Column("Records deleted", "records", lambda one: one.records, num=True, down_first=True),
    Column("Unrecoverable", "due", lambda one: one.destroyed_at or one.due),
)


def routes(world: World) -> list[Route]:
    """Return the page of one receipt."""
    return [Route("/data/receipts/{receipt}", _Receipt(world, templates(world)).show, methods=["GET"])]


def shown(world: World, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the table, sorted as asked."""
    rows = [one for one in customer_data.receipts(world) if asked["product"] in {"", one.product}]
    return {"table": arrange(rows, _COLUMNS, "/data", asked, name="ended"), "words": WORDS}


class _Receipt:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show(self, request: Request) -> Response:
        """Show one receipt, signed, for printing. Raises NotFound."""
        sessions.require(request, "data", "read")
        one = customer_data.receipt(self._world, request.path_params["receipt"])
        return self._look.page(
            request,
            "console/data_receipt.html",
            ledger_size=ledger_size(self._world),
            one=one,
            why=WORDS[one.why],
            note=customer_data.signed_receipt(self._world, one.id),
            key=customer_data.receipt_verifier(self._world),
        )
