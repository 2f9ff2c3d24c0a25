"""What a supplier sees: what it is asked for, its own evidence and contract, and nothing else."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import suppliers
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.entrypoints.console.pages.suppliers import download, evidence_of
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.errors import Forbidden
from careful.kernel.work import World

PAGE = "/own-items"


def routes(world: World) -> list[Route]:
    """Return the page, where its forms go, and its files."""
    page = _OwnItems(world, templates(world))
    return [
        Route(PAGE, page.show, methods=["GET"]),
        Route(f"{PAGE}/evidence", page.give_evidence, methods=["POST"]),
        Route(f"{PAGE}/evidence/{{id}}", page.file, methods=["GET"]),
        Route(f"{PAGE}/{{id}}/answer", page.answer, methods=["POST"]),
    ]


class _OwnItems:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def _mine(self, request: Request, verb: str) -> str:
        """Return whose items these are. Raises Forbidden where somebody answers for no supplier."""
        actor = sessions.require(request, "own-items", verb)
        supplier = suppliers.supplier_of(self._world, actor.id)
        if supplier is None:
            raise Forbidden("You answer for no supplier.", do="Ask whoever invited you.")
        return supplier

    def show(self, request: Request) -> Response:
        """Show what is asked and what is on file."""
        one, today = suppliers.get(self._world, self._mine(request, "read")), self._world.clock.now().date()
        return self._look.page(
            request,
            "console/own_items.html",
            one=one,
            contract=one.contract(today),
            today=today,
            kinds=[(kind, kind.replace("-", " ")) for kind in suppliers.EVIDENCE_KINDS],
            clauses=suppliers.CLAUSES,
            words=suppliers.clause_words,
        )

    def answer(self, request: Request) -> Response:
        """Answer what was asked."""
        mine = self._mine(request, "answer")
        actor = sessions.signed(request).actor
        suppliers.answer(self._world, actor, request.path_params["id"], field(request, "answer"), of=mine)
        return RedirectResponse(PAGE, 303)

    def give_evidence(self, request: Request) -> Response:
        """Hand evidence in; it counts once the maker accepted it."""
        mine = self._mine(request, "answer")
        actor = sessions.signed(request).actor
        suppliers.give_evidence(self._world, actor, mine, **evidence_of(request))
        return RedirectResponse(f"{PAGE}#evidence", 303)

    def file(self, request: Request) -> Response:
        """Hand one's own evidence back."""
        mine = self._mine(request, "read")
        return download(*suppliers.evidence_file(self._world, request.path_params["id"], of=mine))
