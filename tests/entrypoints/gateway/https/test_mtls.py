"""The verified certificate reaches the application, and nothing else can put one there."""

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from careful import devices
from careful.devices import certificates
from careful.entrypoints import heads
from careful.entrypoints.gateway.https.app import server_config
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.work import World


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what the scope says of TLS, and the path."""
    if scope["type"] != "http":
        return
    tls = scope["extensions"]["tls"]
    der = tls["client_cert_der"]
    said = {"certificate": der.hex() if der else None, "version": tls["tls_version"], "path": scope["path"]}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})


@pytest.fixture(params=["uvloop", "asyncio"])
def port(request: pytest.FixtureRequest, world: World, serve: Any) -> Iterator[int]:
    """Where a server listens that says what it sees, on either event loop."""
    config = server_config(world)
    config.loop = request.param
    config.app = echo
    config.lifespan = "off"
    with serve(config) as running:
        yield running.port


@pytest.fixture
def seen(client: Any, port: int) -> Any:
    """Ask that server with curl; return what it saw."""
    asking = type(client)(client.folder, port, client.trust)
    return lambda *options: json.loads(asking.get("/x", *options).body)


# What TLS does is the same on either database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def context_of(client: Any, *, certificate: bool = True) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=client.trust)
    if certificate:
        context.load_cert_chain(client.folder / "device.crt", client.folder / "device.key")
    return context


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_certificate_arrives(client: Any, enrolled: bytes, seen: Any, version: str) -> None:
    """If this fails after an update of Uvicorn, no device can be recognised: do not ship."""
    said = seen(*client.with_certificate(), f"--tlsv{version}", "--tls-max", version)
    assert said["certificate"] == enrolled.hex()
    assert said["version"] == f"TLSv{version}"


@pytest.mark.parametrize(
    "header",
    ["X-Client-Cert", "X-SSL-Cert", "X-Forwarded-Client-Cert", "SSL_CLIENT_CERT", "Client-Cert", "client_cert_der"],
)
def test_no_header_stands_in_for_a_certificate(enrolled: bytes, seen: Any, header: str) -> None:
    pem = x509.load_der_x509_certificate(enrolled).public_bytes(Encoding.PEM).decode().replace("\n", "%0A")
    assert seen("-H", f"{header}: {pem}")["certificate"] is None


def test_no_header_takes_the_place_of_the_certificate_that_was_shown(client: Any, enrolled: bytes, seen: Any) -> None:
    said = seen(*client.with_certificate(), "-H", "X-Client-Cert: other", "-H", "X-Forwarded-For: 203.0.113.9")
    assert said["certificate"] == enrolled.hex()


def test_every_request_of_a_connection_and_of_a_resumed_one_has_it(client: Any, enrolled: bytes, port: int) -> None:
    context = context_of(client)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # whose session is complete after the handshake
    first = http.client.HTTPSConnection("localhost", port, context=context, timeout=20)
    for _ in range(3):
        first.request("GET", "/x")
        assert json.load(first.getresponse())["certificate"] == enrolled.hex()
    session = first.sock.session
    first.close()
    with (
        socket.create_connection(("localhost", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=session) as resumed,
    ):
        assert resumed.session_reused
        resumed.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: resumed.recv(65536), b""))
    assert enrolled.hex().encode() in answer


def test_no_session_is_offered_in_tls_1_3(client: Any, enrolled: bytes, port: int) -> None:
    """Tickets cost much of a handshake to make, and devices do not come back with them."""
    with (
        socket.create_connection(("localhost", port), timeout=20) as plain,
        context_of(client).wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: secured.recv(65536), b""))
        assert secured.version() == "TLSv1.3"
        assert enrolled.hex().encode() in answer
        assert secured.session is None or not secured.session.has_ticket


def test_pipelined_requests_each_have_it(client: Any, enrolled: bytes, port: int) -> None:
    request = b"GET /%d HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    with (
        socket.create_connection(("localhost", port), timeout=20) as plain,
        context_of(client).wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(request % (1, b"") + request % (2, b"Connection: close\r\n"))
        answer = b"".join(iter(lambda: secured.recv(65536), b""))
    assert answer.count(enrolled.hex().encode()) == 2


def test_a_certificate_of_another_authority_ends_the_handshake(client: Any, port: int, tmp_path: Path) -> None:
    now, life = datetime.now(UTC), timedelta(days=1)
    key = ec.generate_private_key(ec.SECP256R1())
    foreign = certificates.Issuer(certificates.build_root(key, "foreign", now, life), key, "https://x/crl")
    asked = certificates.read_request(client.request("cam-1-001").read_bytes())
    client.keep(certificates.to_der(certificates.build_device(asked, foreign, now, life)), "device")
    done = subprocess.run(
        [
            "curl",
            "-sS",
            "--tls-max",
            "1.2",  # in TLS 1.3 the client hears of it only after it has sent its request
            "--noproxy",
            "*",
            "--cacert",
            str(client.trust),
            *client.with_certificate(),
            f"https://localhost:{port}/",
        ],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (35, b"")  # curl's word for a handshake that failed


def test_an_expired_certificate_passes_tls_so_that_it_can_be_renewed(
    client: Any, seen: Any, world: World, clock: ManualClock, staff: Actor
) -> None:
    clock.advance(timedelta(days=-100))
    fresh = devices.make_tokens(world, staff, "cam-1", ["cam-1-002"], "rev-a")[0].token
    [old] = devices.enrol(world, fresh, client.request("cam-1-002").read_bytes(), None, "test")
    clock.advance(timedelta(days=100))
    client.keep(old, "device")
    assert seen(*client.with_certificate())["certificate"] == old.hex()


@pytest.mark.parametrize(
    "offer",
    [
        pytest.param(["-tls1_1"], id="TLS 1.1"),
        pytest.param(["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], id="CBC"),
        pytest.param(["-tls1_2", "-cipher", "AES128-GCM-SHA256"], id="no forward secrecy"),
        pytest.param(["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM8"], id="short tag"),
    ],
)
def test_weak_tls_is_refused(port: int, offer: list[str]) -> None:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"localhost:{port}", *offer],
        input=b"",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0


def test_headers_without_end_are_cut(client: Any, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "FIRST_REQUEST_SECONDS", 3600)  # so that size alone ends it
    with (
        socket.create_connection(("localhost", port), timeout=20) as plain,
        context_of(client, certificate=False).wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\nX: ")
        with pytest.raises(OSError, match="EOF|reset|Broken|closed"):
            for _ in range(100):
                secured.sendall(b"x" * 16_384)
            assert secured.recv(1) == b""
            raise ConnectionResetError("closed in good order")


def test_long_bodies_are_no_long_headers(client: Any, port: int) -> None:
    request = b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n%s\r\n" + b"x" * 50_000
    with (
        socket.create_connection(("localhost", port), timeout=20) as plain,
        context_of(client, certificate=False).wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(request % b"")
        assert b"200 OK" in secured.recv(65536)
        secured.sendall(request % b"Connection: close\r\n")
        assert b"200 OK" in b"".join(iter(lambda: secured.recv(65536), b""))


def test_who_does_not_say_what_it_wants_is_put_out(client: Any, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "FIRST_REQUEST_SECONDS", 0.2)
    with (
        socket.create_connection(("localhost", port), timeout=20) as plain,
        context_of(client, certificate=False).wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"GET /x HTTP/1.1\r\nHost: loc")
        assert secured.recv(1) == b""
