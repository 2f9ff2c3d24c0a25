"""Messages a second through the whole device path: mutual TLS, permission, declared fields, on disk before the PUBACK.

The gateway runs in a process of its own on the embedded default (SQLite, synchronous=FULL); the load comes from another
process, open loop: every message has its due time, and its delay is counted from then, however late it was sent. After
each run, what was acknowledged is counted against what is in the inbox.
"""

import asyncio
import multiprocessing
import os
import resource
import ssl
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from typing import Any

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from table import method, repeat, row

from careful import devices, products
from careful.assemble import open_world
from careful.entrypoints.gateway.mqtt import server
from careful.entrypoints.gateway.mqtt.packets import Connect, Publish, write
from careful.kernel import inbox
from careful.kernel.actors import SYSTEM
from careful.kernel.settings import Settings
from careful.kernel.work import World

PORT = 18883
IN_FLIGHT = 64
PRODUCT = b"""\
schema: product/1
product: {id: bench, name: Bench, models: [B-1]}
data:
  - {id: reading, fields: [n, celsius, humidity, pad], personal: false}
"""
LADDER = ((20, 10_000), (100, 25_000), (100, 100_000))
SECONDS = 2
IDLE = 500
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Device(asyncio.Protocol):
    """One device: sends what is due, notes how long each acknowledgement took."""

    name: str
    due: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    sent: int = 0
    acked: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    transport: asyncio.Transport | None = None
    _half: bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce the device."""
        self.transport = transport
        transport.write(write(Connect(self.name)))

    def data_received(self, data: bytes) -> None:
        """Count the acknowledgements, and how late each came."""
        data = self._half + data
        if not self.ready.is_set():
            assert data[:4] == b"\x20\x02\x00\x00", data
            self.ready.set()
            data = data[4:]
        whole = len(data) // 4  # nothing but PUBACKs of four bytes comes now
        self._half = data[whole * 4 :]
        now = time.monotonic()
        self.delays += [now - at for at in self.due[self.acked : self.acked + whole]]
        self.acked += whole

    def send_due(self, now: float) -> None:
        """Send what is due by now, as far as the limit of what is in flight allows."""
        out = []
        while self.sent < len(self.due) and self.due[self.sent] <= now and self.sent - self.acked < IN_FLIGHT:
            self.sent += 1
            payload = b'{"n":%d,"celsius":20.5,"humidity":41,"pad":"%s"}' % (self.sent, b"x" * 150)
            out.append(write(Publish(f"d/{self.name}/up/reading", payload, 1, self.sent % 65535 + 1)))
        if out:
            self.transport.write(b"".join(out))


async def connect(folder: Path, names: Sequence[str]) -> list[Device]:
    """Connect devices, a few at a time."""
    trust, limit = folder / "authority/trust.pem", asyncio.Semaphore(32)

    async def one(name: str) -> Device:
        context = ssl.create_default_context(cafile=trust)
        context.load_cert_chain(folder / "bench" / name)
        async with limit:
            _, made = await asyncio.get_running_loop().create_connection(
                lambda: Device(name), "127.0.0.1", PORT, ssl=context, server_hostname="localhost"
            )
            await asyncio.wait_for(made.ready.wait(), 30)
        return made

    return await asyncio.gather(*map(one, names))


async def load(folder: Path, names: Sequence[str], rate: int, seconds: float) -> tuple[int, list[float], float]:
    """Offer `rate` messages a second for `seconds`; return acknowledged, delays and how long it took."""
    fleet = await connect(folder, names)
    begin, each = time.monotonic() + 0.1, len(names) / rate
    for place, one in enumerate(fleet):
        one.due = [begin + place / rate + n * each for n in range(int(seconds / each))]
    until = begin + 3 * seconds
    while any(one.acked < len(one.due) for one in fleet) and (now := time.monotonic()) < until:
        for one in fleet:
            one.send_due(now)
        await asyncio.sleep(0.001)
    took = time.monotonic() - begin
    delays = sorted(delay for one in fleet for delay in one.delays)
    for one in fleet:
        one.transport.close()
    return sum(one.acked for one in fleet), delays, took


def loading(folder: Path, names: Sequence[str], rate: int, seconds: float, answer: Any) -> None:  # noqa: ANN401 (a queue between processes has no public type)
    """Run `load` in a process of its own and answer with its numbers."""
    acked, delays, took = uvloop.run(load(folder, names, rate, seconds))
    at = [delays[int(len(delays) * part)] for part in (0.5, 0.99)] if delays else [0.0, 0.0]
    answer.put((acked, acked / took, at[0], at[1], resource.getrusage(resource.RUSAGE_SELF).ru_utime))


def idling(folder: Path, names: Sequence[str], answer: Any, go: Any) -> None:  # noqa: ANN401 (as above)
    """Connect and stay silent until told."""

    async def stay() -> None:
        await connect(folder, names)
        answer.put(len(names))
        await asyncio.to_thread(go.wait)

    uvloop.run(stay())


def make_fleet(world: World, count: int) -> list[str]:
    """Enrol `count` devices; each has its key and certificate in one file."""
    products.declare(world, SYSTEM, PRODUCT)
    products.approve(world, SYSTEM, "bench")
    (world.home / "bench").mkdir()
    names = [f"bench-{n:05d}" for n in range(count)]
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in names]
    for name, key in zip(names, keys, strict=True):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        token = devices.make_tokens(world, SYSTEM, "bench", [name], "rev-a")[0].token
        chain = devices.enrol(world, token, request.public_bytes(Encoding.DER), None, "bench")
        devices.identify(world, chain[0])
        pem = b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain[:2])
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (world.home / "bench" / name).write_bytes(pem + own)
    return names


def serving(folder: Path, ready: Any) -> None:  # noqa: ANN401 (as above)
    """Serve until told to stop."""
    world = open_world(Settings(data=folder, mqtt_port=PORT))
    uvloop.run(server.serve(world, ready.set))


def cpu_seconds(pid: int | None) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def memory(pid: int | None) -> int:
    """Return what a process holds for itself alone, in bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def messages(
    spawn: SpawnContext, gateway: SpawnProcess, home: Path, names: Sequence[str], rate: int
) -> tuple[float, float, float, float]:
    """Run one rung of the ladder; return its figures, and check acknowledged against stored."""
    answer, before, used = spawn.Queue(), inbox.count(home), cpu_seconds(gateway.pid)
    spawn.Process(target=loading, args=(home, names, rate, SECONDS, answer)).start()
    acked, throughput, p50, p99, _ = answer.get(timeout=120)
    used = cpu_seconds(gateway.pid) - used
    assert inbox.count(home) - before >= acked, "something acknowledged is not stored"
    return throughput, p50 * 1000, p99 * 1000, acked / used


