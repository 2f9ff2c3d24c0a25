"""The products' TUF repositories (TUF specification 1.0) as plain files, for anyone: genuineness is in the signatures.

/tuf/<product>/metadata/…    numbered files never change; timestamp.json is always asked for anew
/tuf/<product>/targets/…     hash-prefixed, in ranges
"""

import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import updates
from careful.entrypoints.gateway.https.artifacts import Delivery
from careful.kernel.errors import NotFound
from careful.kernel.work import World

_PRODUCT = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_METADATA = re.compile(r"timestamp\.json|[0-9]{1,10}\.(?:root|targets|releases(?:-[0-9a-f]{1,4})?|snapshot)\.json")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}")
_FILE = re.compile(r"([0-9a-f]{64})\.([0-9A-Za-z][0-9A-Za-z.+~_-]{0,127})")
_FOREVER = "public, max-age=31536000, immutable"


def routes(world: World) -> list[Route]:
    """Return the TUF routes."""
    files = Delivery(world)

    async def metadata(request: Request) -> Response:
        product, name = request.path_params["product"], request.path_params["name"]
        if not (_PRODUCT.fullmatch(product) and _METADATA.fullmatch(name)):
            raise NotFound("There is no such metadata.")
        path = updates.repository_dir(world, product) / "metadata" / name
        try:
            content = await run_in_threadpool(path.read_bytes)
        except OSError as missing:
            raise NotFound("There is no such metadata.") from missing
        cache = "no-cache" if name == "timestamp.json" else _FOREVER
        headers = {"cache-control": cache, "x-content-type-options": "nosniff"}
        return Response(content, media_type="application/json", headers=headers)

    async def target(request: Request) -> Any:  # noqa: ANN401 (a response, or what answers like one)
        product, version = request.path_params["product"], request.path_params["version"]
        found = _FILE.fullmatch(request.path_params["file"])
        if not (_PRODUCT.fullmatch(product) and _VERSION.fullmatch(version) and found):
            raise NotFound("There is no such target.")
        path = updates.repository_dir(world, product) / "targets" / version / found[0]
        if not await run_in_threadpool(path.is_file):
            raise NotFound("There is no such target.")
        return await files.answer(request, found[1], found[2], found[1], cache=_FOREVER)

    return [
        Route("/tuf/{product}/metadata/{name}", metadata, methods=["GET"]),
        Route("/tuf/{product}/targets/{version}/{file}", target, methods=["GET"]),
    ]
