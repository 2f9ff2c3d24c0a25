"""Releases, with the list of rollouts: what was built and signed, and what is in it."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import devices, products, releases, updates, vulnerabilities
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.workflows import release_launch, second_person, what_changed


def routes(world: World) -> list[Route]:
    """Return the list, a release's page, and what can be done there."""
    page = _Releases(world, templates(world))
    return [
        Route("/releases", page.show_list, methods=["GET"]),
        Route("/releases/{release}", page.show, methods=["GET"]),
        Route("/releases/{release}/sign", page.sign, methods=["POST"]),
        Route("/releases/{release}/publish", page.publish, methods=["POST"]),
    ]


def _left(rollout: updates.Rollout) -> int:
    return rollout.count("failed", "silent", "accounted")


def _no_deltas(world: World, release: releases.Release) -> str:
    try:
        return releases.why_no_deltas(releases.artifact_path(world, release.artifact.sha256))
    except NotFound:
        return ""


_NO_ORDER = ((), ())
_ROLLOUTS: tuple[Column[updates.Rollout], ...] = (
    Column("Rollout", "rollout", lambda one: (one.product, updates.version_key(one.version) or _NO_ORDER)),
    Column("State", "state", lambda one: one.state),
    Column("Devices", "devices", lambda one: one.size, num=True, down_first=True),
    Column("Confirmed", "confirmed", lambda one: one.count("confirmed"), num=True, down_first=True),
    Column(
        "Failed or silent", "left", lambda one: one.count("failed", "silent", "accounted"), num=True, down_first=True
    ),
    Column("Started", "started", lambda one: one.started_at, down_first=True),
)


def _release_columns(running: Mapping[str, Mapping[str, int]]) -> tuple[Column[releases.Release], ...]:
    def on_it(release: releases.Release) -> int:
        return running[release.product].get(release.version, 0)

    return (
        Column("Release", "release", lambda one: (one.product, updates.version_key(one.version) or _NO_ORDER)),
        Column("State", "state", lambda one: one.state),
        Column("Components", "components", lambda one: one.components, num=True, down_first=True),
        Column("Cannot be looked up", "unmatchable", lambda one: one.unmatchable, num=True, down_first=True),
        Column(
            "Devices on it", "devices", lambda one: running[one.product].get(one.version, 0), num=True, down_first=True
        ),
        Column("Mends"),
        Column("Added", "added", lambda one: one.added_at, down_first=True),
    )


class _Releases:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show releases and rollouts, newest first."""
        sessions.require(request, "releases", "read")
        product = request.query_params.get("product", "")[:64]
        found = releases.list_for(self._world, product or None)
        asked = {"product": product, **{name: request.query_params.get(name, "")[:64] for name in ("rollouts", "sort")}}
        rollouts = updates.rollouts(self._world, product or None)
        counts = {one: devices.count_by_version(self._world, one) for one in {each.product for each in found}}
        return self._look.page(
            request,
            "console/releases.html",
            ledger_size=ledger_size(self._world),
            asked=asked,
            products=[(one.id, one.name) for one in products.list_all(self._world)],
            releases=arrange(found[::-1], _release_columns(counts), "/releases", asked),
            running=counts,
            rollouts=arrange(rollouts[::-1], _ROLLOUTS, "/releases", asked, name="rollouts"),
        )

    def show(self, request: Request) -> Response:
        """Show one release: its image, what is in it, and what could not be looked up."""
        sessions.require(request, "releases", "read")
        world = self._world
        one = releases.by_id(world, request.path_params["release"])
        may = sessions.signed(request).may
        compared = vulnerabilities.matched(world).get(one.id)
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
            matched=compared is not None,
            fresh=vulnerabilities.feeds_fresh(world) and compared == vulnerabilities.generation(world),
            running=devices.count_by_version(world, one.product).get(one.version, 0),
            published=one.state == "signed" and updates.is_published(world, one),
            changed=what_changed.what_changed(world, one),
            bundle=releases.bundle_of(world, one.id),
            provenance=releases.provenance_of(world, one),
            deltas=updates.deltas(world, one.id),
            versions={each.id: each.version for each in releases.list_for(world, one.product)},
            no_deltas=_no_deltas(world, one),
            may_sign=may("releases", "sign") and one.state == "draft",
            may_start=may("rollouts", "start"),
            may_publish=may("releases", "publish") and one.state != "withdrawn",
            lines=history(world, f"release/{one.id}", request.url.path),
        )

    def sign(self, request: Request) -> Response:
        """Sign a release with the key on this machine."""
        actor = sessions.require(request, "releases", "sign")
        reason = forms.field(request, "reason", "")
        second_person.sign_release(self._world, actor, request.path_params["release"], reason=reason)
        return RedirectResponse(f"/releases/{request.path_params['release']}", 303)

    def publish(self, request: Request) -> Response:
        """Publish a signed release."""
        actor = sessions.require(request, "releases", "publish")
        updates.publish(self._world, actor, request.path_params["release"])
        return RedirectResponse(f"/releases/{request.path_params['release']}", 303)
