"""Pages from templates: one Jinja2 environment a site, strict about names, escaping everything.

Templates live in `templates/`; their components are macros in `templates/parts/`, which every template sees as `ui`.
Static files carry their digest in the address, so that a browser may keep them for ever.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from careful.entrypoints.look import charts, words
from careful.kernel.errors import CarefulError
from careful.kernel.work import World

_HERE = Path(__file__).parent
_PARTS = ("parts/marks.html", "parts/blocks.html", "parts/forms.html")
_FOR_EVER = "public, max-age=31536000, immutable"

NAVIGATION = (
    ("/", "Today"),
    ("/products", "Products"),
    ("/devices", "Devices"),
    ("/releases", "Releases"),
    ("/vulnerabilities", "Vulnerabilities"),
    ("/detections", "Detections"),
    ("/data", "Data"),
    ("/notices", "Notices"),
    ("/reporting", "Reporting"),
    ("/approvals", "Approvals"),
    ("/suppliers", "Suppliers"),
    ("/evidence", "Evidence"),
)
FOR_SUPPLIERS = (("/own-items", "What is asked"),)


class LookRenderer:
    """Renders pages for one world; its `page` is what a handler returns."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters.update(_filters(world.clock.now))
        self.environment.globals.update(
            asset=asset,
            navigation=NAVIGATION,
            for_suppliers=FOR_SUPPLIERS,
            charts=charts,
            plural=words.plural,
            percent=words.percent,
            query=query,
        )
        macros = SimpleNamespace()
        for part in _PARTS:
            module = self.environment.get_template(part, globals={"ui": macros}).module
            for name, macro in vars(module).items():
                if not name.startswith("_"):
                    setattr(macros, name, macro)
        self.environment.globals["ui"] = macros

    def page(self, request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:  # noqa: ANN401 (whatever the template asks for by name)
        """Render `template` with `context`; `session`, `csrf`, `nonce`, `now` and `here` are there for every page."""
        session = getattr(request.state, "session", None)
        given = {
            "request": request,
            "session": session,
            "csrf": session.csrf if session else "",
            "nonce": getattr(request.state, "nonce", ""),
            "now": self._world.clock.now(),
            "here": request.url.path,
            "settings": self._world.settings,
        }
        return HTMLResponse(self.environment.get_template(template).render(given | context), status_code)

    def error(self, request: Request, refusal: CarefulError, *, layout: str = "base.html") -> HTMLResponse:
        """Render a refusal as a page: what is wrong, where, and what to do next."""
        problems = getattr(refusal, "problems", ())
        return self.page(
            request, "error.html", status_code=refusal.status, refusal=refusal, problems=problems, layout=layout
        )


def templates(world: World) -> LookRenderer:
    """Return the renderer for a world's pages."""
    return LookRenderer(world)


class _Static(StaticFiles):
    """Static files that may be kept for ever when asked for by digest."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200) -> Response:  # noqa: ANN401 (Starlette's signature)
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = _FOR_EVER if b"v=" in scope["query_string"] else "no-cache"
        return response


def static() -> Mount:
    """Return the route under which both sites serve the look's own files."""
    return Mount("/static", app=_Static(directory=_HERE / "static"), name="static")


@cache
def asset(name: str) -> str:
    """Return the address of a static file, with its digest. Raises FileNotFoundError where there is no such file."""
    digest = hashlib.sha256((_HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def query(path: str, **parts: object) -> str:
    """Return an address with the parts that say something, in their order: the page's state lives in its URL."""
    said = {name: value for name, value in parts.items() if value not in (None, "")}
    return f"{path}?{urlencode(said)}" if said else path


def _filters(now: Callable[[], datetime]) -> dict[str, Callable[..., object]]:
    return {
        "count": words.count,
        "moment": words.moment,
        "clock": words.clock,
        "day": words.day,
        "span": words.span,
        "ago": lambda at, missing="never": words.ago(at, now(), missing),
        "left": lambda until: words.left(until, now()),
        "years_left": lambda until: words.years_left(until, now().date()),
    }
