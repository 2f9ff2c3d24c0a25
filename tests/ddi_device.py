"""A device that speaks DDI to the real application; its certificate is put where TLS would put it."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager

from makers import Maker
from starlette.applications import Starlette
from starlette.testclient import TestClient

from careful.entrypoints.gateway.https import ddi, tuf
from careful.entrypoints.gateway.https.errors import http_error, refusal
from careful.entrypoints.gateway.https.limits import BodyLimit
from careful.kernel.errors import CarefulError
from careful.kernel.work import World


class Presented:
    """Puts the certificate named in a header of the test into the scope, as TLS does."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            shown = dict(scope["headers"]).get(b"test-certificate")
            der = base64.b64decode(shown) if shown else None
            scope["extensions"] = {"tls": {"client_cert_der": der}}
        await self.app(scope, receive, send)


class Device:
    """One device with its certificate (or whatever headers it is given)."""

    def __init__(self, client, name, **headers):
        self.client, self.name, self.headers = client, name, headers
        self.base = f"/default/controller/v1/{name}"

    def __getattr__(self, verb):
        def send(path="", **more):
            headers = {**self.headers, **more.pop("headers", {})}
            path = path.removeprefix("https://testserver")
            url = path if path.startswith(("/default/", "/DEFAULT/")) else self.base + path
            return getattr(self.client, verb)(url, headers=headers, **more)

        return send

    def link(self, name):
        return self.get().json()["_links"][name]["href"]

    def order(self):
        return self.get(self.link("deploymentBase")).json()

    def tell(self, action, execution="closed", finished="success", details=(), kind="deploymentBase", **more):
        status = {"execution": execution, "result": {"finished": finished}, "details": list(details)}
        return self.post(f"/{kind}/{action}/feedback", json={"status": status, **more})


@contextmanager
def http(world: World, *, fresh: float = 0.0) -> Iterator[TestClient]:
    """Serve DDI and TUF in this process."""
    app = Starlette(
        routes=[*ddi.routes(world, fresh=fresh), *tuf.routes(world)],
        exception_handlers={CarefulError: refusal, 404: http_error},
    )
    app.add_middleware(BodyLimit)
    app.add_middleware(Presented)
    app.state.world = world
    with TestClient(app, base_url="https://testserver") as client:
        yield client


def certified(client: TestClient, maker: Maker, name: str) -> Device:
    """Return a device of the maker with its certificate."""
    return Device(client, name, **{"test-certificate": base64.b64encode(maker.certificates[name]).decode()})
