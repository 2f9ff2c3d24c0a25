"""What a product asks of its releases: who may sign its bundles, who may build, from where; shown, and changed."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import products, releases
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field
from careful.entrypoints.console.pages.common import ledger_size, line
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel import ledger
from careful.kernel.work import World

_CHANGES = 20
_RELEASES = 20


def routes(world: World) -> list[Route]:
    """Return a product's policy, and where it is sent to."""
    page = _Policies(world, templates(world))
    return [
        Route("/products/{product}/policy", page.show, methods=["GET"]),
        Route("/products/{product}/policy", page.change, methods=["POST"]),
    ]


class _Policies:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show(self, request: Request) -> Response:
        """Show what is asked of bundles, of provenance and of deltas, and which releases fulfil it today."""
        sessions.require(request, "releases", "read")
        world = self._world
        product = products.get(world, request.path_params["product"])
        policy = releases.policy(world, product.id)
        with world.look() as connection:
            names = ("releases.policy_set",)
            subject = f"product/{product.id}"
            set_ = ledger.read(connection, names=names, subject=subject, limit=_CHANGES, newest_first=True)
        listed = releases.list_for(world, product.id)[::-1]
        return self._look.page(
            request,
            "console/policy.html",
            ledger_size=ledger_size(world),
            product=product,
            policy=policy,
            text=releases.policy_text(policy),
            shown=[
                (one, releases.bundle_of(world, one.id), releases.provenance_of(world, one))
                for one in listed[:_RELEASES]
            ],
            lines=[line(one) for one in set_],
            may_set=sessions.signed(request).may("releases", "publish"),
        )

    def change(self, request: Request) -> Response:
        """Put a policy in force, for releases that are signed from now on."""
        actor = sessions.require(request, "releases", "publish")
        product = products.get(self._world, request.path_params["product"]).id
        releases.set_policy(self._world, actor, product, field(request, "policy").encode())
        return RedirectResponse(f"/products/{product}/policy", 303)
