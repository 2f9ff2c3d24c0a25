"""Data: what is collected and what becomes of it, in sections of one file each.

A section is a module in this package with

    ORDER      where it stands; ten apart, so that another fits between
    ID, TITLE, NOTE
    TEMPLATE   what draws it, under templates/console/data; its values are called `part`
    KEYS       what of the page's address it reads
    shown(world, asked)   the values; `asked` holds every section's KEYS, and `product`

and is found by itself. A module with `routes(world)` brings
pages of its own, as `items.py` does for one data item.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import products
from careful.entrypoints.console import sessions
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.kernel.work import World

_LONGEST = 200


class Section(Protocol):
    """What a module of this package has if it is a section."""

    ORDER: int
    ID: str
    TITLE: str
    NOTE: str
    TEMPLATE: str
    KEYS: tuple[str, ...]

    def shown(self, world: World, asked: Mapping[str, str]) -> Any:  # noqa: ANN401 (its own template reads it)
        """Return what the template draws."""
        ...


@cache
def sections() -> tuple[Section, ...]:
    """Return every section, in the order of the page."""
    modules = [importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)]
    found = [cast("Section", one) for one in modules if hasattr(one, "TEMPLATE")]
    return tuple(sorted(found, key=lambda one: one.ORDER))


def routes(world: World) -> list[Route]:
    """Return the page, and those of the modules that have pages of their own."""
    page = _Data(world, templates(world))
    found = [Route("/data", page.show, methods=["GET"])]
    for one in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{one.name}")
        found += module.routes(world) if hasattr(module, "routes") else []
    return found


class _Data:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show(self, request: Request) -> Response:
        """Show every section, for one product or for all."""
        sessions.require(request, "data", "read")
        keys = {"product", *(key for one in sections() for key in one.KEYS)}
        asked = {key: request.query_params.get(key, "")[:_LONGEST] for key in sorted(keys)}
        known = products.list_all(self._world)
        if asked["product"] not in {one.id for one in known}:
            asked["product"] = ""
        return self._look.page(
            request,
            "console/data.html",
            ledger_size=ledger_size(self._world),
            asked=asked,
            products=[(one.id, one.name) for one in known],
            sections=[(one, one.shown(self._world, asked)) for one in sections()],
        )
