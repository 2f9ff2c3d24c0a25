"""Releases and rollouts: what was built and signed, what is in it, and how it reaches the devices, wave by wave."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import devices, releases, updates, vulnerabilities
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.work import World
from careful.workflows import release_launch


def routes(world: World) -> list[Route]:
    """Return the list, a release's page, a rollout's page, and what can be done there."""
    page = _Releases(world, templates(world))
    return [
        Route("/releases", page.show_list, methods=["GET"]),
        Route("/releases/{release}", page.show, methods=["GET"]),
        Route("/releases/{release}/sign", page.sign, methods=["POST"]),
        Route("/releases/{release}/publish", page.publish, methods=["POST"]),
        Route("/rollouts/{rollout}", page.show_rollout, methods=["GET"]),
        Route("/rollouts/{rollout}/{act:str}", page.act, methods=["POST"]),
    ]


class _Releases:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show releases and rollouts, newest first."""
        sessions.require(request, "releases", "read")
        product = request.query_params.get("product", "")[:64]
        found = releases.list_for(self._world, product or None)
        counts = {one: devices.count_by_version(self._world, one) for one in {each.product for each in found}}
        return self._look.page(
            request,
            "console/releases.html",
            ledger_size=ledger_size(self._world),
            product=product,
            releases=found[::-1],
            running=counts,
            rollouts=updates.rollouts(self._world, product or None)[::-1],
        )

    def show(self, request: Request) -> Response:
        """Show one release: its image, what is in it, and what could not be looked up."""
        sessions.require(request, "releases", "read")
        world = self._world
        one = releases.by_id(world, request.path_params["release"])
        may = sessions.signed(request).may
        return self._look.page(
            request,
            "console/release.html",
            ledger_size=ledger_size(world),
            release=one,
            report=releases.report(world, one.id),
            steps=release_launch.progress(world, f"{one.product}/{one.version}"),
            findings=vulnerabilities.findings(world, release=one.id),
            cases={each.flaw: each for each in vulnerabilities.cases(world, product=one.product)},
            unmatched=vulnerabilities.unmatched(world, one.id),
            matched=vulnerabilities.matched(world).get(one.id) is not None,
            fresh=vulnerabilities.feeds_fresh(world),
            running=devices.count_by_version(world, one.product).get(one.version, 0),
            published=one.state == "signed" and updates.is_published(world, one),
            may_sign=may("releases", "sign") and one.state == "draft",
            may_publish=may("releases", "publish") and one.state != "withdrawn",
            lines=history(world, f"release/{one.id}", request.url.path),
        )

    def sign(self, request: Request) -> Response:
        """Sign a release with the key on this machine."""
        actor = sessions.require(request, "releases", "sign")
        updates.sign_release(self._world, actor, request.path_params["release"])
        return RedirectResponse(f"/releases/{request.path_params['release']}", 303)

    def publish(self, request: Request) -> Response:
        """Publish a signed release."""
        actor = sessions.require(request, "releases", "publish")
        updates.publish(self._world, actor, request.path_params["release"])
        return RedirectResponse(f"/releases/{request.path_params['release']}", 303)

    def show_rollout(self, request: Request) -> Response:
        """Show one rollout: its waves, every device, and how the version spread."""
        sessions.require(request, "rollouts", "read")
        world = self._world
        detail = updates.rollout(world, request.path_params["rollout"])
        rollout = detail.rollout
        spread = updates.uptake(world, rollout.product, rollout.version)
        points = [(one.at, {"fixed": one.fixed, "offered": one.offered, "silent": one.silent}) for one in spread.points]
        return self._look.page(
            request,
            "console/rollout.html",
            ledger_size=ledger_size(world),
            rollout=rollout,
            members=detail.members,
            left=detail.left,
            points=points,
            may={verb: sessions.signed(request).may("rollouts", verb) for verb in ("halt", "resume")},
            lines=history(world, f"rollout/{rollout.id}", request.url.path),
        )

    def act(self, request: Request) -> Response:
        """Halt, resume, or account for a device."""
        act, rollout = request.path_params["act"], request.path_params["rollout"]
        actor = sessions.require(request, "rollouts", "halt" if act == "halt" else "resume")
        reason = forms.field(request, "reason", "")
        if act == "halt":
            updates.halt(self._world, actor, rollout, reason)
        elif act == "resume":
            updates.resume(self._world, actor, rollout, reason)
        else:
            updates.account(self._world, actor, rollout, forms.field(request, "device", ""), reason)
        return RedirectResponse(f"/rollouts/{rollout}", 303)
