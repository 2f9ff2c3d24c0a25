"""PostgreSQL, a cluster of three, two gateways and two workers: one of each is killed in mid-run, and nothing is lost.

`python -m benchmarks.device_path_scale` runs it for longer.
"""

import asyncio
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import nats_cluster
import pytest
import tough_fleet
from sqlalchemy import create_engine, text

from careful.assemble import open_world
from careful.customer_data import plain_fields
from careful.entrypoints.cli import supervise
from careful.kernel.settings import Settings
from careful.kernel.work import World

DEVICES, TOTAL, RATE = 8, 1200, 150.0
PATIENCE = 90


@pytest.fixture
def world(postgres_url: str, nats: nats_cluster.Cluster, tmp_path: Path) -> Iterator[World]:
    """An installation at scale, in a database of its own."""
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    name = f"scale_{uuid.uuid4().hex[:8]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = open_world(
        Settings(
            data=tmp_path / "data", database=urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}")),
            mqtt_port=port, gateways=2, **nats.settings,
        )
    )  # fmt: skip
    yield made
    made.database.close()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


class Processes:
    """The processes of an installation, each of which can be killed and started again."""

    def __init__(self, world: World) -> None:
        self._environment = supervise._environment(world.settings)
        self._log = (world.home / "log").open("wb")
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        for name in names:
            command = [sys.executable, "-m", "careful.assemble", name.partition("-")[0]]
            self.running[name] = subprocess.Popen(command, env=self._environment, stderr=self._log)

    def kill(self, name: str) -> None:
        self.running[name].send_signal(signal.SIGKILL)
        self.running.pop(name).wait()

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(30)


def stored(world: World) -> dict[str, list[int]]:
    """Return what each device said, in the order in which it is stored."""
    found: dict[str, list[int]] = {}
    with world.database.transaction("read") as connection:
        query = text("SELECT device, payload FROM customer_data_reading WHERE topic = 'up/reading' ORDER BY number")
        for device, payload in connection.execute(query):
            assert b"canary" not in bytes(payload)
            found.setdefault(device, []).append(plain_fields(bytes(payload))["n"])
    return found


@pytest.mark.walk
def test_one_of_each_is_killed_and_nothing_is_lost_doubled_or_out_of_order(world, nats):
    names = tough_fleet.make(world, DEVICES)
    processes = Processes(world)
    processes.start("gateway-1", "gateway-2", "worker-1", "worker-2")
    fleet = tough_fleet.fleet(world, names, TOTAL, RATE)

    async def disaster() -> None:
        await asyncio.sleep(2.0)
        for kill, start in (
            (lambda: processes.kill("gateway-1"), lambda: processes.start("gateway-1")),
            (lambda: processes.kill("worker-1"), lambda: processes.start("worker-1")),
            (lambda: nats.kill(0), lambda: nats.start(0)),
        ):
            kill()
            await asyncio.sleep(1.0)
            start()

    async def run() -> None:
        await asyncio.wait_for(asyncio.gather(disaster(), *(one.run() for one in fleet)), PATIENCE)

    try:
        asyncio.run(run())
        assert sum(one.lost for one in fleet) > 0
        assert [one.out_of_turn for one in fleet] == [[]] * DEVICES
        until = time.monotonic() + PATIENCE
        while sum(map(len, stored(world).values())) < DEVICES * TOTAL and time.monotonic() < until:
            time.sleep(0.2)
        assert tough_fleet.faults(stored(world) | {n: stored(world).get(n, []) for n in names}, TOTAL) == []
    finally:
        processes.stop()
        nats.wait()
