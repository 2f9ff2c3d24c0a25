"""Suppliers: who gets data or delivers parts, what they showed and signed, and what each product still lacks."""

from datetime import date
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import people, products, suppliers
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field, fields
from careful.entrypoints.console.pages.common import ledger_size, line
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel import ledger
from careful.kernel.errors import Invalid
from careful.kernel.work import World

PAGE = "/suppliers"
_LINES = 20


def _columns(today: date) -> tuple[Column[suppliers.Supplier], ...]:
    return (
        Column("Supplier", "name", lambda one: one.name.casefold()),
        Column("Delivers"),
        Column("Evidence until", "evidence", lambda one: _until(one, today)),
        Column("Contract until", "contract", lambda one: found.until if (found := one.contract(today)) else None),
        Column("Waits", "waits", lambda one: sum(each.waits_for != "nobody" for each in one.items), down_first=True),
    )


def _until(one: suppliers.Supplier, today: date) -> date | None:
    return max((each.until for each in one.evidence if each.counts(today)), default=None)


def routes(world: World) -> list[Route]:
    """Return the list, one supplier, its files, and where forms go."""
    page = _Suppliers(world, templates(world))
    return [
        Route(PAGE, page.show_list, methods=["GET"]),
        Route(PAGE, page.record, methods=["POST"]),
        Route(f"{PAGE}/evidence", page.give_evidence, methods=["POST"]),
        Route(f"{PAGE}/evidence/{{id}}", page.file, methods=["GET"]),
        Route(f"{PAGE}/evidence/{{id}}/accept", page.accept, methods=["POST"]),
        Route(f"{PAGE}/evidence/{{id}}/withdraw", page.withdraw, methods=["POST"]),
        Route(f"{PAGE}/items/{{id}}/close", page.close, methods=["POST"]),
        Route(f"{PAGE}/{{supplier}}", page.show, methods=["GET"]),
        Route(f"{PAGE}/{{supplier}}/contract", page.note_contract, methods=["POST"]),
        Route(f"{PAGE}/{{supplier}}/ask", page.ask, methods=["POST"]),
        Route(f"{PAGE}/{{supplier}}/people", page.bind, methods=["POST"]),
        Route(f"{PAGE}/{{supplier}}/people/{{account}}/unbind", page.unbind, methods=["POST"]),
        Route(f"{PAGE}/{{supplier}}/end", page.end, methods=["POST"]),
    ]


