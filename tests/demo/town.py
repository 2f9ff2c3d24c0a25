"""The real servers for devices, in this process, on free ports: HTTPS (EST, DDI, TUF) and MQTT, over one world."""

import asyncio
import contextlib
import socket
import threading
import time
from pathlib import Path

import uvicorn
import uvloop

from careful import devices, products, updates
from careful.demo.firmware import HARDWARE
from careful.demo.fleet import Making, Servers
from careful.entrypoints.gateway.https.app import server_config
from careful.entrypoints.gateway.mqtt.server import serve
from careful.kernel.actors import Actor
from careful.kernel.clock import SystemClock
from careful.kernel.database import Database, metadata
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World

STAFF = Actor("staff", "ann")
EXAMPLES = Path(__file__).parents[2] / "examples" / "products"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Town:
    """A maker with approved products and running servers."""

    def __init__(self, home: Path, names=("cam-1", "lock-1", "plug-1")) -> None:
        home.mkdir(mode=0o700)
        database = Database("", home)
        metadata.create_all(database.engine)
        settings = Settings(
            data=home, device_port=free_port(), mqtt_port=free_port(), poll_seconds=1, certificate_days=30
        )
        self.world = World(database, SystemClock(), settings, Keys(home / "keys"), home)
        for name in names:
            products.declare(self.world, STAFF, (EXAMPLES / name / "product.yaml").read_bytes())
            products.approve(self.world, Actor("staff", "bob"), name)
        self._https = uvicorn.Server(server_config(self.world))
        self._threads = [
            threading.Thread(target=self._https.run, daemon=True),
            threading.Thread(target=self._run_mqtt, daemon=True),
        ]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._open = threading.Event()
        for thread in self._threads:
            thread.start()
        assert self._open.wait(20)
        while not self._https.started:
            time.sleep(0.01)

    def close(self) -> None:
        self._https.should_exit = True
        self._loop.call_soon_threadsafe(self._serving.cancel)
        for thread in self._threads:
            thread.join(10)
        self.world.database.close()

    def servers(self) -> Servers:
        settings = self.world.settings
        return Servers(
            url=f"https://localhost:{settings.device_port}",
            mqtt_host="localhost",
            mqtt_port=settings.mqtt_port,
            authority=devices.authority_bundle_path(self.world).read_bytes(),
        )

    def making(self, product: str, count: int, first: int = 1) -> list[Making]:
        names = [f"{product}-{number:03}" for number in range(first, first + count)]
        root = updates.trusted_root(self.world, product)
        tokens = devices.make_tokens(self.world, STAFF, product, names, HARDWARE)
        return [
            Making(device=one.device, product=product, hardware=HARDWARE, token=one.token, root=root) for one in tokens
        ]

    def _run_mqtt(self) -> None:
        async def run() -> None:
            self._loop = asyncio.get_running_loop()
            self._serving = asyncio.create_task(serve(self.world, self._open.set))
            with contextlib.suppress(asyncio.CancelledError):
                await self._serving

        uvloop.run(run())


def until(done, seconds: float = 30.0):
    """Wait for something that other threads bring about."""
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)
    return found
