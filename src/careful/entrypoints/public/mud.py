"""MUD files (RFC 8520): what a network shall let each product's devices do, signed, for networks and their owners.

`/mud/<product>.json` is what the declaration in force says; `/mud/<product>/<version>.json` is one approved version's
and never changes, for firmware that keeps to its own declaration. The signature beside it ends in `.p7s`.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import devices, products
from careful.entrypoints.public.machine import LONGEST, file_response
from careful.kernel.errors import NotFound
from careful.kernel.work import World

MUD_TYPE, SIGNATURE_TYPE = "application/mud+json", "application/pkcs7-signature"


class Profile(NamedTuple):
    """One MUD file and its signature's address."""

    content: bytes
    url: str
    signature: str


def profile(world: World, product: str, version: int | None) -> Profile:
    """Return a product's MUD file. Raises NotFound, the same for a draft as for what does not exist."""
    made = _made(world, product[:LONGEST], version)
    if made is None:
        raise NotFound(
            f"There is no network profile of {product[:LONGEST]!r}.",
            do=f"Products and their pages are at {world.settings.public_url}/",
        )
    return made


def _made(world: World, product: str, version: int | None) -> Profile | None:
    with suppress(NotFound):
        if products.get(world, product).page_published_at is not None:
            approved = [one for one in products.versions(world, product) if one.approved_at is not None]
            wanted = [one for one in approved if version in {None, one.version}]
            return _of_version(world, product, wanted[0], version) if wanted else None  # newest first
    return None


def _of_version(world: World, product: str, chosen: products.Version, version: int | None) -> Profile | None:
    site = world.settings.public_url
    declaration = products.parse(products.text_of(world, product, chosen.version))
    url = products.mud_url(site, product, version)
    signature = url.removesuffix(".json") + ".p7s"
    model = (declaration.product.models or ("",))[0]
    made = products.mud(
        declaration,
        world.clock.now().date(),
        url,
        updated=chosen.approved_at,
        signature=signature,
        maker=world.settings.maker_name,
        page=f"{site}/p/{quote(model)}" if model else site,
    )
    return None if made is None else Profile(json.dumps(made, indent=2).encode() + b"\n", url, signature)


def routes(world: World) -> list[Route]:
    """Return the routes of MUD files and their signatures."""

    @lru_cache(maxsize=256)
    def signed(content: bytes, day: str) -> bytes:  # noqa: ARG001 (anew each day: a certificate has an end)
        return devices.sign_file(world, content)

    def found(request: Request) -> Profile:
        return profile(world, request.path_params["product"], request.path_params.get("version"))

    def file(request: Request) -> Response:
        return file_response(request, found(request).content, MUD_TYPE)

    def signature(request: Request) -> Response:
        body = signed(found(request).content, world.clock.now().date().isoformat())
        return file_response(request, body, SIGNATURE_TYPE)

    answers: dict[str, Callable[[Request], Response]] = {"json": file, "p7s": signature}
    return [
        Route(f"/mud/{path}.{kind}", endpoint)
        for path in ("{product}", "{product}/{version:int}")
        for kind, endpoint in answers.items()
    ]
