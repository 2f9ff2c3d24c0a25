"""A real OpenID issuer for CI jobs: discovery and keys over HTTPS under a CA of its own, and GitHub's way to ask."""

import ipaddress
import itertools
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

_RSA = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
REQUEST_TOKEN = "asked-by-the-runner"


class Issuer:
    """Vouches for jobs; `answers[path]` replaces what it serves, `asked` are the paths that were asked for."""

    def __init__(self, folder: Path) -> None:
        self.keys: dict[str, Key] = {"one": _RSA}
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self._numbers = itertools.count(1)
        self.ca = folder / "issuer-ca.pem"
        certificate, key = _certificate()
        self.ca.write_bytes(certificate)
        pair = folder / "issuer.pem"
        pair.write_bytes(certificate + key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"issuer": self}))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add_key(self, name: str, **more: Any) -> None:
        self.keys[name] = ECKey.generate_key("P-256", {"kid": name, "use": "sig", **more})

    def says(self, now: datetime, audience: str, *, kid: str = "one", alg: str = "RS256", **claims: Any) -> str:
        """Return what it says of a job; a claim given as None is left out."""
        said = {
            "iss": self.url,
            "aud": audience,
            "sub": "repo:acme/camera:ref:refs/heads/main",
            "jti": f"job-{next(self._numbers)}",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": alg, "kid": kid}, said, self.keys[kid], algorithms=[alg])

    def answer(self, path: str, query: dict[str, list[str]], authorization: str) -> tuple[int, bytes]:
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys"}).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": [key.as_dict(private=False) for key in self.keys.values()]}).encode()
        if path == "/job" and authorization == f"Bearer {REQUEST_TOKEN}" and query.get("api-version") == ["2.0"]:
            return 200, json.dumps({"value": self.says(datetime.now(UTC), query["audience"][0])}).encode()
        return 404, b"{}"


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.issuer.asked.append(address.path)
        given = self.headers.get("Authorization", "")
        status, body = self.issuer.answer(address.path, parse_qs(address.query), given)
        self.send_response(status)
        if status in {301, 302}:
            self.send_header("Location", body.decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _certificate() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an issuer of tests")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return certificate.public_bytes(serialization.Encoding.PEM), written
