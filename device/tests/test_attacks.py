"""Each attack once against the trust core alone, and once over the wire: real HTTPS, real mutual TLS, a real agent."""

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from attacks import ATTACKS, NEW, OLD, Attack, Stage
from simulated_device import CONFIG, Device
from simulated_maker import Maker
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface

from careful_device import genuine, trust
from careful_device.errors import Refusal, WireError
from careful_device.model import Facts, Order

GOALS = {
    "arbitrary software",
    "endless data",
    "extraneous dependencies",
    "fast-forward",
    "indefinite freeze",
    "malicious mirrors",
    "mix and match",
    "rollback",
    "key compromise",
    "wrong software",
}
"""TUF's own list; slow retrieval is in test_pace.py and test_https.py, it needs time to pass."""


class Memory(FetcherInterface):
    """Fetches from a table, a byte stream at a time."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def _fetch(self, url: str) -> Iterator[bytes]:
        content = self._files.get(url.rpartition("/")[2])
        if content is None:
            raise DownloadHTTPError("not there", 404)
        return iter([content[at : at + 65536] for at in range(0, len(content), 65536)])


class Core:
    """What decides on a device, without one: metadata, order, assignment and bytes in, a verdict out."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self.folder = folder
        self.stage = stage
        self.floor: tuple[tuple[str, ...], int] = ((), 0)
        self.facts = Facts(
            device="cam-1-001", product="cam-1", hardware="rev-a", version="1.0.0", security_floor=1,
            version_floor="1.0.0", sha256=hashlib.sha256(stage.blobs[OLD]).hexdigest(),
        )  # fmt: skip

    def carry_out(self) -> None:
        """Raises Refusal where the order must not be carried out."""
        stage, blob = self.stage, self.stage.blobs[self.stage.path]
        order = Order(
            action="7", href="h", version=stage.path.partition("/")[0], filename="f",
            size=stage.change.get("size", len(blob)), download="d", target_path=stage.path, product="cam-1",
            sha256=stage.change.get("sha256", hashlib.sha256(blob).hexdigest()),
        )  # fmt: skip
        trust.check_order(order, self.facts)
        files = Memory(stage.repo.files)
        found = genuine.look(files, self.folder, "https://x/", stage.repo.root, [stage.path])
        target = genuine.target_in(found.targets, stage.path)
        trust.check_target(order, target, self.facts)
        directors = trust.directors(found.top)
        said = trust.assignment_from(stage.said, found.top)
        floor = self.floor[1] if self.floor[0] == directors else 0
        now = datetime.now(timezone.utc)
        trust.check_assignment(said, order, target, self.facts, floor=floor, now=now)
        self.floor = (directors, said.number)
        trust.check_bytes(target, len(blob), hashlib.sha256(blob).hexdigest())

    def look(self) -> None:
        """Look in the middle of an attack, as a device that polls does; what it thinks then does not matter."""
        path = self.stage.path if self.stage.path in self.stage.repo.releases.targets else OLD
        self.stage.path, before = path, self.stage.path
        try:
            self.carry_out()
        except (Refusal, WireError):
            pass
        finally:
            self.stage.path = before


def test_the_list_is_whole():
    assert {one.goal for one in ATTACKS} >= GOALS
    assert len({one.id for one in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("one", ATTACKS, ids=lambda one: one.id)
def test_the_trust_core(one: Attack, tmp_path):
    stage = Stage()
    core = Core(tmp_path / "tuf", stage)
    core.look()
    stage.look = core.look
    one.act(stage)
    if one.kind:
        with pytest.raises(Refusal) as refused:
            core.carry_out()
        assert refused.value.kind == one.kind
    else:
        core.carry_out()


class Wire:
    """A maker's servers and a real device that runs 1.0.0, looking at a stage."""

    def __init__(self, folder: Path) -> None:
        (folder / "maker").mkdir()
        self.maker = Maker(folder / "maker")
        self.maker.tokens["once-only"] = "cam-1-001"
        self.stage = Stage(look=self.look)
        self.maker.repository = self.stage.repo
        self.maker.blobs = self.stage.blobs
        home = folder / "device"
        home.mkdir()
        (home / "config.toml").write_text(CONFIG.format(url=self.maker.url))
        (home / "ca.pem").write_bytes(self.maker.authority.pem())
        (home / "root.json").write_bytes(self.stage.repo.root)
        self.home = home
        self.device = Device(home, self.maker)
        self.order(OLD)

    def order(self, path: str, **change: object) -> tuple[str, str]:
        """Order an image and return how that ended."""
        self.maker.said = self.stage.said
        action = self.maker.order(path.partition("/")[0], path=path, **change)
        self.device.ask()
        [(_, finished, detail)] = [final for final in self.maker.finals() if final[0] == action]
        return finished, detail

    def look(self) -> None:
        """Let the device look by an order for what it runs already: it checks all, and changes nothing."""
        path = self.stage.path if self.stage.path in self.stage.repo.releases.targets else OLD
        facts = self.device.agent.updater.facts()
        order = Order(
            action="1", href=f"{self.maker.url}/default/controller/v1/cam-1-001/deploymentBase/1",
            version=path.partition("/")[0], filename="f", size=len(self.stage.blobs[path]), download="d",
            target_path=path, sha256="",
        )  # fmt: skip
        self.maker.said = self.stage.said
        assert facts.version == "1.0.0"
        with contextlib.suppress(Refusal, WireError):
            self.device.agent.updater._check(order)

    def close(self) -> None:
        self.device.off()
        self.maker.close()


@pytest.fixture
def wire(tmp_path) -> Iterator[Wire]:
    made = Wire(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("one", ATTACKS, ids=lambda one: one.id)
def test_over_the_wire(one: Attack, wire: Wire):
    one.act(wire.stage)
    finished, detail = wire.order(wire.stage.path, **wire.stage.change)
    running = (wire.home / "slots" / "current" / "etc" / "os-release").read_text().strip()
    if one.kind:
        assert (finished, detail.partition(": ")[0]) == ("failure", "refused")
        assert detail.split(": ")[1] == one.kind, detail
        assert running == "VERSION_ID=1.0.0"
    else:
        assert (finished, running) == ("success", f"VERSION_ID={NEW.partition('/')[0]}")
