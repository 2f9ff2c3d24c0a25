"""A real gateway in a thread, real devices with keys and certificates on disk, and a plain client that speaks packets."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from careful import devices, products
from careful.entrypoints.gateway.mqtt import server
from careful.entrypoints.gateway.mqtt.codec import Reader
from careful.entrypoints.gateway.mqtt.packets import Connect, Packet, Publish, Subscribe, Will, write
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.database import Database, metadata
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World

PRODUCT = b"""\
schema: product/1
product: {id: cam-1, name: Test Cam, models: [TC-1]}
data:
  - {id: climate, fields: [celsius, n], types: {celsius: number}, personal: false}
  - {id: place, fields: [position, tags], types: {position: object}, personal: true}
events:
  - {name: motion, fields: [zone], personal: true}
"""
WAIT = 20


@dataclass(frozen=True)
class Credentials:
    """A device's key and certificate on disk, and whom it trusts."""

    device: str
    key: Path
    certificate: Path
    trust: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.trust)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def mosquitto(self, port: int) -> list[str]:
        return [
            "-h", "localhost", "-p", str(port), "-i", self.device, "--cafile", str(self.trust), "--cert",
            str(self.certificate), "--key", str(self.key),
        ]  # fmt: skip


@dataclass
class Client:
    """Packets over TLS, one after the other."""

    socket: ssl.SSLSocket
    device: str = ""
    reader: Reader = field(default_factory=Reader)

    def send(self, *packets: Packet) -> None:
        self.socket.sendall(b"".join(write(one) for one in packets))

    def receive(self) -> Packet | None:
        """Return the next packet, or None when the server has closed the connection."""
        while (found := self.reader.next()) is None:
            try:
                data = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                return None
            if not data:
                return None
            self.reader.push(data)
        return found

    def ask(self, *packets: Packet) -> Packet | None:
        self.send(*packets)
        return self.receive()

    def say(self, topic: str, payload: bytes = b'{"celsius":1}', number: int = 1, *, dup: bool = False) -> Packet | None:
        return self.ask(Publish(topic, payload, 1, number, dup=dup))

    def hear(self, *patterns: str, qos: int = 1) -> Packet | None:
        return self.ask(Subscribe(9, tuple((one, qos) for one in patterns)))

    def close(self) -> None:
        """Vanish without a word."""
        self.socket.close()


@dataclass
class Running:
    """A gateway of `world` in a thread of its own, and its devices."""

    world: World
    folder: Path
    limits: server.Limits = field(default_factory=server.Limits)
    _loop: asyncio.AbstractEventLoop | None = None
    _task: "asyncio.Task[None] | None" = None
    _thread: threading.Thread | None = None
    failure: BaseException | None = None

    @property
    def port(self) -> int:
        return self.world.settings.mqtt_port

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready.set,))
        self._thread.start()
        assert ready.wait(WAIT), self.failure
        return self

    def _run(self, ready: Callable[[], None]) -> None:
        async def main() -> None:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            await server.serve(self.world, ready, limits=self.limits)

        try:
            uvloop.run(main())
        except asyncio.CancelledError:
            pass
        except BaseException as failure:  # noqa: BLE001 (a test shows it)
            self.failure = failure

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._task is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(WAIT)
            assert not self._thread.is_alive()
        assert self.failure is None

    def make(self, device: str) -> Credentials:
        """Make a device, enrol it and put its key and certificate on disk."""
        return make_device(self.world, device, self.folder)

    def connect(self, who: Credentials, *, client: str | None = None, clean: bool = True, will: Will | None = None,
                keep_alive: int = 60) -> Client:  # fmt: skip
        """Connect and send CONNECT; the answer is not read yet."""
        raw = socket.create_connection(("localhost", self.port), timeout=WAIT)
        made = Client(who.context().wrap_socket(raw, server_hostname="localhost"), who.device)
        made.send(Connect(who.device if client is None else client, clean, keep_alive, will))
        return made

    def join(self, who: Credentials, *, clean: bool = True, will: Will | None = None) -> Client:
        """Connect, and see that it is accepted."""
        made = self.connect(who, clean=clean, will=will)
        answer = made.receive()
        assert answer is not None
        assert answer.code == 0
        return made


def make_device(world: World, device: str, folder: Path, product: str = "cam-1") -> Credentials:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    token = devices.make_tokens(world, Actor("staff", "ann"), product, [device], "rev-a")[0].token
    chain = devices.enrol(world, token, request.public_bytes(Encoding.DER), None, "test")
    made = Credentials(
        device, folder / f"{device}.key", folder / f"{device}.crt", devices.authority_bundle_path(world)
    )
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    made.certificate.write_bytes(
        b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain[:2])
    )
    return made


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """SQLite alone: what the gateway asks of the database is tested on both where it lives, in devices and products."""
    made = Database("", tmp_path / "home")
    metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def clock() -> ManualClock:
    """Today: clients check the server's certificate against the machine's own clock."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def world(database: Database, clock: ManualClock, tmp_path: Path, staff: Actor) -> World:
    """An installation with one approved product."""
    home = tmp_path / "home"
    made = World(database, clock, Settings(data=home, mqtt_port=free_port()), Keys(home / "keys"), home)
    products.declare(made, staff, PRODUCT)
    products.approve(made, staff, "cam-1")
    return made


@pytest.fixture
def gateway(world: World, tmp_path: Path) -> Iterator[Running]:
    folder = tmp_path / "devices"
    folder.mkdir()
    with Running(world, folder) as running:
        yield running
