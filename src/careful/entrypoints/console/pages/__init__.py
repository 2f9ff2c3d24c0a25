"""The pages of the console, one module per noun; each exports `routes(world)`."""

import importlib
import pkgutil

from starlette.routing import BaseRoute

from careful.kernel.work import World


def routes(world: World) -> list[BaseRoute]:
    """Return every page's routes."""
    found: list[BaseRoute] = []
    for module in pkgutil.iter_modules(__path__):
        found += importlib.import_module(f"{__name__}.{module.name}").routes(world)
    return found
