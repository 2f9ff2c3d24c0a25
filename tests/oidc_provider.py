"""An identity provider of its own process for tests: oidc-provider-mock over HTTP, made to insist on PKCE.

Run as a program it serves; imported it starts that program and plays the person who signs in there.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from careful.kernel.clock import SystemClock
from careful.kernel.settings import Settings
from careful.kernel.work import World


@dataclass(frozen=True)
class Company:
    """A running provider, with a client of its own for us."""

    issuer: str
    client: str
    secret: str

    def person(self, subject: str, **claims: Any) -> None:
        """Say who somebody is, from now on."""
        httpx.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def let_in(self, address: str, subject: str) -> dict[str, str]:
        """Sign somebody in at the address they were sent to; return what their browser brings back."""
        answer = httpx.post(address, data={"sub": subject})
        assert answer.is_redirect, answer.text
        return dict(httpx.URL(answer.headers["location"]).params)

    def world(self, world: World, **more: Any) -> World:
        """Return the world with this provider in its settings, on the provider's clock."""
        given = {
            "oidc_issuer": self.issuer,
            "oidc_client": self.client,
            "oidc_client_secret": self.secret,
            "oidc_roles": ("careful-admins=administrator", "firmware=firmware-engineer", "desk=support"),
        } | more
        port = {"console_port": int(world.settings.console_url.rpartition(":")[2])}
        return replace(world, settings=Settings(data=world.home, **port, **given), clock=SystemClock())


@contextlib.contextmanager
def running(back: str = "http://localhost:8080/sign-in/identity/back") -> Iterator[Company]:
    """Start the provider and register there."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"}
    process = subprocess.Popen([sys.executable, str(Path(__file__)), str(port)], env=environment)
    issuer = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
                break
            time.sleep(0.1)
        said = httpx.post(f"{issuer}/oauth2/clients", json={"redirect_uris": [back]}).raise_for_status().json()
        yield Company(issuer, said["client_id"], said["client_secret"])
    finally:
        process.terminate()
        process.wait(10)


def target_in(page: str) -> str:
    """Return where a page leads on to by itself."""
    found = re.search(r'content="0; url=([^"]*)"', page)
    assert found, page
    return found[1].replace("&amp;", "&")


def _serve(port: int) -> None:
    # Only the provider's own process knows these.
    from authlib.oauth2.rfc7636 import CodeChallenge  # noqa: PLC0415
    from oidc_provider_mock import _app, _storage  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415

    challenges: dict[str, tuple[str | None, str | None]] = {}

    class Insisting(CodeChallenge):
        def get_authorization_code_challenge(self, authorization_code: Any) -> str | None:
            return challenges[authorization_code.code][0]

        def get_authorization_code_challenge_method(self, authorization_code: Any) -> str | None:
            return challenges[authorization_code.code][1]

    class Grant(_app.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("none", "client_secret_basic")

        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            Insisting(required=True)(self)

        def save_authorization_code(self, code: str, request: Any) -> None:
            super().save_authorization_code(code, request)
            said = request.payload.data
            challenges[code] = (said.get("code_challenge"), said.get("code_challenge_method"))

    _app.AuthorizationCodeGrant = Grant
    _storage.AuthorizationCode.get_auth_time = lambda _: int(time.time())
    app = _app.app(require_client_registration=True, require_nonce=True)
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
