"""Update polls a second over mutual TLS: on kept connections, and with a fresh connection and handshake for each.

The device server runs in a process of its own on the embedded default (SQLite, synchronous=FULL), 5,000 devices in the
registry, an order waiting for every tenth. The load comes from another process on the same cores: each of its workers
sends the next poll when the last was answered, so the figure is what one server process can take, the generator's own
cost included. CPU-seconds are the server's alone.
"""

import asyncio
import datetime as dt
import itertools
import multiprocessing
import os
import resource
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import insert
from table import method, repeat, row

from careful import devices, products
from careful.assemble import open_world
from careful.devices import store as registry
from careful.entrypoints.gateway.https.app import server_config
from careful.entrypoints.web import serve_all
from careful.kernel.actors import SYSTEM
from careful.kernel.settings import Settings
from careful.kernel.work import World
from careful.updates import store as updates_store

PORT = 18444
FLEET = 5000
ACTIVE = 100
SECONDS = 3.0
FRESH_WORKERS = 16
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PRODUCT = b"schema: product/1\nproduct: {id: bench, name: Bench, models: [B-1]}\n"
Poll = Callable[[asyncio.StreamReader, asyncio.StreamWriter, str], Awaitable[None]]


def settings(folder: Path) -> Settings:
    """Return where the server runs."""
    return Settings(data=folder, device_port=PORT, poll_seconds=300)


def prepare(folder: Path) -> None:
    """Enrol the devices that poll, register the rest, and give every tenth an order."""
    world = open_world(settings(folder))
    products.declare(world, SYSTEM, PRODUCT)
    products.approve(world, SYSTEM, "bench")
    for number in range(ACTIVE):
        _enrol(world, folder, f"bench-{number}")
    now = dt.datetime.now(dt.UTC)
    rows = [
        {"id": f"bench-{number}", "product": "bench", "hardware": "rev-a", "state": "active", "made_at": now}
        for number in range(ACTIVE, FLEET)
    ]
    with world.change(SYSTEM) as work:
        work.connection.execute(insert(registry.device), rows)
        updates_store.turn_devices(
            work.connection,
            [
                {"device": f"bench-{number}", "action": number + 1 if number % 10 == 0 else None, "cancelling": False}
                for number in range(FLEET)
            ],
        )
    world.database.close()


def _enrol(world: World, folder: Path, name: str) -> None:
    token = devices.make_tokens(world, SYSTEM, "bench", [name], "rev-a")[0].token
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    chain = devices.enrol(world, token, csr.public_bytes(Encoding.DER), None, "bench")
    pem = b"".join(x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in chain[:2])
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.pem").write_bytes(pem + secret)


def serve(folder: Path) -> None:
    """Serve devices until the process is ended."""
    serve_all([server_config(open_world(settings(folder)))])


def client(folder: Path, name: str, trust: Path) -> ssl.SSLContext:
    """Return how the device `name` connects."""
    context = ssl.create_default_context(cafile=str(trust))
    context.load_cert_chain(folder / f"{name}.pem")
    return context


async def poll(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
    """Send one poll and read its whole answer."""
    path = f"/default/controller/v1/{name}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{PORT}\r\nAccept: application/json\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    assert b'"sleep":"00:05:00"' in body, body


async def kept(contexts: dict[str, ssl.SSLContext], seconds: float) -> list[float]:
    """Poll over one kept connection for each device; return how long each poll took."""
    taken: list[float] = []

    async def device(name: str) -> None:
        reader, writer = await asyncio.open_connection("localhost", PORT, ssl=contexts[name])
        await poll(reader, writer, name)
        ready.append(name)
        await begin.wait()
        while (now := time.perf_counter()) < until[0]:
            await poll(reader, writer, name)
            taken.append(time.perf_counter() - now)
        writer.close()

    begin, ready, until = asyncio.Event(), list[str](), [0.0]
    tasks = [asyncio.create_task(device(name)) for name in contexts]
    while len(ready) < len(tasks):  # noqa: ASYNC110 (once, before the clock runs)
        await asyncio.sleep(0.05)
    until[0] = time.perf_counter() + seconds
    begin.set()
    await asyncio.gather(*tasks)
    return taken


async def fresh(contexts: dict[str, ssl.SSLContext], seconds: float) -> list[float]:
    """Poll over a new connection, with a full handshake, each time."""
    taken: list[float] = []
    names = itertools.cycle(contexts)
    until = time.perf_counter() + seconds

    async def worker() -> None:
        while (now := time.perf_counter()) < until:
            name = next(names)
            reader, writer = await asyncio.open_connection("localhost", PORT, ssl=contexts[name])
            await poll(reader, writer, name)
            writer.close()
            taken.append(time.perf_counter() - now)

    await asyncio.gather(*(worker() for _ in range(FRESH_WORKERS)))
    return taken


def cpu_of(process: SpawnProcess) -> float:
    """Return the CPU-seconds of a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def load(folder: Path, server: SpawnProcess) -> None:
    """Measure and print."""
    world = open_world(settings(folder))
    trust = devices.authority_bundle_path(world)
    world.database.close()
    contexts = {f"bench-{n}": client(folder, f"bench-{n}", trust) for n in range(ACTIVE)}
    for what, measure, target in (
        ("polls/s, kept connections", kept, "3,000/s a core, stretch 6,000"),
        ("polls/s, a fresh mutual TLS connection each", fresh, "280/s, stretch 600"),
    ):
        slow: list[float] = []
        cpu: list[float] = []

        def once(measure: Callable[..., Awaitable[list[float]]] = measure, slow=slow, cpu=cpu) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001 (bound here, for this turn of the loop)
            before, began = cpu_of(server), time.perf_counter()
            taken = sorted(uvloop.run(measure(contexts, SECONDS)))
            slow.append(taken[int(len(taken) * 0.99)] * 1000)
            cpu.append(len(taken) / max(0.01, cpu_of(server) - before))
            return len(taken) / min(SECONDS, time.perf_counter() - began)

        rates = repeat(once)
        row(what, rates, "1/s", target)
        row("    a CPU-second of the server", cpu, "1/s")
        row("    p99", slow, "ms")


def wait_for_server() -> None:
    """Wait until the port answers."""
    import socket  # noqa: PLC0415 (for this function alone)

    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("localhost", PORT), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("the device server did not start")


def main() -> None:
    """Run the benchmark."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    method(f"{__doc__} {ACTIVE} kept connections; {FRESH_WORKERS} workers with fresh ones; {SECONDS:g} s a run.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(folder,))
        server.start()
        try:
            wait_for_server()
            load(folder, server)
        finally:
            server.terminate()
            server.join(20)


if __name__ == "__main__":
    main()
