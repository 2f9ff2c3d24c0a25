"""What customers ask for, each with its clock; and a page for each, where it is proven, answered or refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from starlette.requests import Request as Asked
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import customer_data, people
from careful.customer_data import PROOFS, REQUEST_KINDS, Request, RequestKind
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.errors import Invalid
from careful.kernel.work import World

ORDER = 45
ID, TITLE = "requests", "What customers ask for"
NOTE = "To see, take along, correct or delete their data. Each has a clock by law, a proof and a receipt."
TEMPLATE = "console/data/requests.html"
KEYS = ("requests",)
MARKS: Mapping[str, str] = {
    "overdue": "urgent", "open": "now", "waits for proof": "waiting", "answered": "good", "refused": "none"
}  # fmt: skip
_SHORT: Mapping[str, str] = {"access": "see", "export": "take along", "correct": "correct", "delete": "delete"}
_COLUMNS: tuple[Column[Request], ...] = (
    Column("Request"),
    Column("Device", "device", lambda one: one.device),
    Column("Asks to", "kind", lambda one: one.kind),
    Column("State"),
    Column("Received", "received", lambda one: one.opened_at, down_first=True),
    Column("Due", "due", lambda one: one.due),
    Column("Proven"),
)


def routes(world: World) -> list[Route]:
    """Return the page of one request, what its forms send, and the file."""
    page = _Request(world, templates(world))
    return [
        Route("/data/requests", page.open, methods=["POST"]),
        Route("/data/requests/{request}", page.show, methods=["GET"]),
        Route("/data/requests/{request}", page.act, methods=["POST"]),
        Route("/data/requests/{request}/file", page.file, methods=["POST"]),
    ]


def shown(world: World, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the table, sorted as asked; the open ones come first by themselves."""
    rows = [one for one in customer_data.requests_of(world) if asked["product"] in {"", one.product}]
    return {
        "table": arrange(rows, _COLUMNS, "/data", asked, name="requests"),
        "now": world.clock.now(), "marks": MARKS, "short": _SHORT, "proofs": PROOFS,
    }  # fmt: skip


class _Request:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def open(self, request: Asked) -> Response:
        """Note what the customer of a device asks for."""
        actor = sessions.require(request, "data", "request")
        kind = cast("RequestKind", field(request, "kind"))
        made = customer_data.open_request(self._world, actor, field(request, "device"), kind)
        return RedirectResponse(f"/data/requests/{made.id}", 303)

    def show(self, request: Asked) -> Response:
        """Show one request, with what can be done next. Raises NotFound."""
        actor = sessions.require(request, "data", "read")
        one = customer_data.find_request(self._world, request.path_params["request"])
        now = self._world.clock.now()
        return self._look.page(
            request,
            "console/data_request.html",
            ledger_size=ledger_size(self._world),
            one=one,
            state=one.state(now),
            mark=MARKS[one.state(now)],
            days=(one.due - now).days,
            kinds=REQUEST_KINDS,
            proofs=PROOFS,
            note=customer_data.signed_request(self._world, one.id),
            may=people.allowed(people.roles_of(self._world, actor), "data", "request"),
        )

    def act(self, request: Asked) -> Response:
        """Do what a form asks for."""
        actor = sessions.require(request, "data", "request")
        one, act, world = request.path_params["request"], field(request, "act"), self._world
        match act:
            case "code":
                customer_data.send_code(world, actor, one, "mail" if field(request, "to") == "mail" else "device")
            case "prove":
                customer_data.prove_by_code(world, actor, one, field(request, "code"))
            case "judge":
                customer_data.prove_by_staff(world, actor, one, field(request, "reason"))
            case "answer":
                sessions.need_proof(request)
                customer_data.export_requested(world, actor, one)
            case "delete":
                sessions.need_proof(request)
                customer_data.delete_requested(world, actor, one)
            case "correct":
                customer_data.correct_requested(
                    world, actor, one, stream=field(request, "stream"), at=_moment(field(request, "at")),
                    field=field(request, "field"), value=field(request, "value"),
                )  # fmt: skip
            case "extend":
                customer_data.extend_request(world, actor, one, field(request, "reason"))
            case "refuse":
                customer_data.refuse_request(world, actor, one, field(request, "reason"))
            case _:
                raise Invalid("That form asks for nothing we know.", do="Reload the page.", where="act")
        return RedirectResponse(f"/data/requests/{one}", 303)

    def file(self, request: Asked) -> Response:
        """Hand out the file that was made; it is noted, so it is no plain link."""
        actor = sessions.require(request, "data", "request")
        sessions.need_proof(request)
        one = request.path_params["request"]
        content = customer_data.fetch_export(self._world, actor, one)
        headers = {"content-disposition": f'attachment; filename="request-{one}.zip"', "cache-control": "no-store"}
        return Response(content, media_type="application/zip", headers=headers)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("That is no moment.", do="Copy `at` from the customer's export.", where="at") from None
    if moment.tzinfo is None:
        raise Invalid("That moment names no time zone.", do="Copy `at` from the customer's export.", where="at")
    return moment
