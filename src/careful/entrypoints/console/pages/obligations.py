"""Reporting: what the law wants reported by when, drafts of it, and what was submitted."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from careful import notices, obligations, products
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.errors import Invalid
from careful.kernel.work import World

_COLUMNS: tuple[Column[obligations.Matter], ...] = (
    Column("Matter", "matter", lambda one: one.title),
    Column("Next report"),
    Column("Due", "due", lambda one: one.next.due if one.next else None),
    Column("State", "state", lambda one: (not one.late, not one.open)),
    Column("Aware since", "aware", lambda one: one.aware_at, down_first=True),
)


def routes(world: World) -> list[Route]:
    """Return the list, a matter's page, its drafts, and what can be noted there."""
    page = _Reporting(world, templates(world))
    return [
        Route("/reporting", page.show_list, methods=["GET"]),
        Route("/reporting/incident", page.incident, methods=["POST"]),
        Route("/reporting/drill", page.drill, methods=["POST"]),
        Route("/reporting/{matter}", page.show, methods=["GET"]),
        Route("/reporting/{matter}/sent/{sha256}", page.sent, methods=["GET"]),
        Route("/reporting/{matter}/aware", page.aware, methods=["POST"]),
        Route("/reporting/{matter}/measure", page.measure, methods=["POST"]),
        Route("/reporting/{matter}/submitted", page.submitted, methods=["POST"]),
        Route("/reporting/{matter}/dismiss", page.dismiss, methods=["POST"]),
    ]


class _Reporting:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show what is to be reported, late first; what is over, and rehearsals, apart."""
        sessions.require(request, "obligations", "read")
        found = obligations.matters(self._world)
        real = [one for one in found if not one.drill]
        sort = {"sort": request.query_params.get("sort", "")[:64]}
        who = sessions.signed(request)
        return self._look.page(
            request,
            "console/reporting.html",
            ledger_size=ledger_size(self._world),
            matters=arrange([one for one in real if one.open], _COLUMNS, "/reporting", sort),
            over=[one for one in real if not one.open],
            drills=[one for one in found if one.drill],
            products=[(one.id, one.name) for one in products.list_all(self._world)],
            may={verb: who.may("obligations", verb) for verb in ("note", "drill")},
        )

    def show(self, request: Request) -> Response:
        """Show one matter: its clocks, the drafts of what is owed, and everything noted."""
        sessions.require(request, "obligations", "read")
        one = obligations.matter(self._world, request.path_params["matter"])
        who = sessions.signed(request)
        owed = [clock for clock in one.clocks if clock.state in {"due", "late", "waiting"}]
        return self._look.page(
            request,
            "console/reporting_matter.html",
            ledger_size=ledger_size(self._world),
            matter=one,
            drafts=[(clock, obligations.draft(self._world, one.id, clock.duty)) for clock in owed],
            advisory=notices.for_case(self._world, one.case) if one.case else None,
            not_sent=obligations.NOT_SENT,
            longest=obligations.LONGEST_TEXT,
            may={verb: who.may("obligations", verb) for verb in ("note", "submit")},
            lines=history(self._world, f"obligation/{one.id}", request.url.path),
        )

    def sent(self, request: Request) -> Response:
        """Return the text of a report that was submitted, as it was kept."""
        sessions.require(request, "obligations", "read")
        return PlainTextResponse(
            obligations.text_of(self._world, request.path_params["matter"], request.path_params["sha256"])
        )

    def incident(self, request: Request) -> Response:
        """Note a severe incident."""
        actor = sessions.require(request, "obligations", "note")
        one = obligations.incident(
            self._world,
            actor,
            forms.field(request, "title"),
            named=forms.fields(request, "product"),
            what=forms.field(request, "what"),
            why_severe=forms.field(request, "why_severe"),
            how=forms.field(request, "how"),
            at=_moment(request),
        )
        return RedirectResponse(f"/reporting/{one.id}", 303)

    def drill(self, request: Request) -> Response:
        """Begin a rehearsal."""
        actor = sessions.require(request, "obligations", "drill")
        kind = next((one for one in obligations.KINDS if one == forms.field(request, "kind")), None)
        if kind is None:
            raise Invalid("Which kind is rehearsed?", do="Choose one.", where="kind")
        one = obligations.drill(self._world, actor, kind, forms.fields(request, "product"))
        return RedirectResponse(f"/reporting/{one.id}", 303)

    def aware(self, request: Request) -> Response:
        """Note since when the maker knows."""
        actor = sessions.require(request, "obligations", "note")
        matter = request.path_params["matter"]
        obligations.aware(self._world, actor, matter, forms.field(request, "how"), _moment(request))
        return RedirectResponse(f"/reporting/{matter}", 303)

    def measure(self, request: Request) -> Response:
        """Note a measure other than a release."""
        actor = sessions.require(request, "obligations", "note")
        matter = request.path_params["matter"]
        obligations.measure(self._world, actor, matter, forms.field(request, "what"), _moment(request))
        return RedirectResponse(f"/reporting/{matter}", 303)

    def submitted(self, request: Request) -> Response:
        """Note that a report was submitted at the platform."""
        actor = sessions.require(request, "obligations", "submit")
        matter = request.path_params["matter"]
        obligations.submitted(
            self._world,
            actor,
            matter,
            forms.field(request, "report"),
            forms.field(request, "reference"),
            at=_moment(request),
            text=forms.field(request, "text").replace("\r\n", "\n"),  # a browser writes a text's lines so
        )
        return RedirectResponse(f"/reporting/{matter}", 303)

    def dismiss(self, request: Request) -> Response:
        """Note that there is nothing to report."""
        actor = sessions.require(request, "obligations", "submit")
        matter = request.path_params["matter"]
        obligations.dismiss(self._world, actor, matter, forms.field(request, "reason"))
        return RedirectResponse(f"/reporting/{matter}", 303)


def _moment(request: Request) -> datetime | None:
    """Return the moment in the field `at`, which is in UTC; None where it is empty."""
    text = forms.field(request, "at").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Invalid("That is no moment.", do="Write it like 2026-11-23T08:00.", where="at") from wrong
    return found if found.tzinfo else found.replace(tzinfo=UTC)
