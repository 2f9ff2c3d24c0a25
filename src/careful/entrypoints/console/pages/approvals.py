"""Approvals: what waits for a second person, exactly as it would be done and why; and what became of the others."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import people, updates, vulnerabilities
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.workflows import second_person

_PAST = 50
_ROWS = 3

Other = tuple[str, str, str]
"""What waits by a rule of its own: what, why, where."""


def routes(world: World) -> list[Route]:
    """Return the list, one act, and the two answers."""
    page = _Approvals(world, templates(world))
    return [
        Route("/approvals", page.show_list, methods=["GET"]),
        Route("/approvals/{approval}", page.show, methods=["GET"]),
        Route("/approvals/{approval}/approve", page.approve, methods=["POST"]),
        Route("/approvals/{approval}/refuse", page.refuse, methods=["POST"]),
    ]


def waiting(world: World) -> list[people.Pending]:
    """Return what waits, the first to lapse first."""
    now = world.clock.now()
    return sorted((one for one in people.approvals(world) if one.lapses_at > now), key=lambda one: one.lapses_at)


def pressing(world: World) -> list[tuple[str, str, str, str, str]]:
    """Return what the start page says of acts that wait: what, why, where, label, command."""
    return [
        (
            f"Agree or refuse: {one.title.lower()}",
            f"{one.reason} It lapses at {one.lapses_at:%Y-%m-%d %H:%M} UTC.",
            f"/approvals/{one.id}",
            "See exactly what",
            f"careful approvals show {one.id}",
        )
        for one in waiting(world)[:_ROWS]
    ]


def others(world: World) -> list[Other]:
    """Return what waits for a second person by the two older rules: exploited flaws, and going to an older version."""
    cases = [one for one in vulnerabilities.cases(world, "open") if one.proposal]
    proposed = [one for one in updates.rollouts(world) if one.state == "proposed"]
    return [
        *(
            (f"{one.flaw} in {one.product}", "exploited, and to be waved through", f"/vulnerabilities/{one.id}")
            for one in cases
        ),
        *((f"{one.product} back to {one.version}", one.policy.reason, f"/rollouts/{one.id}") for one in proposed),
    ]


class _Approvals:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show what waits, then what became of the others."""
        sessions.require(request, "approvals", "read")
        world = self._world
        past = [one for one in people.approvals(world, waiting=False) if one.state not in {"waiting", "agreed"}]
        return self._look.page(
            request,
            "console/approvals.html",
            ledger_size=ledger_size(world),
            waits=waiting(world),
            others=others(world),
            past=past[:_PAST],
            names=people.names(world),
            kinds=self._kinds(request),
            alone=people.done_alone(world),
            days=people.LAPSE.days,
        )

    def _kinds(self, request: Request) -> Sequence[tuple[people.Kind, str]]:
        """Say of each kind of act how it is with it now: two people needed, or still alone, and why."""
        actor = sessions.signed(request).actor
        return [(kind, people.may_alone(self._world, actor, kind.id)) for kind in people.KINDS.values()]

    def show(self, request: Request) -> Response:
        """Show exactly what would be done."""
        sessions.require(request, "approvals", "read")
        world, me = self._world, sessions.signed(request)
        one = people.approval_of(world, request.path_params["approval"])
        changed = one.state == "waiting" and second_person.ground_now(world, one) != one.ground
        return self._look.page(
            request,
            "console/approval.html",
            ledger_size=ledger_size(world),
            one=one,
            shown=second_person.shown(world, one),
            changed=changed,
            names=people.names(world),
            why_not=people.objection(one, me.actor, me.account.roles, world.clock.now()),
            may_refuse=one.state == "waiting"
            and (str(me.actor) == one.asked_by or people.KINDS[one.kind].may_agree(me.account.roles)),
            again=one.state == "agreed" and str(me.actor) in one.people and not one.what.get("by_hand"),
            lines=history(world, f"approval/{one.id}", request.url.path),
        )

    def approve(self, request: Request) -> Response:
        """Agree to what was shown; with two people behind it, it is done."""
        sessions.require(request, "approvals", "read")
        one = people.approval_of(self._world, request.path_params["approval"])
        actor = sessions.require(request, people.KINDS[one.kind].resource, "countersign")
        second_person.approve(self._world, actor, one.id, field(request, "digest"))
        return RedirectResponse(f"/approvals/{one.id}", 303)

    def refuse(self, request: Request) -> Response:
        """Say no, with the reason."""
        actor = sessions.require(request, "approvals", "refuse")
        approval = request.path_params["approval"]
        if not approval:
            raise NotFound("Nothing of that id was asked for.")
        people.refuse(self._world, actor, approval, field(request, "reason", ""))
        return RedirectResponse(f"/approvals/{approval}", 303)
