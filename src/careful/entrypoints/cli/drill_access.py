"""`careful drill access`: tries every device door with credentials that must not open it, and records the answers.

A device of its own is made for the drill: it enrols, is let in (else a refusal would prove nothing), is revoked, must
then be refused everywhere, and is retired at the end.
"""

import datetime as dt
import socket
import ssl
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

from careful import devices, products
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Refused, Unavailable
from careful.kernel.ids import new_id
from careful.kernel.work import World

REFUSED, LET_IN = "refused", "let in"
_SECONDS = 10
_CONNACK_BYTES = 4
_CUT_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate with its key, as files, or nothing."""

    certificate: Path | None = None
    key: Path | None = None


class Doors:
    """The device doors of one installation, as a stranger on the network meets them."""

    def __init__(self, world: World) -> None:
        self._settings = world.settings
        self._trust = str(devices.authority_bundle_path(world))

    def est(self, product: str, request: str, password: str | None) -> httpx.Response:
        """Ask to enrol over EST (RFC 7030 4.2), with the token as password or with nothing."""
        shown = {}
        if password is not None:
            shown["Authorization"] = f"Basic {b64encode(f'drill:{password}'.encode()).decode()}"
        try:
            with self._http(Credential()) as client:
                return client.post(
                    f"/.well-known/est/{product}/simpleenroll",
                    content=request,
                    headers={"Content-Type": "application/pkcs10", **shown},
                )
        except httpx.TransportError as failure:  # EST asks for no certificate, so this is no refusal
            raise Unavailable("The device port does not answer.", do="Run: careful up") from failure

    def ddi(self, device: str, credential: Credential) -> str:
        """Poll for orders as `device`."""
        return self._ask(credential, "GET", f"/default/controller/v1/{device}")

    def renew(self, request: str, credential: Credential) -> str:
        """Ask for a new certificate over EST (RFC 7030 4.2.2)."""
        return self._ask(credential, "POST", "/.well-known/est/simplereenroll", request)

    def mqtt(self, device: str, credential: Credential) -> str:
        """Connect as `device` over MQTT 3.1.1 and read what the gateway says."""
        name = device.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name
        address = (self._settings.host, self._settings.mqtt_port)
        try:
            with (
                socket.create_connection(address, timeout=_SECONDS) as raw,
                self.context(credential).wrap_socket(raw, server_hostname=self._settings.tls_names[0]) as wrapped,
            ):
                wrapped.sendall(bytes((0x10, len(body))) + body)
                answer = wrapped.recv(_CONNACK_BYTES)
        except (ConnectionRefusedError, TimeoutError) as failure:
            raise Unavailable("The gateway does not answer.", do="Run: careful up") from failure
        except (ssl.SSLError, ConnectionError):
            return REFUSED
        return LET_IN if answer[:1] == b"\x20" and answer[3:4] == b"\x00" else REFUSED

    def _ask(self, credential: Credential, verb: str, path: str, content: str | None = None) -> str:
        try:
            with self._http(credential) as client:
                answer = client.request(verb, path, content=content)
        except httpx.TransportError as failure:
            return self._handshake(failure)
        return LET_IN if answer.is_success else REFUSED

    @contextmanager
    def _http(self, credential: Credential) -> Iterator[httpx.Client]:
        base = f"https://{self._settings.tls_names[0]}:{self._settings.device_port}"
        with httpx.Client(base_url=base, verify=self.context(credential), timeout=_SECONDS, trust_env=False) as client:
            yield client

    def context(self, credential: Credential) -> ssl.SSLContext:
        """Return how to speak TLS with a credential, trusting the installation's own authority alone."""
        context = ssl.create_default_context(cafile=self._trust)
        if credential.certificate and credential.key:
            context.load_cert_chain(credential.certificate, credential.key)
        return context

    @staticmethod
    def _handshake(failure: httpx.TransportError) -> str:
        closed = isinstance(failure, httpx.ConnectError) and "refused" in str(failure).lower()
        if closed or isinstance(failure, httpx.TimeoutException):
            raise Unavailable("The device port does not answer.", do="Run: careful up") from failure
        return REFUSED


