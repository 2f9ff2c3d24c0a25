"""Notices: what owners are told, as they will read it, before and after it is public."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import notices, products, vulnerabilities
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.work import World


def routes(world: World) -> list[Route]:
    """Return the list, a notice's page, and what can be done there."""
    page = _Notices(world, templates(world))
    return [
        Route("/notices", page.show_list, methods=["GET"]),
        Route("/notices/draft", page.draft, methods=["POST"]),
        Route("/notices/{advisory}", page.show, methods=["GET"]),
        Route("/notices/{advisory}/publish", page.publish, methods=["POST"]),
        Route("/notices/{advisory}/tell", page.tell, methods=["POST"]),
    ]


def _columns(told: Mapping[str, int]) -> tuple[Column[notices.Advisory], ...]:
    return (
        Column("Notice", "notice", lambda one: one.id),
        Column("Flaw", "flaw", lambda one: one.flaw),
        Column("Product", "product", lambda one: one.product_name),
        Column("Affected"),
        Column("Fixed in"),
        Column("Public since", "public", lambda one: one.published_at, down_first=True),
        Column("Devices told of", "told", lambda one: told[one.id], num=True, down_first=True),
    )


class _Notices:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show notices, newest first, and the affected cases that have none."""
        sessions.require(request, "notices", "read")
        found = notices.advisories(self._world)
        told = {one.id: notices.told_count(self._world, one.id) for one in found}
        have = {one.case for one in found}
        affected = [one for one in vulnerabilities.cases(self._world) if one.status == "affected"]
        return self._look.page(
            request,
            "console/notices.html",
            ledger_size=ledger_size(self._world),
            advisories=arrange(found, _columns(told), "/notices", {"sort": request.query_params.get("sort", "")[:64]}),
            told=told,
            missing=[one for one in affected if one.id not in have],
            reach=[(one, *notices.reach(self._world, one.id)) for one in products.list_all(self._world)],
            may_draft=sessions.signed(request).may("notices", "draft"),
        )

    def show(self, request: Request) -> Response:
        """Show one notice as an owner will read it."""
        sessions.require(request, "notices", "read")
        one = notices.advisory(self._world, request.path_params["advisory"])
        signed = sessions.signed(request)
        return self._look.page(
            request,
            "console/notice.html",
            ledger_size=ledger_size(self._world),
            advisory=one,
            letter=notices.letter(one, self._world.settings.public_url),
            reading=notices.read(one.summary, one.action, one.product_name),
            told=notices.told_count(self._world, one.id),
            may={verb: signed.may("notices", verb) for verb in ("draft", "publish", "tell")},
            lines=history(self._world, f"case/{one.case}", request.url.path),
        )

    def draft(self, request: Request) -> Response:
        """Write a notice, or write a draft again."""
        actor = sessions.require(request, "notices", "draft")
        one = notices.draft(
            self._world,
            actor,
            forms.field(request, "case", ""),
            summary=forms.field(request, "summary", ""),
            action=forms.field(request, "action", ""),
            title=forms.field(request, "title", ""),
        )
        return RedirectResponse(f"/notices/{one.id}", 303)

    def publish(self, request: Request) -> Response:
        """Make a notice public."""
        actor = sessions.require(request, "notices", "publish")
        one = notices.publish(self._world, actor, request.path_params["advisory"])
        return RedirectResponse(f"/notices/{one.id}", 303)

    def tell(self, request: Request) -> Response:
        """Write to every owner not written to yet."""
        actor = sessions.require(request, "notices", "tell")
        notices.tell_owners(self._world, actor, request.path_params["advisory"])
        return RedirectResponse(f"/notices/{request.path_params['advisory']}", 303)
