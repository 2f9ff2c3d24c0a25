"""Many cases decided alike: ticked in the list or chosen by its filters, looked at first, then decided at once."""

from datetime import UTC, datetime, time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import vulnerabilities
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.workflows import second_person

_SHOWN = 500
_FIELDS = ("status", "justification", "statement", "action", "accept_until")
_FILTERS = ("product", "severity", "component")


def routes(world: World) -> list[Route]:
    """Return the preview, what follows it, and a second person's word."""
    page = _Decisions(world, templates(world))
    return [
        Route("/vulnerabilities/preview", page.preview, methods=["POST"]),
        Route("/vulnerabilities/decide", page.decide, methods=["POST"]),
        Route("/vulnerabilities/{case}/confirm", page.confirm, methods=["POST"]),
    ]


def decision(request: Request) -> vulnerabilities.Decision:
    """Return the decision that a form states; a day is accepted until its end (UTC). Raises Invalid."""
    status, day = forms.field(request, "status"), forms.field(request, "accept_until")
    known = {one: one for one in vulnerabilities.STATUSES}
    if status not in known:
        raise Invalid("Choose what the flaw means for the product.", where="status")
    try:
        until = datetime.combine(datetime.fromisoformat(day).date(), time(23, 59, 59), UTC) if day.strip() else None
    except ValueError as wrong:
        raise Invalid("That is no day.", do="Write it as 2027-01-31.", where="accept_until") from wrong
    return vulnerabilities.Decision(
        status=known[status],
        justification=forms.field(request, "justification") or None,
        statement=forms.field(request, "statement"),
        action=forms.field(request, "action"),
        until=until,
    )


class _Decisions:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def preview(self, request: Request) -> Response:
        """Show what would become of each case."""
        sessions.require(request, "cases", "judge")
        return self._show(request, None)

    def decide(self, request: Request) -> Response:
        """Decide as the preview said, or nothing where something changed since."""
        return self._show(request, sessions.require(request, "cases", "judge"))

    def confirm(self, request: Request) -> Response:
        """Stand behind what another person proposed."""
        actor = sessions.require(request, "cases", "judge")
        case = request.path_params["case"]
        vulnerabilities.confirm(self._world, actor, case)
        return RedirectResponse(f"/vulnerabilities/{case}#decision", 303)

    def _show(self, request: Request, actor: Actor | None) -> Response:
        said, wanted = decision(request), _which(request)
        if actor is None:
            found = vulnerabilities.preview(self._world, wanted, said)
        else:
            expect = forms.field(request, "expect")
            found = second_person.accept_risk(self._world, actor, wanted, said, expect=expect)
        given = [(name, forms.field(request, name)) for name in (*_FIELDS, *_FILTERS, "which")]
        counts = [(name, sum(one.outcome == name for one in found)) for name in ("decided", "proposed", "refused")]
        return self._look.page(
            request,
            "console/decide.html",
            ledger_size=ledger_size(self._world),
            done=actor is not None,
            what=vulnerabilities.named(said.status, said.until),
            said=said,
            outcomes=found[:_SHOWN],
            total=len(found),
            counts=counts,
            given=[*given, *(("case", one) for one in forms.fields(request, "case"))],
            expect=vulnerabilities.fingerprint(found),
        )


def _which(request: Request) -> vulnerabilities.Filter | tuple[str, ...]:
    if forms.field(request, "which") == "all":
        product, severity, component = (forms.field(request, name) for name in _FILTERS)
        severities = (severity,) if severity else ()
        return vulnerabilities.Filter(product=product or None, severities=severities, component=component or None)
    ticked = forms.fields(request, "case")
    if not ticked:
        raise Invalid("No case is ticked.", do="Tick some in the list, or choose all that it shows.", where="case")
    return ticked
