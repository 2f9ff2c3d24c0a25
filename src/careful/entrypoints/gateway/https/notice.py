"""Told in-band: a device, or the app beside it, asks whether it is all right and shows the answer to its owner.

    GET /v1/notice?model=HC-100&version=1.0.0     by label, for anybody
    GET /v1/notice                                with the device's certificate: its own model and version

The answer is the same truth that `/check` on the public site gives.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from careful import devices, notices
from careful.entrypoints.buckets import Buckets
from careful.entrypoints.gateway.https.identity import certificate_of, peer, source_of
from careful.kernel.errors import Invalid
from careful.kernel.work import World

_MODEL = 80
_VERSION = 64


def routes(world: World) -> list[Route]:
    """Return the route of the in-band answer."""
    buckets = Buckets(rate=20, burst=200)

    def notice(request: Request) -> Response:
        buckets.take(source_of(request))
        model, version = _asked(world, request)
        answer = notices.answer_for(world, model, version)
        said = {
            "state": answer.state,
            "says": answer.says,
            "do": answer.do,
            "model": answer.model,
            "version": answer.version,
            "newest": answer.newest,
            "support_until": answer.support_until.isoformat() if answer.support_until else None,
            "advisories": [f"{world.settings.public_url}/advisories/{one}" for one in answer.advisories],
        }
        return JSONResponse(said, headers={"Cache-Control": "no-store"})

    return [Route("/v1/notice", notice, methods=["GET"])]


def _asked(world: World, request: Request) -> tuple[str, str]:
    """Return model and version: as asked, else those of the device that asks."""
    model, version = (request.query_params.get(name, "") for name in ("model", "version"))
    if not model and not version and certificate_of(request) is not None:
        device = devices.get(world, peer(request).device)
        model, version = device.product, device.version or ""
    if not (0 < len(model) <= _MODEL and 0 < len(version) <= _VERSION):
        raise Invalid("Model and version are needed.", do="Ask as /v1/notice?model=HC-100&version=1.0.0.")
    return model, version
