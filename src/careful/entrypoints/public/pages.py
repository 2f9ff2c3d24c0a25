"""What people read: is mine all right, what should I do, and what does the maker promise."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import devices, notices, products, releases, vulnerabilities
from careful.entrypoints.look import LookRenderer
from careful.entrypoints.public.machine import contacts
from careful.kernel.errors import CarefulError, NotFound
from careful.kernel.work import World

_LONGEST = 80


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the pages' routes."""
    shown = _Pages(world, look)
    return [
        Route("/", shown.home),
        Route("/p/{model}", shown.product),
        Route("/check", shown.check),
        Route("/advisories", shown.advisories),
        Route("/advisories/{advisory}", shown.advisory),
        Route("/report", shown.report),
        Route("/unsubscribe/{token}", shown.unsubscribe, methods=["GET", "POST"]),
    ]


class _Pages:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def _page(self, request: Request, template: str, **context: Any) -> Response:  # noqa: ANN401 (whatever the template asks for)
        return self._look.page(request, f"public/{template}", maker=self._world.settings.maker_name, **context)

    def home(self, request: Request) -> Response:
        """List the products on sale."""
        listed = [one for one in products.list_all(self._world) if one.page_published_at]
        acts = {one.product for one in notices.advisories(self._world, published_only=True)}
        return self._page(request, "home.html", products=listed, acts=acts)

    def product(self, request: Request) -> Response:
        """Show one product: calm, act now, or support ended."""
        product = self._find(request.path_params["model"])
        signed = [one for one in releases.list_for(self._world, product.id) if one.state == "signed"]
        newest = max(signed, key=lambda one: one.security_version, default=None)
        listed = notices.advisories(self._world, product=product.id, published_only=True)
        today = self._world.clock.now().date()
        support = product.declaration.support
        until = support.until if support else None
        ended = until is not None and until < today
        return self._page(
            request,
            "product.html",
            product=product,
            model=product.models[0] if product.models else product.name,
            newest=newest,
            advisories=listed,
            support=support,
            until=until,
            state="ended" if ended else "act" if listed else "calm",
            table=products.derive(product.declaration, today).table,
            fresh=vulnerabilities.feeds_fresh(self._world),
        )

    def check(self, request: Request) -> Response:
        """Answer for a model and version."""
        model = request.query_params.get("model", "")[:_LONGEST]
        version = request.query_params.get("version", "")[:_LONGEST]
        answer, refusal = None, ""
        if model and version:
            try:
                answer = notices.answer_for(self._world, model, version)
            except CarefulError as unknown:
                refusal = str(unknown)
        known = [one for one in products.list_all(self._world) if one.page_published_at]
        return self._page(
            request, "check.html", answer=answer, refusal=refusal, model=model, version=version, products=known
        )

    def advisories(self, request: Request) -> Response:
        """List the notices, newest first."""
        return self._page(request, "advisories.html", advisories=notices.advisories(self._world, published_only=True))

    def advisory(self, request: Request) -> Response:
        """Show one notice: what to do first."""
        one = notices.advisory(self._world, request.path_params["advisory"])
        if one.published_at is None:
            raise NotFound(f"There is no notice {one.id}.", do="See all notices.")
        return self._page(request, "advisory.html", advisory=one)

    def report(self, request: Request) -> Response:
        """Say how to reach the people who mend things."""
        found = [product for product in products.list_all(self._world) if product.page_published_at]
        return self._page(request, "report.html", contacts=contacts(self._world), products=found)

    def unsubscribe(self, request: Request) -> Response:
        """Ask on GET, because mail scanners follow links; stop on POST (RFC 8058)."""
        done = request.method == "POST"
        if done:
            devices.unsubscribe(self._world, request.path_params["token"][:200])
        return self._page(request, "unsubscribe.html", done=done)

    def _find(self, wanted: str) -> products.Product:
        low = wanted.lower()
        for product in products.list_all(self._world):
            names = {product.id.lower(), *(model.lower() for model in product.models)}
            if low in names and product.page_published_at:
                return product
        raise NotFound(f"We make no model called {wanted[:_LONGEST]!r}.", do="Look at the label on the device.")
