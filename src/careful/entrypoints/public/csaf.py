"""CSAF for whoever collects advisories by machine: provider metadata, folders with index and changes, a ROLIE feed.

    /.well-known/csaf/provider-metadata.json     where all of it is, and what we claim to be
    /csaf/  index.txt  changes.csv  feed-tlp-white.json
    /csaf/<year>/<id>.json  .json.sha256  .json.sha512

The folders can be walked by hand too (CSAF 2.0 section 7.1.14). Nothing here redirects (7.1.6).
"""

from collections.abc import Iterable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from careful import notices
from careful.entrypoints.public.machine import file_response
from careful.kernel.errors import NotFound
from careful.kernel.work import World

_MEDIA = {"json": "application/json", "csv": "text/csv"}


def routes(world: World) -> list[Route]:
    """Return the routes for collectors of CSAF."""

    def provider(request: Request) -> Response:
        return file_response(request, notices.csaf_file(world, notices.CSAF_PROVIDER), _MEDIA["json"])

    def tree(request: Request) -> Response:
        path = request.path_params["path"]
        if path and not path.endswith("/"):
            media = _MEDIA.get(path.rpartition(".")[2], "text/plain")
            return file_response(request, notices.csaf_file(world, path), media)
        below = [name.removeprefix(path) for name in notices.csaf_paths(world) if name.startswith(path)]
        if not below:
            raise NotFound("There is no such folder.", do=f"All folders are at {world.settings.public_url}/csaf/")
        return _listing(f"/csaf/{path}", dict.fromkeys(_first(name) for name in below))

    return [Route("/.well-known/csaf/provider-metadata.json", provider), Route("/csaf/{path:path}", tree)]


def _first(name: str) -> str:
    """Return a file's name, or the folder in which it is."""
    folder, slash, _ = name.partition("/")
    return folder + slash


def _listing(path: str, names: Iterable[str]) -> Response:
    rows = "".join(f'<li><a href="{escape(name)}">{escape(name)}</a></li>\n' for name in names)
    return HTMLResponse(
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(path)}</title></head>\n<body>\n<h1>{escape(path)}</h1>\n<ul>\n{rows}</ul>\n</body>\n</html>\n"
    )
