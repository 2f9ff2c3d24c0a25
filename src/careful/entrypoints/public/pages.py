"""What people read: is mine all right, what should I do, and what does the maker promise."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import devices, notices, products, releases, vulnerabilities
from careful.entrypoints.look import LookRenderer
from careful.entrypoints.public.machine import LONGEST, contacts, published
from careful.kernel.errors import NotFound
from careful.kernel.work import World

_TOKEN = 200


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the pages' routes."""
    shown = _Pages(world, look)
    return [
        Route("/", shown.home),
        Route("/p/{model:path}", shown.product),
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
        return self._look.page(request, f"public/{template}", **context)

    def home(self, request: Request) -> Response:
        """List the products that have a page."""
        acts = {one.product for one in self._open(notices.advisories(self._world, published_only=True))}
        return self._page(request, "home.html", products=self._shown(), acts=acts)

    def product(self, request: Request) -> Response:
        """Show one product: calm, act now, or support ended."""
        product = self._find(request.path_params["model"])
        signed = [one for one in releases.list_for(self._world, product.id) if one.state == "signed"]
        listed = notices.advisories(self._world, product=product.id, published_only=True)
        still_open = self._open(listed)
        today = self._world.clock.now().date()
        support = product.declaration.support
        until = support.until if support else None
        ended = until is not None and until < today
        return self._page(
            request,
            "product.html",
            product=product,
            model=product.models[0] if product.models else product.name,
            newest=max(signed, key=lambda one: one.security_version, default=None),
            advisories=listed,
            still_open=still_open,
            support=support,
            until=until,
            end=products.ending(self._world, product.id),
            state="ended" if ended else "act" if still_open else "calm",
            ways=products.ways(product.declaration)[0],
            events=[one.name.replace("_", " ") for one in product.declaration.events or ()],
            table=products.derive(product.declaration, today).table,
            fresh=vulnerabilities.feeds_fresh(self._world),
        )

    def check(self, request: Request) -> Response:
        """Answer for a model and version."""
        model, version = _typed(request, "model"), _typed(request, "version")
        answer = refusal = None
        if model and version:
            try:
                answer = notices.answer_for(self._world, model, version, public=True)
            except NotFound as unknown:
                refusal = unknown
        elif "version" in request.query_params:
            refusal = NotFound("Fill in both the model and the version.", do="Both are on the device or in its app.")
        return self._page(
            request,
            "check.html",
            answer=answer,
            refusal=refusal,
            model=model,
            version=version,
            products=self._shown(),
        )

    def advisories(self, request: Request) -> Response:
        """List the notices, newest first."""
        return self._page(request, "advisories.html", advisories=notices.advisories(self._world, published_only=True))

    def advisory(self, request: Request) -> Response:
        """Show one notice: what to do first."""
        return self._page(request, "advisory.html", advisory=published(self._world, request.path_params["advisory"]))

    def report(self, request: Request) -> Response:
        """Say how to reach the people who mend things."""
        helped = [
            (product.name, product.declaration.contact.customer)
            for product in self._shown()
            if product.declaration.contact and product.declaration.contact.customer
        ]
        return self._page(request, "report.html", contacts=contacts(self._world), helped=helped)

    def unsubscribe(self, request: Request) -> Response:
        """Ask on GET, because mail scanners follow links; stop on POST (RFC 8058)."""
        done = request.method == "POST"
        if done:
            devices.unsubscribe(self._world, request.path_params["token"][:_TOKEN])
        page = self._page(request, "unsubscribe.html", done=done)
        page.headers["cache-control"] = "no-store"  # its address is the owner's secret
        return page

    def _shown(self) -> list[products.Product]:
        return [one for one in products.list_all(self._world) if one.page_published_at]

    def _open(self, listed: Sequence[notices.Advisory]) -> list[notices.Advisory]:
        """Return the notices whose case is not closed: some device out there still needs the fix."""
        if not listed:
            return []
        cases = {one.id for one in vulnerabilities.cases(self._world, "open")}
        return [one for one in listed if one.case in cases]

    def _find(self, wanted: str) -> products.Product:
        low = wanted.lower()
        for product in self._shown():
            if low in {product.id.lower(), *(model.lower() for model in product.models)}:
                return product
        raise NotFound(f"We make no model called {wanted[:LONGEST]!r}.", do="Look at the label on the device.")


def _typed(request: Request, name: str) -> str:
    """Return what somebody typed, as far as it can be shown again."""
    return "".join(filter(str.isprintable, request.query_params.get(name, "")[:LONGEST])).strip()
