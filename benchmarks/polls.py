"""Update polls a second over mutual TLS: on kept connections, and with a fresh connection and handshake for each.

Device servers run in processes of their own on the embedded default (SQLite, synchronous=FULL), 5,000 devices in the
registry, an order waiting for every tenth: one process, then two that share a port. Beside them, in the same run and
under the same load, goosebit from PyPI (see polls_goosebit.py for what it is spared). The load comes from another
process on the same cores: each of its workers sends the next poll when the last was answered, so the figure is what a
server can take with the generator's own cost beside it; on two cores, two processes and the generator share them.
CPU-seconds are the servers' alone. Servers take turns in each of the runs.
"""

import asyncio
import datetime as dt
import multiprocessing
import os
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polls_goosebit
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from polls_load import FRESH_WORKERS, Measure, Target, client, fresh, kept
from sqlalchemy import insert
from table import RUNS, method, row

from careful import devices, products
from careful.assemble import open_world
from careful.devices import store as registry
from careful.entrypoints.gateway.https.app import server_config
from careful.entrypoints.web import serve_all
from careful.kernel.actors import SYSTEM
from careful.kernel.settings import Settings
from careful.kernel.work import World
from careful.updates import store as updates_store

PORTS = {1: 18444, 2: 18445}
FLEET = 5000
ACTIVE = 100
SECONDS = 3.0
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PRODUCT = b"schema: product/1\nproduct: {id: bench, name: Bench, models: [B-1]}\n"


def settings(folder: Path, processes: int = 1) -> Settings:
    """Return where a server with so many processes runs."""
    return Settings(data=folder, device_port=PORTS[processes], poll_seconds=300, device_processes=processes)


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


def serve(folder: Path, processes: int) -> None:
    """Serve devices until the process is ended: one of so many."""
    world = open_world(settings(folder, processes))
    serve_all([server_config(world)], world)


@dataclass
class Server:
    """A server under load, and what was measured of it."""

    name: str
    target: Target
    pids: Sequence[int]
    rates: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    slow: dict[str, list[float]] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """Return the CPU-seconds of its processes so far."""
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.pids]
        return sum(int(one[11]) + int(one[12]) for one in stats) / CLOCK_TICKS

    def measure(self, what: str, load: Measure, contexts: dict[str, ssl.SSLContext]) -> None:
        """Put it under load once."""
        before, began = self.cpu_seconds(), time.perf_counter()
        taken = sorted(uvloop.run(load(self.target, contexts, SECONDS)))  # type: ignore[arg-type]  # an async function's
        rate = len(taken) / min(SECONDS, time.perf_counter() - began)
        self.rates.setdefault(what, []).append(rate)
        self.cpu.setdefault(what, []).append(len(taken) / max(0.01, self.cpu_seconds() - before))
        self.slow.setdefault(what, []).append(taken[int(len(taken) * 0.99)] * 1000)


TARGETS = {"kept connections": "3,000/s a core, stretch 6,000", "fresh connections": "280/s, stretch 600"}


def load(servers: Sequence[Server], contexts: dict[str, ssl.SSLContext]) -> None:
    """Measure and print."""
    for _ in range(RUNS):
        for one in servers:
            for what, how in zip(TARGETS, (kept, fresh), strict=True):
                one.measure(what, how, contexts)
    for what, wanted in TARGETS.items():
        for one in servers:
            row(f"polls/s, {what}: {one.name}", one.rates[what], "1/s", wanted if one is servers[0] else "")
            row("    a CPU-second of the server", one.cpu[what], "1/s")
            row("    p99", one.slow[what], "ms")
            if one is not servers[0]:
                ratios = [a / b for a, b in zip(servers[0].rates[what], one.rates[what], strict=True)]
                row(f"    as many as that: {servers[0].name}", ratios, "times")


def wait_for(port: int) -> None:
    """Wait until the port answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("localhost", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"nothing answers at port {port}")


def started(folder: Path, processes: int) -> Server:
    """Start one of our servers."""
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=serve, args=(folder, processes), daemon=True) for _ in range(processes)]
    for one in running:
        one.start()
    wait_for(PORTS[processes])
    time.sleep(2 * (processes - 1))  # the others open the same port; it cannot be seen from outside when
    name = f"{processes} process{'es' if processes > 1 else ''}"
    return Server(name, Target(PORTS[processes], "/default/controller/v1"), [one.pid or 0 for one in running])


def main() -> None:
    """Run the benchmark."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    method(f"{__doc__} {ACTIVE} kept connections; {FRESH_WORKERS} workers with fresh ones; {SECONDS:g} s a run.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        world = open_world(settings(folder))
        key, chain = devices.issue_server_certificate(world)
        trust = devices.authority_bundle_path(world)
        world.database.close()
        contexts = {f"bench-{n}": client(folder, f"bench-{n}", trust) for n in range(ACTIVE)}
        servers = [started(folder, processes) for processes in PORTS]
        python = polls_goosebit.install(folder / "goosebit-environment")
        beside: subprocess.Popen[bytes] | None = None
        try:
            if isinstance(python, Path):
                beside = polls_goosebit.start(python, folder, key, chain, trust)
                wait_for(polls_goosebit.PORT)
                asyncio.run(polls_goosebit.introduce(contexts))
                servers.append(Server(polls_goosebit.PACKAGE, polls_goosebit.TARGET, [beside.pid]))
            else:
                print(f"Without goosebit: {python}")
            load(servers, contexts)
        finally:
            if beside is not None:
                beside.terminate()
                beside.wait(20)


if __name__ == "__main__":
    main()