class Drill:
    """One drill: its own device, key and certificates in a folder that goes away."""

    def __init__(self, world: World, product: str, hardware: str, folder: Path) -> None:
        self._world = world
        self._product = product
        self._folder = folder
        self.device = f"drill-{new_id()}"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.doors = Doors(world)
        (made,) = devices.make_tokens(world, OPERATOR, product, [self.device], hardware)
        self._token = made.token

    def run(self) -> Iterator[tuple[str, str, str]]:
        """Yield (interface, credential, what happened) for every pair tried; retire the device in any case."""
        try:
            yield from self._try_all()
        finally:
            devices.retire(self._world, OPERATOR, self.device, "access drill ended")

    def _try_all(self) -> Iterator[tuple[str, str, str]]:
        request = self.request()
        for credential, password in (("none", None), ("wrong", "not-a-token")):
            answer = self.doors.est(self._product, request, password)
            yield "est", credential, LET_IN if answer.is_success else REFUSED
        good = self.enrol(request)
        replayed = self.doors.est(self._product, request, self._token)
        yield "est", "replayed", LET_IN if replayed.is_success else REFUSED
        if (self.doors.ddi(self.device, good), self.doors.mqtt(self.device, good)) != (LET_IN, LET_IN):
            raise Refused("Even a good certificate was refused, so a refusal proves nothing.", do="Run: careful doctor")
        devices.revoke(self._world, OPERATOR, self.device, "access drill")
        _await_refusal(lambda: self.doors.ddi(self.device, good))
        for credential, shown in (("none", Credential()), ("wrong", self.stranger()), ("revoked", good)):
            yield "ddi", credential, self.doors.ddi(self.device, shown)
            yield "mqtt", credential, self.doors.mqtt(self.device, shown)
        yield "est", "revoked", self.doors.renew(request, good)

    def request(self) -> str:
        """Return a certificate request for the drill's device."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.device)])
        signed = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._key, hashes.SHA256())
        return b64encode(signed.public_bytes(serialization.Encoding.DER)).decode()

    def enrol(self, request: str) -> Credential:
        """Enrol the drill's device. Raises Unavailable."""
        answer = self.doors.est(self._product, request, self._token)
        if not answer.is_success:
            raise Unavailable(f"The drill's own device could not enrol: {answer.text[:200]}", do="Run: careful doctor")
        chain = pkcs7.load_der_pkcs7_certificates(b64decode(answer.content))
        mine = next(one for one in chain if one.public_key() == self._key.public_key())
        return self._save("good", mine)

    def stranger(self) -> Credential:
        """Return a certificate with the right name that somebody else signed."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.device)])
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(days=1))
        return self._save("stranger", builder.sign(self._key, hashes.SHA256()))

    def _save(self, name: str, certificate: x509.Certificate) -> Credential:
        paths = Credential(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        if paths.certificate and paths.key:
            paths.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            paths.key.touch(mode=0o600)
            paths.key.write_bytes(
                self._key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
        return paths


def _await_refusal(knock: Callable[[], str]) -> None:
    """Knock until refused, three seconds at most: so long a revocation may take to reach every door."""
    until = time.monotonic() + _CUT_SECONDS
    while knock() == LET_IN and time.monotonic() < until:
        time.sleep(0.1)


@click.command("access")
@click.option("--product", default=None, help="For which product the drill's device is made (default: the first).")
@click.option("--hardware", default="rev-a", show_default=True, help="Its hardware revision.")
@json_option
@click.pass_context
def access(ctx: click.Context, product: str | None, hardware: str, as_json: bool) -> None:
    """Try every device door with no, a wrong, a used and a revoked credential; record what happened (A1)."""
    parts: Any = ctx.obj
    world: World = parts.world()
    known = [one.id for one in products.list_all(world) if one.approved_at]
    if not known:
        raise Refused("No product is approved yet, so no device can be made.", do="Run: careful product declare FILE")
    tried = []
    with tempfile.TemporaryDirectory() as folder:
        for interface, credential, got in Drill(world, product or known[0], hardware, Path(folder)).run():
            held = devices.record_probe(world, OPERATOR, interface, credential, REFUSED, got)
            tried.append({"interface": interface, "credential": credential, "got": got, "held": held})
            if not as_json:
                click.echo(f"  {'held  ' if held else 'FAILED'}  {interface:<5} {credential:<9} {got}")
    if as_json:
        say_json(tried)
    ctx.exit(0 if all(one["held"] for one in tried) else 1)
