"""What the benchmarks of the device path share: a declared product, its devices, gateways, open-loop load.

Part of `device_path.py`. Every message has its due time, and its delay is counted from then, however late it was sent.
"""

import asyncio
import logging
import multiprocessing
import os
import resource
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import structlog
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from careful import devices, products
from careful.assemble import open_world, run_gateway
from careful.entrypoints.gateway.mqtt.packets import Connect, write
from careful.kernel.actors import SYSTEM
from careful.kernel.settings import Settings
from careful.kernel.work import World


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


PORT = int(os.environ.setdefault("CAREFUL_BENCH_PORT", str(_free_port())))
"""A free port; by the environment, so that the processes started here agree on it."""
IN_FLIGHT = 20
"""What one device has unacknowledged at most."""
PRODUCT = b"""\
schema: product/1
product: {id: bench, name: Bench, models: [B-1]}
data:
  - id: reading
    fields: [n, celsius, humidity, pad]
    types: {n: integer, celsius: number, humidity: number, pad: text}
    personal: false
    details:
      celsius: {personal: true, min: -40, max: 85}
      humidity: {personal: true, min: 0, max: 100}
      pad: {max_length: 200}
"""
"""Two of the four fields are personal: checked by range, and sealed one by one."""
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
SPAWN = multiprocessing.get_context("spawn")
_PAD = b"x" * 140


def payload(number: int) -> bytes:
    """Return what a device says: about 200 bytes."""
    return b'{"n":%d,"celsius":20.5,"humidity":41,"pad":"%s"}' % (number, _PAD)


