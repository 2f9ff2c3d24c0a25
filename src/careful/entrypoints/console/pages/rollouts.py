"""Rollouts: who would get a release and why not the others, wave by wave to the devices, and who is left behind."""

from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import devices, products, releases, updates
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.errors import CarefulError, Invalid
from careful.kernel.work import World
from careful.workflows import second_person

_SHOWN = 200
_FIELDS = ("product", "version", "waves", "group", "urgency", "window", "zone", "deadline", "reason")
_MINUTES = (("30", "30 minutes"), ("60", "1 hour"), ("240", "4 hours"), ("1440", "1 day"), ("10080", "7 days"))
_URGENCIES = (
    ("feature", "feature: owners may put it off for 30 days"),
    ("security", "security: for 7 days"),
    ("exploited", "exploited: for 1 day"),
)


def routes(world: World) -> list[Route]:
    """Return the dry run and its start, who is behind, a rollout's page, and what can be done there."""
    page = _Rollouts(world, templates(world))
    return [
        Route("/rollouts/new", page.preview, methods=["GET"]),
        Route("/rollouts/new", page.start, methods=["POST"]),
        Route("/rollouts/behind", page.behind, methods=["GET"]),
        Route("/rollouts/{rollout}", page.show, methods=["GET"]),
        Route("/rollouts/{rollout}/{act:str}", page.act, methods=["POST"]),
    ]


class _Rollouts:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def preview(self, request: Request) -> Response:
        """Show which devices a rollout would reach and why not the others; nothing is changed."""
        sessions.require(request, "rollouts", "start")
        said = {name: request.query_params.get(name, "")[:500] for name in _FIELDS}
        asked = said | {
            "waves": said["waves"] or " ".join(updates.WAVES),
            "urgency": said["urgency"] or "security",
            "zone": said["zone"] or "UTC",
            "deadline": said["deadline"] or "60",
            "downgrade": "yes" if request.query_params.get("downgrade") else "",
            "supersede": "yes" if request.query_params.get("supersede") else "",
        }
        found: updates.Preview | None = None
        refusal: CarefulError | None = None
        if asked["product"] and asked["version"]:
            try:
                found = updates.preview_rollout(
                    self._world, asked["product"], asked["version"], supersede=bool(asked["supersede"]), **_words(asked)
                )
            except CarefulError as refused:
                refusal = refused
        return self._look.page(
            request,
            "console/rollout_new.html",
            ledger_size=ledger_size(self._world),
            asked=asked,
            found=found,
            refusal=refusal,
            shown=_SHOWN,
            waits=dict(found.waits) if found else {},
            minutes=_MINUTES,
            urgencies=_URGENCIES,
            products=[(one.id, one.name) for one in products.list_all(self._world)],
            versions=[
                (one.version, one.version)
                for one in reversed(releases.list_for(self._world, asked["product"] or None))
                if one.state == "signed"
            ],
        )

    def start(self, request: Request) -> Response:
        """Start what the dry run showed, or propose it where it needs two people."""
        actor = sessions.require(request, "rollouts", "start")
        asked = {name: forms.field(request, name) for name in (*_FIELDS, "downgrade", "supersede")}
        rollout = second_person.launch(
            self._world, actor, asked["product"], asked["version"], supersede=bool(asked["supersede"]), **_words(asked)
        )
        return RedirectResponse(f"/rollouts/{rollout}", 303)

    def behind(self, request: Request) -> Response:
        """Show how up to date a product's devices are, and why some are not."""
        sessions.require(request, "rollouts", "read")
        known = products.list_all(self._world)
        product = request.query_params.get("product", "")[:64] or (known[0].id if known else "")
        return self._look.page(
            request,
            "console/behind.html",
            ledger_size=ledger_size(self._world),
            products=[(one.id, one.name) for one in known],
            product=product,
            found=updates.currency(self._world, products.get(self._world, product).id) if product else None,
        )

    def show(self, request: Request) -> Response:
        """Show one rollout: its waves, what has become of it on every device, and how the version spread."""
        who = sessions.require(request, "rollouts", "read")
        world = self._world
        detail = updates.rollout(world, request.path_params["rollout"])
        rollout = detail.rollout
        spread = updates.uptake(world, rollout.product, rollout.version)
        points = [(one.at, {"fixed": one.fixed, "offered": one.offered, "silent": one.silent}) for one in spread.points]
        fates = updates.fates_of(world, rollout.id)
        counted = {word: sum(one.fate == word for one in fates) for word in get_args(updates.Fate)}
        signed = sessions.signed(request)
        older = [
            one.version
            for one in reversed(releases.list_for(world, rollout.product))
            if one.state == "signed" and one.version != rollout.version
        ]
        return self._look.page(
            request,
            "console/rollout.html",
            ledger_size=ledger_size(world),
            rollout=rollout,
            policy=rollout.policy,
            fates=fates[:_SHOWN],
            more=max(0, len(fates) - _SHOWN),
            counted={word: number for word, number in counted.items() if number},
            left=detail.left,
            older=[(one, one) for one in older],
            points=points,
            may={verb: signed.may("rollouts", verb) for verb in ("start", "halt", "resume")},
            may_confirm=str(who) not in rollout.policy.people,
            lines=history(world, f"rollout/{rollout.id}", request.url.path),
        )

    def act(self, request: Request) -> Response:
        """Halt, resume, account for a device; agree to a downgrade, drop it, or go back."""
        act, rollout = request.path_params["act"], request.path_params["rollout"]
        verb = {"halt": "halt", "confirm": "start", "withdraw": "start", "roll-back": "start"}.get(act, "resume")
        actor = sessions.require(request, "rollouts", verb)
        reason = forms.field(request, "reason", "")
        if act == "halt":
            updates.halt(self._world, actor, rollout, reason)
        elif act == "resume":
            updates.resume(self._world, actor, rollout, reason)
        elif act == "confirm":
            updates.confirm_rollout(self._world, actor, rollout)
        elif act == "withdraw":
            updates.withdraw_rollout(self._world, actor, rollout, reason)
        elif act == "roll-back":
            rollout = updates.roll_back(self._world, actor, rollout, forms.field(request, "to"), reason)
        else:
            device = devices.get(self._world, forms.field(request, "device", "")).id
            updates.account(self._world, actor, rollout, device, reason)
        return RedirectResponse(f"/rollouts/{rollout}", 303)


def _words(asked: dict[str, str]) -> dict[str, Any]:
    """Return what a person said of a rollout as `updates` takes it. Raises Invalid."""
    if not asked["deadline"].isascii() or not asked["deadline"].isdecimal():
        raise Invalid("That is no number of minutes.", where="deadline")
    return {
        "waves": tuple(asked["waves"].split()),
        "group": asked["group"],
        "urgency": asked["urgency"],
        "window": asked["window"].strip(),
        "zone": asked["zone"].strip() or "UTC",
        "deadline_minutes": float(asked["deadline"]),
        "downgrade": bool(asked["downgrade"]),
        "reason": asked["reason"],
    }