class _Suppliers:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show every supplier, and where a product's data goes without evidence or obligations."""
        sessions.require(request, "suppliers", "read")
        world, today = self._world, self._world.clock.now().date()
        known = suppliers.list_all(world)
        asked = {"sort": request.query_params.get("sort", "")[:64]}
        return self._look.page(
            request,
            "console/suppliers.html",
            ledger_size=ledger_size(world),
            suppliers=arrange([one for one in known if not one.ended_at], _columns(today), PAGE, asked),
            former=[one for one in known if one.ended_at],
            lacking=products.handed_out_without(world),
            today=today,
            until=_until,
        )

    def show(self, request: Request) -> Response:
        """Show one supplier with all that is on file."""
        sessions.require(request, "suppliers", "read")
        world, today = self._world, self._world.clock.now().date()
        one = suppliers.get(world, request.path_params["supplier"])
        names = people.names(world)
        with world.look() as connection:
            lines = ledger.read(connection, subject=f"supplier/{one.id}", limit=_LINES, newest_first=True)
        bound = suppliers.people_of(world, one.id)
        return self._look.page(
            request,
            "console/supplier.html",
            ledger_size=ledger_size(world),
            one=one,
            contract=one.contract(today),
            newest=one.contracts[-1] if one.contracts else None,
            gets=[
                (product, need)
                for product in products.list_all(world)
                for need in products.handed_out(product.declaration)
                if suppliers.supplier_for(need.who, [one])
            ],
            parts=[
                (product, part)
                for product in products.list_all(world)
                for part in product.declaration.suppliers or ()
                if suppliers.supplier_for(part.id, [one])
            ],
            persons=[(account, names.get(account, "somebody")) for account in bound],
            others=[
                (account.id, f"{account.name}, {account.email}")
                for account in people.list_accounts(world)
                if "supplier" in account.roles and account.id not in bound and account.state != "disabled"
            ],
            lines=[line(entry) for entry in lines],
            today=today,
            kinds=[(kind, kind.replace("-", " ")) for kind in suppliers.EVIDENCE_KINDS],
            clauses=suppliers.CLAUSES,
            words=suppliers.clause_words,
        )

    def file(self, request: Request) -> Response:
        """Hand out evidence as it was given: a download of unknown bytes, never shown."""
        sessions.require(request, "suppliers", "read")
        return download(*suppliers.evidence_file(self._world, request.path_params["id"]))

    def record(self, request: Request) -> Response:
        """Put a supplier on record, or change what is."""
        actor = sessions.require(request, "suppliers", "change")
        supplier = field(request, "id").strip()
        given = {name: field(request, name) for name in ("name", "contact", "delivers")}
        suppliers.record(self._world, actor, supplier, **given)
        return RedirectResponse(f"{PAGE}/{supplier}", 303)

    def give_evidence(self, request: Request) -> Response:
        """Take evidence, as a file or a reference; what one of ours files counts at once."""
        actor = sessions.require(request, "suppliers", "change")
        supplier = field(request, "supplier")
        evidence = suppliers.give_evidence(self._world, actor, supplier, **evidence_of(request))
        suppliers.accept_evidence(self._world, actor, evidence)
        return RedirectResponse(f"{PAGE}/{supplier}#evidence", 303)

    def accept(self, request: Request) -> Response:
        """Rely on evidence that a supplier gave."""
        actor = sessions.require(request, "suppliers", "change")
        suppliers.accept_evidence(self._world, actor, request.path_params["id"])
        return self._back(request)

    def withdraw(self, request: Request) -> Response:
        """Rely on evidence no longer."""
        actor = sessions.require(request, "suppliers", "change")
        suppliers.withdraw_evidence(self._world, actor, request.path_params["id"], field(request, "reason"))
        return self._back(request)

    def note_contract(self, request: Request) -> Response:
        """Note a signed contract with its obligations."""
        actor = sessions.require(request, "suppliers", "change")
        supplier = request.path_params["supplier"]
        typed = [
            f"{name}={limit}" if (limit := field(request, f"limit-{name}").strip()) else name
            for name in fields(request, "clause")
        ]
        suppliers.note_contract(
            self._world,
            actor,
            supplier,
            signed=day(request, "signed"),
            until=day(request, "until"),
            clauses=suppliers.read_clauses(typed),
            reference=field(request, "reference"),
        )
        return RedirectResponse(f"{PAGE}/{supplier}#contract", 303)

    def ask(self, request: Request) -> Response:
        """Ask a supplier for something."""
        actor = sessions.require(request, "suppliers", "ask")
        supplier = request.path_params["supplier"]
        suppliers.ask(self._world, actor, supplier, field(request, "asks"), day(request, "due"))
        return RedirectResponse(f"{PAGE}/{supplier}#items", 303)

    def close(self, request: Request) -> Response:
        """Be done with what was asked."""
        actor = sessions.require(request, "suppliers", "ask")
        suppliers.close(self._world, actor, request.path_params["id"])
        return self._back(request)

    def bind(self, request: Request) -> Response:
        """Let somebody with the role supplier answer for this one."""
        actor = sessions.require(request, "suppliers", "change")
        supplier, account = request.path_params["supplier"], people.account(self._world, field(request, "account"))
        if "supplier" not in account.roles:
            raise Invalid("That person's role is not supplier.", do="Invite them as supplier.", where="account")
        suppliers.bind(self._world, actor, account.id, supplier)
        return RedirectResponse(f"{PAGE}/{supplier}#people", 303)

    def unbind(self, request: Request) -> Response:
        """Let somebody answer for it no longer."""
        actor = sessions.require(request, "suppliers", "change")
        suppliers.unbind(self._world, actor, request.path_params["account"])
        return RedirectResponse(f"{PAGE}/{request.path_params['supplier']}#people", 303)

    def end(self, request: Request) -> Response:
        """Be done with a supplier."""
        actor = sessions.require(request, "suppliers", "change")
        suppliers.end(self._world, actor, request.path_params["supplier"], field(request, "reason"))
        return RedirectResponse(PAGE, 303)

    def _back(self, request: Request) -> Response:
        supplier = suppliers.get(self._world, field(request, "supplier")).id
        return RedirectResponse(f"{PAGE}/{supplier}", 303)


def day(request: Request, name: str) -> date:
    """Return a day from a form. Raises Invalid."""
    try:
        return date.fromisoformat(field(request, name).strip())
    except ValueError as wrong:
        raise Invalid("That is no day.", do="Write it as 2027-12-31.", where=name) from wrong


def evidence_of(request: Request) -> dict[str, Any]:
    """Read evidence from a form: the file is taken as opaque bytes."""
    file = request.state.form.get("file")
    named = isinstance(file, UploadFile) and bool(file.filename)
    return {
        "kind": field(request, "kind"),
        "title": field(request, "title"),
        "until": day(request, "until"),
        "reference": field(request, "reference"),
        "file_name": str(file.filename) if named else "",
        "content": file.file.read(suppliers.MOST_FILE_BYTES + 1) if named else None,
    }


def download(evidence: suppliers.Evidence, content: bytes) -> Response:
    """Answer with a file that no browser shows or runs."""
    headers = {
        "content-disposition": f'attachment; filename="{evidence.file_name}"',
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)