def idle_memory(spawn: SpawnContext, gateway: SpawnProcess, home: Path, names: Sequence[str]) -> float:
    """Return the bytes that one idle connection costs the gateway."""
    answer, go, before = spawn.Queue(), spawn.Event(), memory(gateway.pid)
    crowd = spawn.Process(target=idling, args=(home, names, answer, go))
    crowd.start()
    answer.get(timeout=300)
    cost = (memory(gateway.pid) - before) / len(names)
    go.set()
    crowd.join(60)
    return cost


def main() -> None:
    """Measure throughput, delay and memory."""
    method(
        f"""Open loop: each message has its due time and its delay counts from then. 200-byte messages, QoS 1, TLS 1.3
        with P-256 client certificates, at most {IN_FLIGHT} in flight on a connection; {SECONDS} s a run. Gateway (one
        process) and load (another) share this machine's {os.cpu_count()} CPUs. After each run the acknowledged are
        counted against the stored. Idle memory: private bytes of the gateway process after {IDLE} devices connected,
        less those before. Above what the gateway can do, the offered load waits for it: the row says what it can do."""
    )
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "data"
        world = open_world(Settings(data=home, mqtt_port=PORT))
        names = make_fleet(world, IDLE)
        ready = spawn.Event()
        gateway = spawn.Process(target=serving, args=(home, ready))
        gateway.start()
        assert ready.wait(60)
        try:
            for connections, rate in LADDER:
                runs = repeat(lambda: messages(spawn, gateway, home, names[:connections], rate))  # noqa: B023 (run at once)
                print(f"{connections} connections, {rate:,}/s offered")
                targets = ("25,000/s", "", "< 50 ms", "")
                units = (("acknowledged", "msg/s"), ("delay p50", "ms"), ("delay p99", "ms"), ("a CPU-second", "msg"))
                for place, ((what, unit), target) in enumerate(zip(units, targets, strict=True)):
                    row(f"  {what}", [run[place] for run in runs], unit, target)
            row("memory of an idle connection", [idle_memory(spawn, gateway, home, names) / 1024], "KiB", "< 64 KiB")
        finally:
            gateway.terminate()
            gateway.join(30)
            world.database.close()


if __name__ == "__main__":
    main()
