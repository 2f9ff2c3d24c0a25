"""One simulated device: the real agent on a real directory, with a behaviour.

    normal      what an agent does
    unhealthy   the health check of one version fails the first time
    silent      goes dark when it is offered one version, as if it lost power: no word, no poll, no connection
    rogue       once, also speaks under another device's name and sends a field that nobody declared (see `rogue.py`)

A behaviour lies in `behaviour.json` beside the agent's files, with what came of it, so that a killed fleet goes on
where it was.
"""

import shutil
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from careful.demo import rogue
from careful_device import files
from careful_device.agent import Agent
from careful_device.config import load
from careful_device.directory_slots import DirectorySlots
from careful_device.errors import SlotError
from careful_device.health import health_of
from careful_device.hub import Hub
from careful_device.model import Target
from careful_device.seen import Disconnected
from careful_device.unpack import unpack

BEHAVIOURS = ("normal", "unhealthy", "silent", "rogue")

_DARK_SECONDS = 3600.0
_UNPACKED_BYTES = 500_000_000


class SharedImages:
    """Unpacks each image once for the whole fleet: fifty devices on one disk share the files by hard links.

    Each device still downloads and verifies its own copy; only what comes after that is shared.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for half in folder.glob("*.unpacking"):
            shutil.rmtree(half)

    def unpack(self, image: Path, folder: Path) -> None:
        """Put the files of `image`, whose name is its digest, into the new `folder`."""
        shared = self._folder / image.name
        with self._lock:
            if not shared.exists():
                beside = shared.with_suffix(".unpacking")
                unpack(image, beside, most_bytes=_UNPACKED_BYTES)
                beside.rename(shared)
        try:
            shutil.copytree(shared, folder, symlinks=True, copy_function=_link)
        except OSError as failure:
            raise SlotError(f"the image cannot be put in place: {failure}") from failure


class Simulated:
    """The device in `home`."""

    def __init__(
        self, home: Path, hub: Hub, images: SharedImages, every_seconds: float, wake: Callable[[], None]
    ) -> None:
        self.settings = load(home)
        self._path = home / "behaviour.json"
        self._born = time.monotonic()
        slots = DirectorySlots(home / self.settings.updates.slots, _UNPACKED_BYTES, images.unpack)
        self._well = health_of(slots, (), 0, home)
        self.agent = Agent(
            self.settings,
            hub=hub,
            slots=slots,
            health=self._health,
            sources={"telemetry": (every_seconds, self._reading)},
            wake=wake,
        )

    @property
    def behaviour(self) -> dict[str, Any]:
        """How it behaves: {"name", "version" or "victim", "done", "result"}."""
        return files.read_json(self._path) or {"name": "normal"}

    @property
    def asked(self) -> dict[str, Any]:
        """How it was asked to behave, without what came of it."""
        return {name: value for name, value in self.behaviour.items() if name not in {"done", "result"}}

    def behave(self, behaviour: Mapping[str, Any]) -> None:
        """Behave otherwise from now on. Raises ValueError for an unknown behaviour."""
        if behaviour.get("name") not in BEHAVIOURS:
            raise ValueError(f"{behaviour.get('name')!r} is no behaviour; there are: {', '.join(BEHAVIOURS)}.")
        files.write_json(self._path, behaviour)

    def step(self) -> float:
        """Do the next thing; return the seconds for which nothing is due."""
        behaviour = self.behaviour
        if behaviour["name"] == "silent" and behaviour.get("done"):
            return _DARK_SECONDS
        delay = self.agent.step()
        if behaviour["name"] == "silent" and self._offered() == behaviour.get("version"):
            self.behave({**behaviour, "done": True})
            self._go_dark()
            return _DARK_SECONDS
        if behaviour["name"] == "rogue" and not behaviour.get("done") and self.agent.state.connected:
            self._misbehave(behaviour)
        return delay

    def status(self) -> dict[str, Any]:
        """Return what can be seen of it from beside it."""
        version, slot = self.agent.slots.running()
        state = self.agent.state
        return {
            "product": self.settings.product,
            "version": version,
            "slot": slot,
            "enrolled": state.certified,
            "connected": state.connected,
            "order": state.job.step.value if state.job else "",
            "behaviour": self.behaviour,
            "backlog": self.agent.backlog.counts(),
        }

    def close(self) -> None:
        """Switch it off."""
        self.agent.close()

    def _offered(self) -> str:
        job = self.agent.state.job
        return job.order.version if job and job.order else ""

    def _go_dark(self) -> None:
        if self.agent.messenger is not None:
            self.agent.messenger.cut()
        self.agent.client.close()

    def _misbehave(self, behaviour: Mapping[str, Any]) -> None:
        context, _identity = self.agent.client.context()
        if self.agent.messenger is not None:
            self.agent.messenger.close()  # one name, one connection: the rogue speaks over its own
        address = (self.settings.mqtt_host, self.settings.mqtt_port)
        result = rogue.attempt(context, address, self.settings.device, str(behaviour.get("victim")), self._reading())
        self.behave({**behaviour, "done": True, "result": result})
        self.agent.notice(Disconnected("the rogue's connection took its place"))

    def _health(self, target: Target) -> None:
        behaviour = self.behaviour
        sick = behaviour["name"] == "unhealthy" and behaviour.get("version") == target.version
        if sick and not behaviour.get("done"):
            self.behave({**behaviour, "done": True})
            raise SlotError("the main program did not answer within 10 s")
        self._well(target)

    def _reading(self) -> dict[str, object]:
        """Return plausible telemetry: each device has its own level, and wanders a little around it."""
        own = zlib.crc32(self.settings.device.encode())
        wander = (int(time.time() / 5) * 2_654_435_761 + own) % 100 / 100
        reading: dict[str, object] = {
            "temperature_c": round(28 + own % 9 + wander, 1),
            "uptime_s": int(time.monotonic() - self._born),
            "rssi_dbm": -45 - own % 30 - round(4 * wander),
        }
        if self.settings.product.startswith("lock"):
            reading["battery_percent"] = 40 + own % 60
        return reading


def _link(source: str, place: str) -> None:
    Path(place).hardlink_to(source)
