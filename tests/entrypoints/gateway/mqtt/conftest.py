"""A real gateway in a thread, real devices with keys and certificates on disk, a plain client that speaks packets."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

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
from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL,
    ConnAck,
    Connect,
    Packet,
    Properties,
    Publish,
    Subscribe,
    Will,
    write,
)
from careful.entrypoints.gateway.mqtt.packets5 import write5
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
    reader: Reader = field(default_factory=Reader)

    def send(self, *packets: Packet) -> None:
        written = write if self.reader.level == LEVEL else write5
        self.socket.sendall(b"".join(written(one) for one in packets))

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

    def say(
        self, topic: str, payload: bytes = b'{"celsius":1}', number: int = 1, *, dup: bool = False
    ) -> Packet | None:
        return self.ask(Publish(topic, payload, 1, number, dup=dup))

    def hear(self, *patterns: str, qos: int = 1) -> Packet | None:
        return self.ask(Subscribe(9, tuple((one, qos) for one in patterns)))

    def close(self) -> None:
        """Vanish without a word."""
        self.socket.close()


@dataclass
class Fleet:
    """Makes devices of `world`, and connects them to whatever gateway serves it."""

    world: World
    folder: Path

    @property
    def port(self) -> int:
        return self.world.settings.mqtt_port

    def make(self, device: str) -> Credentials:
        """Make a device, enrol it and put its key and certificate on disk."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        token = devices.make_tokens(self.world, Actor("staff", "ann"), "cam-1", [device], "rev-a")[0].token
        chain = devices.enrol(self.world, token, request.public_bytes(Encoding.DER), None, "test")
        trust = devices.authority_bundle_path(self.world)
        made = Credentials(device, self.folder / f"{device}.key", self.folder / f"{device}.crt", trust)
        made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        made.certificate.write_bytes(
            b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain[:2])
        )
        return made

    def connect(
        self,
        who: Credentials,
        *,
        client: str | None = None,
        clean: bool = True,
        will: Will | None = None,
        keep_alive: int = 60,
        context: ssl.SSLContext | None = None,
        level: int = LEVEL,
        asked: Properties = None,
        password: bytes = b"",
    ) -> Client:
        """Connect and send CONNECT; the answer is not read yet. `asked` are properties of MQTT 5."""
        raw = socket.create_connection(("localhost", self.port), timeout=WAIT)
        made = Client((context or who.context()).wrap_socket(raw, server_hostname="localhost"), Reader(level))
        named = who.device if client is None else client
        made.send(Connect(named, clean, keep_alive, will, level, asked, password))
        return made

    def join(self, who: Credentials, **given: Any) -> Client:
        """Connect, and see that it is accepted."""
        made = self.connect(who, **given)
        answer = made.receive()
        assert isinstance(answer, ConnAck)
        assert answer.code == 0
        return made


@dataclass
class Running(Fleet):
    """A gateway of `world` in a thread of its own, and its devices."""

    limits: server.Limits = field(default_factory=server.Limits)
    run: Callable[..., None] = uvloop.run
    failure: BaseException | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _task: "asyncio.Task[None] | None" = None
    _thread: threading.Thread | None = None

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
            self.run(main())
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
def fleet(world: World, tmp_path: Path) -> Fleet:
    folder = tmp_path / "devices"
    folder.mkdir()
    return Fleet(world, folder)


@pytest.fixture
def running(fleet: Fleet) -> Callable[..., Running]:
    """Make a gateway, to be entered with `with`, under the limits that are given."""
    return lambda **limits: Running(fleet.world, fleet.folder, server.Limits(**limits))


@pytest.fixture
def gateway(running: Callable[..., Running]) -> Iterator[Running]:
    with running() as started:
        yield started
