"""Vulnerabilities: cases by the decision that they need, the most pressing first; one case up to its last device."""

from collections.abc import Mapping
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import notices, obligations, products, releases, updates, vulnerabilities
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.console.pages.decisions import decision
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.work import World
from careful.workflows import second_person, vulnerability_response
from careful.workflows.who_is_affected import affected

_SHOWN = 500


def routes(world: World) -> list[Route]:
    """Return the list, a case's page, and what can be done there."""
    page = _Vulnerabilities(world, templates(world))
    return [
        Route("/vulnerabilities", page.show_list, methods=["GET"]),
        Route("/vulnerabilities/{case}", page.show, methods=["GET"]),
        Route("/vulnerabilities/{case}/judge", page.judge, methods=["POST"]),
        Route("/vulnerabilities/{case}/account", page.account, methods=["POST"]),
        Route("/vulnerabilities/{case}/close", page.close, methods=["POST"]),
    ]


def _choices() -> dict[str, Any]:
    """Return what a form of a decision offers."""
    return {
        "statuses": [(one, one.replace("_", " ")) for one in vulnerabilities.STATUSES if one != "fixed"],
        "justifications": [(one, one.replace("_", " ")) for one in vulnerabilities.JUSTIFICATIONS],
    }


def _columns(exposure: Mapping[str, int]) -> tuple[Column[obligations.Pressing], ...]:
    return (
        Column("Flaw", "flaw", lambda one: one.flaw),
        Column("What it is, and why it presses"),
        Column("Severity", "severity", _gravity, down_first=True),
        Column("Product, releases", "product", lambda one: one.product),
        Column("Ever exposed", "exposed", lambda one: exposure.get(one.id, 0), num=True, down_first=True),
        Column("Decision", "decision", lambda one: one.status),
        Column("Due", "due", lambda one: one.due),
    )


def _gravity(case: obligations.Pressing) -> tuple[bool, int] | None:
    """Order by severity, exploited ones above all; an unknown severity has no place in the order."""
    exploited = case.exploited or case.said is not None
    if case.severity == "unknown" and not exploited:
        return None
    return exploited, -vulnerabilities.SEVERITIES.index(case.severity)


class _Vulnerabilities:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show the cases, those that wait for a decision first."""
        sessions.require(request, "cases", "read")
        state = request.query_params.get("state", "")
        product = request.query_params.get("product", "")[:64]
        severity, component = (request.query_params.get(name, "")[:200] for name in ("severity", "component"))
        asked = {"state": state, "product": product, "severity": severity, "component": component}
        asked["sort"] = request.query_params.get("sort", "")[:64]
        exposure = vulnerabilities.exposure_counts(self._world)
        columns = _columns(exposure)
        states: dict[str, Literal["open", "closed"]] = {"open": "open", "closed": "closed"}
        found = obligations.pressing(self._world, states.get(state), product or None)
        carried = vulnerabilities.flaws_in(self._world, component) if component else frozenset()
        found = [one for one in found if severity in {"", one.severity} and (not component or one.flaw in carried)]
        signed = [one for one in releases.list_for(self._world, product or None) if one.state == "signed"]
        return self._look.page(
            request,
            "console/vulnerabilities.html",
            ledger_size=ledger_size(self._world),
            waiting=arrange([one for one in found if vulnerabilities.waits(one)], columns, "/vulnerabilities", asked),
            others=arrange(
                [one for one in found if not vulnerabilities.waits(one)], columns, "/vulnerabilities", asked
            ),
            asked=asked,
            products=[(one.id, one.name) for one in products.list_all(self._world)],
            severities=[(one, one) for one in vulnerabilities.SEVERITIES],
            **_choices(),
            may_judge=sessions.signed(request).may("cases", "judge"),
            export_forms=vulnerabilities.EXPORT_FORMS,
            exposure=exposure,
            looked_up=vulnerabilities.looked_up(self._world),
            unmatched=[(one, vulnerabilities.unmatched(self._world, one.id)) for one in signed],
        )

    def show(self, request: Request) -> Response:
        """Show one case."""
        sessions.require(request, "cases", "read")
        world = self._world
        case = obligations.standing(world, request.path_params["case"])
        whom = affected(world, case.id)
        mending = updates.uptake_of_flaw(world, case.flaw, case.product)
        names = {one.id: one.version for one in releases.list_for(world, case.product)}
        return self._look.page(
            request,
            "console/case.html",
            ledger_size=ledger_size(world),
            case=case,
            urgency=obligations.urgency(world, case.id),
            steps=vulnerability_response.progress(world, case.id),
            findings=vulnerabilities.findings(world, flaw=case.flaw, product=case.product),
            versions=names,
            whom=whom,
            mending=mending[0] if mending else None,
            spread=[
                (at.at, {"fixed": at.fixed, "offered": at.offered, "silent": at.silent, "failed": at.failed})
                for one in mending
                for at in one.points
            ],
            exposed=[(device, version) for version, running in whom.now.items() for device in running][:_SHOWN],
            accounted=vulnerabilities.accounted(world, case.id),
            advisory=notices.for_case(world, case.id),
            **_choices(),
            missing=vulnerabilities.missing(case.proposal) if case.proposal else 0,
            may_confirm=case.proposal is not None and str(sessions.signed(request).actor) not in case.proposal.people,
            lines=history(world, f"case/{case.id}", request.url.path),
            may={verb: sessions.signed(request).may("cases", verb) for verb in ("judge", "account", "close")},
        )

    def judge(self, request: Request) -> Response:
        """Record a person's decision."""
        actor = sessions.require(request, "cases", "judge")
        case, said = request.path_params["case"], decision(request)
        second_person.judge(self._world, actor, case, said)
        return RedirectResponse(f"/vulnerabilities/{case}", 303)

    def account(self, request: Request) -> Response:
        """Say why an exposed device is not fixed."""
        actor = sessions.require(request, "cases", "account")
        case = request.path_params["case"]
        device, reason = forms.field(request, "device", ""), forms.field(request, "reason", "")
        vulnerabilities.account_for(self._world, actor, case, device, reason)
        return RedirectResponse(f"/vulnerabilities/{case}#exposed", 303)

    def close(self, request: Request) -> Response:
        """Close a case that has nothing left to do."""
        actor = sessions.require(request, "cases", "close")
        vulnerabilities.close(self._world, actor, request.path_params["case"])
        return RedirectResponse(f"/vulnerabilities/{request.path_params['case']}", 303)