@dataclass
class Device(asyncio.Protocol):
    """One device: sends what is due, notes how long each acknowledgement took."""

    name: str
    due: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    sent: int = 0
    acked: int = 0
    first: int = 0
    lost: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    transport: asyncio.Transport | None = None
    _half: bytes = b""

    def __post_init__(self) -> None:
        """Write what is the same in every message once."""
        topic = f"d/{self.name}/up/reading".encode()
        self._topic = len(topic).to_bytes(2, "big") + topic

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce the device."""
        self.transport = transport
        transport.write(write(Connect(self.name)))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        """Note that the gateway is gone."""
        self.lost = True
        self.ready.set()

    def data_received(self, data: bytes) -> None:
        """Count the acknowledgements, and how late each came."""
        data = self._half + data
        if not self.ready.is_set():
            assert data[:4] == b"\x20\x02\x00\x00", data
            self.ready.set()
            data = data[4:]
        whole = len(data) // 4  # nothing but PUBACKs of four bytes comes now, in order
        self._half = data[whole * 4 :]
        now = time.monotonic()
        self.delays += [now - at for at in self.due[self.acked : self.acked + whole]]
        self.acked += whole

    def send_due(self, now: float) -> None:
        """Send what is due by now, as far as the limit of what is in flight allows."""
        out = []
        due, most = self.due, min(len(self.due), self.acked + IN_FLIGHT)
        while self.sent < most and due[self.sent] <= now:
            self.sent += 1
            number = self.first + self.sent
            said = payload(number)
            length = len(self._topic) + 2 + len(said)
            out += (bytes((0x32, length & 127 | 128, length >> 7)), self._topic,
                    ((number - 1) % 65535 + 1).to_bytes(2, "big"), said)  # fmt: skip
        if out and self.transport is not None:
            self.transport.write(b"".join(out))


async def connect(folder: Path, names: Sequence[str], port: int = PORT) -> list[Device]:
    """Connect devices, a few at a time."""
    trust, limit = folder / "authority/trust.pem", asyncio.Semaphore(32)

    async def one(name: str) -> Device:
        context = ssl.create_default_context(cafile=trust)
        context.load_cert_chain(folder / "bench" / name)
        async with limit:
            _, made = await asyncio.get_running_loop().create_connection(
                lambda: Device(name), "127.0.0.1", port, ssl=context, server_hostname="localhost"
            )
            await asyncio.wait_for(made.ready.wait(), 30)
        return made

    return await asyncio.gather(*map(one, names))


@dataclass(frozen=True)
class Load:
    """What one run of load saw: rates in messages a second, delays in seconds; when it began and ended."""

    acked: int
    offered: int
    rate: float
    p50: float
    p99: float
    each: dict[str, int]
    cpu: float
    began: float
    ended: float


async def offer(fleet: Sequence[Device], rate: int, seconds: float) -> Load:
    """Offer `rate` messages a second for `seconds` from connected devices, and wait for what is late."""
    begin, each = time.monotonic() + 0.1, len(fleet) / rate
    for place, one in enumerate(fleet):
        one.due = [begin + place / rate + n * each for n in range(int(seconds / each))]
    until = begin + 3 * seconds
    while any(one.acked < len(one.due) and not one.lost for one in fleet) and (now := time.monotonic()) < until:
        for one in fleet:
            one.send_due(now)
        await asyncio.sleep(0.001)
    ended = time.monotonic()
    delays = sorted(delay for one in fleet for delay in one.delays)
    at = [delays[int(len(delays) * part)] for part in (0.5, 0.99)] if delays else [0.0, 0.0]
    acked = sum(one.acked for one in fleet)
    offered = sum(len(one.due) for one in fleet)
    used = resource.getrusage(resource.RUSAGE_SELF)
    named = {one.name: one.acked for one in fleet}
    cpu = used.ru_utime + used.ru_stime
    return Load(acked, offered, acked / (ended - begin), at[0], at[1], named, cpu, begin, ended)


def loading(folder: Path, names: Sequence[str], rate: int, seconds: float, port: int, answer: Any) -> None:  # noqa: ANN401 (a queue between processes has no public type)
    """Connect and offer load, in a process of its own; answer with what it saw."""

    async def run() -> Load:
        fleet = await connect(folder, names, port)
        seen = await offer(fleet, rate, seconds)
        for one in fleet:
            if one.transport is not None:
                one.transport.close()
        return seen

    answer.put(uvloop.run(run()))


def load(folder: Path, names: Sequence[str], rate: int, seconds: float, port: int = PORT) -> Load:
    """Run `loading` and wait for its answer."""
    answer = SPAWN.Queue()
    SPAWN.Process(target=loading, args=(folder, names, rate, seconds, port, answer), daemon=True).start()
    found: Load = answer.get(timeout=60 + 4 * seconds)
    return found


def make_fleet(world: World, count: int) -> list[str]:
    """Enrol `count` devices of a product with personal fields; each has its key and certificate in one file."""
    products.declare(world, SYSTEM, PRODUCT)
    products.approve(world, SYSTEM, "bench")
    (world.home / "bench").mkdir()
    devices.authority_bundle_path(world)  # writes the file that devices trust
    names = [f"bench-{n:05d}" for n in range(count)]
    for name in names:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        token = devices.make_tokens(world, SYSTEM, "bench", [name], "rev-a")[0].token
        chain = devices.enrol(world, token, request.public_bytes(Encoding.DER), None, "bench")
        devices.identify(world, chain[0])
        pem = b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain[:2])
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (world.home / "bench" / name).write_bytes(pem + own)
    return names


def quiet() -> None:
    """Log warnings only: a benchmark prints its table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def serving(settings: dict[str, Any]) -> None:
    """Serve as `careful up` does, until told to stop."""
    quiet()
    run_gateway(open_world(Settings(**settings)))


@contextmanager
def gateway(serve: Callable[..., None] | None = None, **settings: Any) -> Iterator[BaseProcess]:  # noqa: ANN401 (settings of any type)
    """Run a gateway in a process of its own."""
    process = SPAWN.Process(target=serve or serving, args=({"mqtt_port": PORT, **settings},), daemon=True)
    process.start()
    try:
        wait_for(process, int(settings.get("mqtt_port", PORT)))
        yield process
    finally:
        process.terminate()
        process.join(30)


def wait_for(process: BaseProcess, port: int, seconds: float = 60) -> None:
    """Wait until a gateway listens on `port`."""
    listens(port, seconds, process.is_alive)


def listens(port: int, seconds: float = 60, alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until somebody listens on `port`, asking the kernel so that no connection is made."""
    wanted, until = f":{port:04X}", time.monotonic() + seconds
    while not any(
        line.split()[1].endswith(wanted) and line.split()[3] == "0A"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
    ):
        assert alive(), "the gateway has ended"
        assert time.monotonic() < until, "the gateway does not listen"
        time.sleep(0.05)


def cpu_seconds(pid: int | None) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def memory(pid: int | None) -> int:
    """Return what a process holds for itself alone, in bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))
