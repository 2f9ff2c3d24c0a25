"""What machines read: CSAF, Atom, security.txt (RFC 9116), `/v1/notice`.

Files carry an ETag, so that whoever asks every hour is mostly told that nothing changed (RFC 9110 section 13.1.2).
"""

import contextlib
import hashlib
import re
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from careful import notices, products
from careful.kernel.errors import Invalid, NotFound
from careful.kernel.work import World

LONGEST = 80
"""Characters of a model or version that we look at."""
_VALID = timedelta(days=180)  # RFC 9116 section 2.5.5: less than a year ahead
_NOTICE = re.compile(r"[A-Za-z0-9-]{1,40}")


def contacts(world: World) -> list[str]:
    """Return the security contacts that approved declarations name, as URIs."""
    found = []
    for product in products.list_all(world):
        said = product.declaration.contact
        if product.approved_at and said and said.security:
            found.append(said.security if ":" in said.security else f"mailto:{said.security}")
    return sorted(set(found))


def published(world: World, wanted: str) -> notices.Advisory:
    """Return a notice that is public. Raises NotFound, the same for a draft as for one that nobody wrote."""
    if _NOTICE.fullmatch(wanted):
        with contextlib.suppress(NotFound):
            one = notices.advisory(world, wanted)
            if one.published_at:
                return one
    raise NotFound(
        f"There is no notice called {wanted[:LONGEST]!r}.",
        do=f"All our notices are at {world.settings.public_url}/advisories",
    )


def routes(world: World) -> list[Route]:
    """Return the routes for machines."""
    site = world.settings.public_url

    def csaf(request: Request) -> Response:
        one = published(world, request.path_params["advisory"])
        return file_response(request, notices.csaf(world, one.id), "application/json")

    def atom(request: Request) -> Response:
        return file_response(request, notices.atom(world), "application/atom+xml")

    def security_txt(_request: Request) -> Response:
        listed = contacts(world)
        if not listed:
            # RFC 9116 section 2.5.3 demands a contact; one that leads nowhere would be worse than no file.
            raise NotFound("No security contact has been published yet.", do=f"See {site}/report")
        expires = world.clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + _VALID
        lines = [
            *(f"Contact: {one}" for one in listed),
            f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
            f"Canonical: {site}/.well-known/security.txt",
            f"Policy: {site}/report",
            f"CSAF: {site}/.well-known/csaf/provider-metadata.json",
            "Preferred-Languages: en",
        ]
        return PlainTextResponse("\n".join(lines) + "\n")

    def notice(request: Request) -> Response:
        model, version = request.query_params.get("model", ""), request.query_params.get("version", "")
        if not 0 < len(model) <= LONGEST or not 0 < len(version) <= LONGEST:
            raise Invalid(
                f"Name the model and the version, each in {LONGEST} characters at most.",
                do=f"Ask like this: {site}/v1/notice?model=…&version=…",
            )
        found = notices.answer_for(world, model, version, public=True)
        return JSONResponse(
            {
                "state": found.state,
                "says": found.says,
                "do": found.do,
                "model": found.model,
                "version": found.version,
                "newest": found.newest,
                "support_until": found.support_until.isoformat() if found.support_until else None,
                "advisories": [f"{site}/advisories/{one}" for one in found.advisories],
            }
        )

    return [
        Route("/advisories/{advisory}.json", csaf),
        Route("/advisories.atom", atom),
        Route("/.well-known/security.txt", security_txt),
        Route("/v1/notice", notice),
    ]


def file_response(request: Request, body: bytes, media_type: str) -> Response:
    """Return the file, or 304 to whoever has it."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    held = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if held & {tag, "*"}:
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, media_type=media_type, headers={"etag": tag})
