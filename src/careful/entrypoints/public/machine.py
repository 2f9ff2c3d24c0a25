"""What machines read: CSAF and provider metadata (CSAF 2.0 section 7), Atom, security.txt (RFC 9116), `/v1/notice`."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from careful import notices, products
from careful.kernel.clock import iso
from careful.kernel.errors import Invalid
from careful.kernel.work import World

_VALID = timedelta(days=180)  # RFC 9116 section 2.5.5: less than a year ahead
_LONGEST = 80


def contacts(world: World) -> list[str]:
    """Return the security contacts that the declarations name, as URIs."""
    found = []
    for product in products.list_all(world):
        said = product.declaration.contact
        if said and said.security:
            named = str(said.security)
            found.append(named if ":" in named else f"mailto:{named}")
    return sorted(set(found))


def routes(world: World) -> list[Route]:
    """Return the routes for machines."""
    site = world.settings.public_url

    def csaf(request: Request) -> Response:
        return Response(notices.csaf(world, request.path_params["advisory"]), media_type="application/json")

    def atom(_request: Request) -> Response:
        return Response(notices.atom(world), media_type="application/atom+xml")

    def security_txt(_request: Request) -> Response:
        listed = contacts(world) or [f"{site}/report"]
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

    def provider(_request: Request) -> Response:
        published = [one.published_at for one in notices.advisories(world, published_only=True) if one.published_at]
        maker = world.settings.maker_name
        return JSONResponse(
            {
                "canonical_url": f"{site}/.well-known/csaf/provider-metadata.json",
                "last_updated": iso(max(published, default=world.clock.now())),
                "list_on_CSAF_aggregators": False,
                "metadata_version": "2.0",
                "mirror_on_CSAF_aggregators": False,
                "public_openpgp_keys": [],
                "publisher": {"category": "vendor", "name": maker, "namespace": site},
                "role": "csaf_publisher",
            }
        )

    def notice(request: Request) -> Response:
        model, version = request.query_params.get("model", ""), request.query_params.get("version", "")
        if not 0 < len(model) <= _LONGEST or not 0 < len(version) <= _LONGEST:
            raise Invalid("Name the model and the version.", do=f"{site}/v1/notice?model=…&version=…")
        found = notices.answer_for(world, model, version)
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
        Route("/.well-known/csaf/provider-metadata.json", provider),
        Route("/v1/notice", notice),
    ]
