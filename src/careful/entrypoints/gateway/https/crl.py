"""What is no longer good: our revocation list (RFC 5280), at the address that each certificate names."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from careful import devices
from careful.kernel.work import World


def routes(world: World) -> list[Route]:
    """Return the route of the revocation list."""

    def crl(request: Request) -> Response:  # noqa: ARG001 (Starlette's signature)
        headers = {"Cache-Control": "public, max-age=60"}
        return Response(devices.crl(world), media_type="application/pkix-crl", headers=headers)

    return [Route("/crl", crl, methods=["GET"])]
