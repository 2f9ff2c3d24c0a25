"""Products: what each was declared to be, and all that follows: laws with their reasons, streams, the public table.

Approving puts a file in force, publishing tells buyers, putting on sale starts the promise; each is a person's act.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import devices, monitoring, products, releases
from careful.entrypoints.console import forms, sessions
from careful.entrypoints.console.pages.common import history, ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.actors import Actor
from careful.kernel.work import World
from careful.workflows import end_of_support

Act = Callable[[World, Actor, str], object]


def routes(world: World) -> list[Route]:
    """Return the list, a product's page, and what can be done there."""
    page = _Products(world, templates(world))
    return [
        Route("/products", page.show_list, methods=["GET"]),
        Route("/products/{product}", page.show, methods=["GET"]),
        Route("/products/{product}/approve", page.approve, methods=["POST"]),
        Route("/products/{product}/publish", page.publish, methods=["POST"]),
        Route("/products/{product}/on-sale", page.put_on_sale, methods=["POST"]),
        Route("/products/{product}/end", page.announce_end, methods=["POST"]),
    ]


class _Products:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show_list(self, request: Request) -> Response:
        """Show every product."""
        sessions.require(request, "products", "read")
        fleet = devices.fleet_summary(self._world).by_product
        return self._look.page(
            request,
            "console/products.html",
            ledger_size=ledger_size(self._world),
            products=products.list_all(self._world),
            counts={product: sum(states.values()) for product, states in fleet.items()},
            until=_until,
        )

    def show(self, request: Request) -> Response:
        """Show one product, and what follows from its file."""
        sessions.require(request, "products", "read")
        product = products.get(self._world, request.path_params["product"])
        derived = products.derive(product.declaration, self._world.clock.now().date())
        return self._look.page(
            request,
            "console/product.html",
            ledger_size=ledger_size(self._world),
            product=product,
            derived=derived,
            until=_until(product),
            laws=sorted(derived.laws, key=_weight),
            answers={"yes": "note", "no": "none", "cannot tell": "unknown"},
            released=releases.list_for(self._world, product.id),
            devices=sum(devices.count_by_version(self._world, product.id).values()),
            versions=products.versions(self._world, product.id),
            acts=[act for act in _acts(product) if sessions.signed(request).may("products", act[0])],
            end=products.ending(self._world, product.id),
            compared=monitoring.comparisons(self._world, product.id, 5),
            profile=bool(derived.ways),
            end_steps=end_of_support.progress(self._world, product.id),
            past=next((one for one in end_of_support.past_support(self._world) if one.product == product.id), None),
            may_end=sessions.signed(request).may("products", "publish"),
            lines=history(self._world, f"product/{product.id}", request.url.path),
        )

    def approve(self, request: Request) -> Response:
        """Put the newest version in force."""
        actor = sessions.require(request, "products", "approve")
        return self._act(request, actor, products.approve)

    def publish(self, request: Request) -> Response:
        """Publish what a buyer must know."""
        actor = sessions.require(request, "products", "publish")
        return self._act(request, actor, products.publish_page)

    def put_on_sale(self, request: Request) -> Response:
        """Put a product on sale."""
        actor = sessions.require(request, "products", "sell")
        return self._act(request, actor, products.put_on_sale)

    def announce_end(self, request: Request) -> Response:
        """Announce the end of support."""
        actor = sessions.require(request, "products", "publish")
        product = products.get(self._world, request.path_params["product"]).id
        words = [forms.field(request, name) for name in ("last", "keeps", "stops")]
        end_of_support.announce(self._world, actor, product, *words)
        return RedirectResponse(f"/products/{product}#end", 303)

    def _act(self, request: Request, actor: Actor, act: Act) -> Response:
        product = products.get(self._world, request.path_params["product"]).id
        act(self._world, actor, product)
        return RedirectResponse(f"/products/{product}", 303)


def _acts(product: products.Product) -> list[tuple[str, str, str, str]]:
    """Return what is to be done next: the verb of the right, the path's last step, the button, and what it means."""
    found = []
    if product.approved_at is None or product.pending:
        number = product.pending or product.version
        means = f"Version {number} of the file comes into force: devices may send what it names, and nothing else."
        found.append(("approve", "approve", f"Approve version {number}", means))
    if product.approved_at is not None:
        means = "The public page then says until when security updates come; that day can move later, never earlier."
        again = "Publish the page again" if product.page_published_at else "Publish the page"
        found.append(("publish", "publish", again, means))
    if product.page_published_at is not None and product.on_sale_at is None:
        found.append(("sell", "on-sale", "Put it on sale", "From now on what was promised is owed."))
    return found


def _until(product: products.Product) -> object:
    """Return the promised support end: the published one, else the declared one, else None."""
    support = product.declaration.support
    return product.published_until or (support.until if support else None)


def _weight(one: products.LawAnswer) -> tuple[int, bool]:
    order = (products.Answer.YES, products.Answer.UNKNOWN, products.Answer.NO)
    return order.index(one.answer), not one.in_force
