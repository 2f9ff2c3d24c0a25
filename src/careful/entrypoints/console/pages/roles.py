"""Roles: who may do what, as one table in words, and which roles one holds oneself."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import people
from careful.entrypoints.console import sessions
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.work import World


def routes(world: World) -> list[Route]:
    """Return the page."""
    return [Route("/roles", _Roles(world, templates(world)).show, methods=["GET"])]


class _Roles:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show(self, request: Request) -> Response:
        """Show the table; it is no secret, and everybody may know what they may."""
        me = sessions.signed(request)
        return self._look.page(
            request,
            "console/roles.html",
            ledger_size=ledger_size(self._world),
            roles=people.ROLE_SAYS,
            rows=people.right_rows(),
            mine=me.account.roles,
        )
