"""Evidence: every verdict with the fact that decides it, the ledger that holds the facts, and how to prove it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import assurance
from careful.entrypoints.console import sessions
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel import audit, ledger
from careful.kernel.checkpoint import verifier_key
from careful.kernel.work import World

_PAGE = 50


def routes(world: World) -> list[Route]:
    """Return the verdicts, one verdict, and the ledger."""
    page = _Evidence(world, templates(world))
    return [
        Route("/evidence", page.show_list, methods=["GET"]),
        Route("/evidence/ledger", page.show_ledger, methods=["GET"]),
        Route("/evidence/{recommendation}", page.show, methods=["GET"]),
    ]


_WORST_FIRST = ("not met", "unknown", "met", "not applicable")
_COLUMNS: tuple[Column[assurance.Verdict], ...] = (
    Column("Recommendation", "recommendation", lambda one: (one.id[0], int(one.id[1:]))),
    Column("Verdict", "verdict", lambda one: _WORST_FIRST.index(one.verdict.value)),
    Column("Why"),
    Column("True at", "true", lambda one: one.true_at, down_first=True),
    Column("Stale at", "stale", lambda one: one.stale_at),
)


class _Evidence:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show every verdict as it is now."""
        sessions.require(request, "evidence", "read")
        found = assurance.verdicts(self._world)
        counts = {value.value: sum(one.verdict is value for one in found) for value in assurance.Value}
        with self._world.look() as connection:
            note = audit.newest_checkpoint(connection)
        return self._look.page(
            request,
            "console/evidence.html",
            ledger_size=ledger_size(self._world),
            verdicts=arrange(found, _COLUMNS, "/evidence", {"sort": request.query_params.get("sort", "")[:64]}),
            counts=counts,
            checkpoint=note,
            verifier=verifier_key(audit.ORIGIN, audit.signing_key(self._world).public_key()),
        )

    def show(self, request: Request) -> Response:
        """Show one verdict, product by product, with its entries."""
        sessions.require(request, "evidence", "read")
        one = assurance.by_id(self._world, request.path_params["recommendation"])
        with self._world.look() as connection:
            entries = [
                entry for seq in one.events[-_PAGE:] for entry in ledger.read(connection, after=seq - 1, limit=1)
            ]
        return self._look.page(
            request, "console/verdict.html", ledger_size=ledger_size(self._world), verdict=one, entries=entries
        )

    def show_ledger(self, request: Request) -> Response:
        """Show the ledger's entries, newest first, or from one on."""
        sessions.require(request, "evidence", "read")
        about = request.query_params.get("about", "")[:200]
        size = ledger_size(self._world)
        start = _number(request.query_params.get("from", ""), max(0, size - _PAGE))
        with self._world.look() as connection:
            entries = ledger.read(connection, subject=about or None, after=start - 1, limit=_PAGE + 1)
        return self._look.page(
            request,
            "console/ledger.html",
            ledger_size=size,
            entries=entries[:_PAGE],
            about=about,
            start=start,
            before=max(0, start - _PAGE) if start else None,
            after=entries[_PAGE].seq if len(entries) > _PAGE else None,
        )


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else otherwise  # noqa: PLR2004 (what the database counts with)
