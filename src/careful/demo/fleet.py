"""The demo's fleet: fifty real agents in one process, each with its own key, certificate, directory and connections.

    DIR/<device>/        the directory of one agent (config.toml, identity.pem, slots, ...) and its behaviour.json
    DIR/.images/         images unpacked once, shared by hard links
    DIR/control.json     read twice a second: {"stop": true}, {"poll": N} (another N: everyone polls now),
                         {"behaviours": {"cam-1-007": {"name": "silent", "version": "1.0.1"}}}
    DIR/status.json      written every two seconds: what each device runs, whether it is connected, how it behaves

One thread decides whose turn it is, a few do the turns, one moves the bytes of all MQTT connections. All state is in
the directories, so a fleet that was killed goes on where it was.
"""

import argparse
import fcntl
import functools
import heapq
import logging
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from careful.demo.simulated import SharedImages, Simulated
from careful.kernel.lifeline import end_with_parent
from careful_device import files
from careful_device.errors import AgentError
from careful_device.hub import Hub
from careful_device.seen import Nudged

WORKERS = 4
EVERY_SECONDS = 5.0
_CONTROL_SECONDS = 0.5
_STATUS_SECONDS = 2.0
_AFTER_FAULT = 5.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where the maker's servers are, as a device is told when it is made. `url` is https://host:port."""

    url: str
    mqtt_host: str
    mqtt_port: int
    authority: bytes


@dataclass(frozen=True, kw_only=True)
class Making:
    """One device to be made: its name, what it is, its one-time token, and the TUF root it is to trust."""

    device: str
    product: str
    hardware: str
    token: str
    root: bytes


def make(folder: Path, servers: Servers, devices: Sequence[Making]) -> None:
    """Make the directories of devices, as a factory does. Those that are there already are left as they are."""
    for one in devices:
        home = folder / one.device
        if (home / "config.toml").exists():
            continue
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(home / "ca.pem", servers.authority)
        files.write(home / "root.json", one.root)
        settings = {
            "device": one.device,
            "product": one.product,
            "hardware": one.hardware,
            "token": one.token,
            "est_url": f"{servers.url}/.well-known/est/{one.product}",
            "ddi_url": f"{servers.url}/default/controller/v1",
            "tuf_url": f"{servers.url}/tuf/{one.product}",
            "mqtt_host": servers.mqtt_host,
        }
        lines = [f'{name} = "{value}"' for name, value in settings.items()]
        files.write(
            home / "config.toml", "\n".join([*lines, f"mqtt_port = {servers.mqtt_port}", ""]).encode(), mode=0o600
        )


class Turns:
    """Whose turn it is: runs each named step when it is due, a few at a time, never two of one name."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="device")
        self._workers = workers
        self._steps: dict[str, Callable[[], float]] = {}
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._busy: set[str] = set()
        self._again: set[str] = set()
        self._changed = threading.Condition()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="turns", daemon=True)

    def add(self, name: str, step: Callable[[], float]) -> None:
        """Take part from now on; `step` returns the seconds until its next turn."""
        with self._changed:
            self._steps[name] = step
            self._plan(name, 0.0)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self, name: str) -> None:
        """Give `name` a turn soon."""
        with self._changed:
            if name in self._busy:
                self._again.add(name)
            elif name in self._steps:
                self._plan(name, 0.0)

    def stop(self) -> None:
        """End, once the turns under way are over."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()
        self._pool.shutdown(wait=True)

    def _plan(self, name: str, delay: float) -> None:
        self._due[name] = time.monotonic() + delay
        heapq.heappush(self._heap, (self._due[name], name))
        self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._ending:
                now = time.monotonic()
                while self._heap and self._heap[0][0] <= now and len(self._busy) < self._workers:
                    due, name = heapq.heappop(self._heap)
                    if self._due.get(name) == due and name not in self._busy:
                        del self._due[name]
                        self._busy.add(name)
                        self._pool.submit(self._turn, name)
                free = len(self._busy) < self._workers
                self._changed.wait(max(0.0, self._heap[0][0] - now) if free and self._heap else None)

    def _turn(self, name: str) -> None:
        try:
            delay = self._steps[name]()
        except Exception:  # noqa: BLE001 (one broken device must not stop the other forty-nine)
            _LOG.exception("%s: a fault in its turn", name)
            delay = _AFTER_FAULT
        with self._changed:
            self._busy.discard(name)
            if name in self._again:
                self._again.discard(name)
                delay = 0.0
            self._plan(name, delay)


