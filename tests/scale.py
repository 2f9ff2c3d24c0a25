"""An installation at scale for tests and benchmarks: PostgreSQL, a JetStream cluster, processes to be killed."""

import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from nats_cluster import Cluster
from sqlalchemy import create_engine, text

from careful.assemble import open_world
from careful.customer_data import plain_fields
from careful.entrypoints.cli import supervise
from careful.kernel.jetstream import Link
from careful.kernel.settings import Settings
from careful.kernel.work import World


@contextmanager
def installation(postgres_url: str, nats: Cluster, home: Path) -> Iterator[World]:
    """Make an installation with a database of its own; what is left in the cluster goes with it."""
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    name = f"scale_{uuid.uuid4().hex[:8]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = open_world(
        Settings(
            data=home, database=urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}")), mqtt_port=port,
            gateways=2, **nats.settings,
        )
    )  # fmt: skip
    try:
        yield made
    finally:
        _empty(made.settings)
        made.database.close()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def _empty(settings: Settings) -> None:
    """Delete every stream: the next installation's workers would bring to rest what is still in them."""
    link = Link(settings, "tests")
    try:
        for one in link.call(link.stream.streams_info(), 15.0):
            link.call(link.stream.delete_stream(one.config.name), 15.0)
    finally:
        link.close()


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


def count(world: World) -> int:
    """Count the readings that are stored."""
    with world.database.transaction("read") as connection:
        query = text("SELECT count(*) FROM customer_data_reading WHERE topic = 'up/reading'")
        return int(connection.execute(query).scalar_one())
