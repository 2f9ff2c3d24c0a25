"""The real device server in a thread, and real clients: openssl makes requests, curl sends them."""

import asyncio
import base64
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from careful import devices, products
from careful.entrypoints.gateway.https.app import server_config
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.work import World


@dataclass
class Running:
    """A server of one configuration; `port` is where it listens."""

    config: uvicorn.Config
    port: int = 0
    _server: uvicorn.Server = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        self.config.port = 0
        self._server = uvicorn.Server(self.config)
        ready = threading.Event()
        startup = self._server.startup

        async def announced(sockets: object = None) -> None:
            await startup()
            self.port = self._server.servers[0].sockets[0].getsockname()[1]
            ready.set()

        self._server.startup = announced  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert ready.wait(20)
        return self

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self.config.get_loop_factory()) as runner:
            runner.run(self._server.serve())

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def certificate(self) -> bytes:
        """Return the first certificate (DER) of a certs-only CMS in base64 without line breaks."""
        assert b"\n" not in self.body.strip()
        [first, *_] = pkcs7.load_der_pkcs7_certificates(base64.b64decode(self.body, validate=True))
        return first.public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Client:
    """curl and openssl in a folder of their own, knowing the server and whom to trust."""

    folder: Path
    port: int
    trust: Path

    def request(self, name: str, key: str = "device", *more: str) -> Path:
        """Make a key (once) and a PKCS#10 request in DER, by openssl; return the request's file."""
        key_file, csr = self.folder / f"{key}.key", self.folder / f"{key}.csr"
        if not key_file.exists():
            self._run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key_file))
        self._run(
            "openssl", "req", "-new", "-key", str(key_file), "-subj", f"/CN={name}", "-outform", "DER",
            "-out", str(csr), *more,
        )  # fmt: skip
        return csr

    def keep(self, certificate: bytes, name: str) -> Path:
        path = self.folder / f"{name}.crt"
        path.write_bytes(x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM))
        return path

    def get(self, path: str, *options: str) -> Answer:
        """Ask with curl; `options` are curl's own."""
        body, headers = self.folder / "body", self.folder / "headers"
        done = self._run(
            "curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--cacert", str(self.trust),
            "-o", str(body), "-D", str(headers), "-w", "%{http_code}", *options, f"https://localhost:{self.port}{path}",
        )  # fmt: skip
        return Answer(int(done), headers.read_text(), body.read_bytes())

    def post(self, path: str, body: bytes, *options: str) -> Answer:
        given = self.folder / "given"
        given.write_bytes(body)
        kind = () if any("ontent-Type" in one for one in options) else ("-H", "Content-Type: application/pkcs10")
        return self.get(path, *kind, "--data-binary", f"@{given}", *options)

    def enrol(self, name: str, token: str, key: str = "device") -> Answer:
        return self.post(
            "/.well-known/est/simpleenroll", base64.b64encode(self.request(name, key).read_bytes()), "-u", f":{token}"
        )

    def with_certificate(self, certificate: str = "device", key: str = "device") -> tuple[str, ...]:
        return ("--cert", str(self.folder / f"{certificate}.crt"), "--key", str(self.folder / f"{key}.key"))

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False, cwd=self.folder)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture
def clock() -> ManualClock:
    """Today: curl checks the server's certificate against the machine's own clock."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def world(world: World, staff: Actor) -> World:
    """An installation whose maker has declared a camera and a lock."""
    for product in ("cam-1", "lock-1"):
        text = f"schema: product/1\nproduct: {{id: {product}, name: Test, models: [{product}]}}\n"
        products.declare(world, staff, text.encode())
    return world


@pytest.fixture
def server(world: World) -> Iterator[Running]:
    with Running(server_config(world)) as running:
        yield running


@pytest.fixture
def client(server: Running, world: World, tmp_path: Path) -> Client:
    for tool in ("curl", "openssl"):
        if shutil.which(tool) is None:
            pytest.fail(f"{tool} is needed: apt-get install {tool}")
    folder = tmp_path / "client"
    folder.mkdir()
    return Client(folder, server.port, devices.authority_bundle_path(world))


@pytest.fixture
def token(world: World, staff: Actor) -> str:
    """A one-time token for the device cam-1-001."""
    return devices.make_tokens(world, staff, "cam-1", ["cam-1-001"], "rev-a")[0].token


@pytest.fixture
def serve() -> type[Running]:
    """What runs a server of one's own configuration: `with serve(config) as running`."""
    return Running


@pytest.fixture
def enrolled(client: Client, token: str) -> bytes:
    """The certificate (DER) of cam-1-001, kept by the client as `device`."""
    answer = client.enrol("cam-1-001", token)
    assert answer.status == 200, answer.text
    client.keep(answer.certificate(), "device")
    return answer.certificate()