class Fleet:
    """All devices whose directories lie in `folder`."""

    def __init__(self, folder: Path, *, workers: int = WORKERS, every_seconds: float = EVERY_SECONDS) -> None:
        self.folder = folder
        self._every = every_seconds
        self._hub = Hub()
        self._images = SharedImages(folder / ".images")
        self._turns = Turns(workers)
        self._polls: object = files.read_json(folder / "control.json").get("poll")
        self._stopped = threading.Event()
        self.devices: dict[str, Simulated] = {}
        self._join_new()

    def start(self) -> None:
        """Switch all devices on."""
        self._turns.add("~control", self._read_control)
        self._turns.add("~status", self._write_status)
        self._turns.start()

    def stop(self) -> None:
        """Switch all devices off."""
        self._turns.stop()
        self._write_status()
        for device in self.devices.values():
            device.close()
        self._hub.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until somebody asked the fleet to stop; tells whether that happened."""
        return self._stopped.wait(seconds)

    def ask_to_stop(self) -> None:
        """Make `wait` return."""
        self._stopped.set()

    def behave(self, device: str, behaviour: Mapping[str, Any]) -> None:
        """Have one device behave otherwise. Raises KeyError for an unknown device, ValueError for a behaviour."""
        self.devices[device].behave(behaviour)
        self._turns.wake(device)

    def poll(self) -> None:
        """Have all devices ask for updates now."""
        for device in self.devices.values():
            device.agent.notice(Nudged())

    def status(self) -> dict[str, Any]:
        """Return what can be seen of each device from beside it."""
        return {name: device.status() for name, device in self.devices.items()}

    def _join_new(self) -> None:
        """Take in devices that were made since the last look."""
        for path in sorted(self.folder.glob("*/config.toml")):
            name = path.parent.name
            if name in self.devices:
                continue
            try:
                wake = functools.partial(self._turns.wake, name)
                device = Simulated(path.parent, self._hub, self._images, self._every, wake)
            except AgentError as broken:
                _LOG.error("%s cannot be switched on: %s", name, broken)
                continue
            self.devices[name] = device
            self._turns.add(name, device.step)

    def _read_control(self) -> float:
        self._join_new()
        wanted = files.read_json(self.folder / "control.json")
        if wanted.get("stop"):
            files.remove(self.folder / "control.json")  # or the next fleet would stop at once
            self.ask_to_stop()
        if wanted.get("poll") != self._polls:
            self._polls = wanted.get("poll")
            self.poll()
        for name, behaviour in (wanted.get("behaviours") or {}).items():
            if name in self.devices and behaviour != self.devices[name].asked:
                try:
                    self.behave(name, behaviour)
                except ValueError as unknown:
                    _LOG.error("control.json: %s: %s", name, unknown)
        return _CONTROL_SECONDS

    def _write_status(self) -> float:
        files.write_json(self.folder / "status.json", {"at": time.time(), "devices": self.status()})
        return _STATUS_SECONDS


def main() -> int:
    """Run the fleet in DIR until SIGTERM, Ctrl+C or control.json says stop; SIGUSR1 makes all devices poll."""
    parser = argparse.ArgumentParser(prog="python -m careful.demo.fleet", description=main.__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="folder with the devices' directories")
    parser.add_argument("--every", type=float, default=EVERY_SECONDS, help="seconds between readings of a device")
    parser.add_argument("--workers", type=int, default=WORKERS, help="turns at a time")
    parser.add_argument("--verbose", action="store_true", help="say what devices do")
    given = parser.parse_args()
    end_with_parent()
    logging.basicConfig(level=logging.INFO if given.verbose else logging.ERROR, format="%(levelname)s %(message)s")
    given.dir.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(given.dir).free < 1 << 28:
        sys.stderr.write(f"Less than 256 MB are free where {given.dir} is. Free some space: df -h {given.dir}\n")
        return 1
    lock = (given.dir / ".lock").open("w")  # held until we end: two fleets would speak with one name
    fcntl.flock(lock, fcntl.LOCK_EX)
    fleet = Fleet(given.dir, workers=given.workers, every_seconds=given.every)

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGUSR1:
            threading.Thread(target=fleet.poll, daemon=True).start()  # a handler must not take locks
        else:
            fleet.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, on_signal)
    fleet.start()
    sys.stdout.write(f"{len(fleet.devices)} devices are on\n")
    sys.stdout.flush()
    fleet.wait()
    fleet.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
