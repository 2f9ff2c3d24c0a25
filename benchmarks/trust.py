"""The update repository: signing and publishing, what a device must fetch to see that a release is genuine."""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from table import RUNS, method, row
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Metadata, TargetFile
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from careful.kernel.keys import Keys
from careful.releases import signing
from careful.updates import delegation, publishing
from careful.updates.delegation import Draft, Tree
from careful.updates.director import draft
from careful.updates.model import Order
from careful.updates.repository import Repository

SIZES = (1, 50, 500, 1000, 8001)
ASSIGNMENTS = 1000


def target(number: int) -> TargetFile:
    """Return what is signed about one release."""
    path = f"1.0.{number}/cam-1-1.0.{number}.img"
    custom = {"product": "cam-1", "hardware": ["rev-a"], "version": f"1.0.{number}", "security_version": number}
    custom |= {"sbom_sha256": f"{number:064x}", "fixes": ["CVE-2023-4863"]}
    return TargetFile(1 << 26, {"sha256": f"{number:064x}"}, path, {"custom": custom})


class Counted(FetcherInterface):
    """Fetches from a folder, and counts."""

    def __init__(self) -> None:
        self.bytes = self.requests = 0

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(url.removeprefix("file://"))
        self.requests += 1
        if not path.exists():
            raise DownloadHTTPError("not there", 404)
        content = path.read_bytes()
        self.bytes += len(content)
        return iter([content])


class House:
    """One product's repository, in a folder, with its keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = Keys(folder / "keys")
        self.repository = Repository(folder / "cam-1", "cam-1")
        held = {role: signing.ensure(self.keys, "cam-1", role) for role in signing.ROLES}
        with self.repository.locked():
            publishing.make(self.repository, held, [self.keys], datetime.now(UTC))

    def publish(self, *added: TargetFile) -> float:
        """Sign and publish targets; return the seconds."""
        now, began = datetime.now(UTC), time.perf_counter()
        tree = Tree(self.repository, self.repository.newest())
        documents = delegation.with_release(tree, now, {one.path: one for one in added}, ())
        made = Draft(self.repository.root(), tree, documents, {})
        made.sign([self.keys])
        publishing.write(made)
        publishing.put_in_force(self.repository, [self.keys], now, made.versions)
        return time.perf_counter() - began

    def look(self, name: str, path: str) -> tuple[float, int, int]:
        """Let a device look a release up; return seconds, bytes, requests."""
        folder, fetcher, began = self.folder / name, Counted(), time.perf_counter()
        folder.mkdir(exist_ok=True)
        root = (self.repository.metadata / "1.root.json").read_bytes()
        updater = Updater(str(folder), f"file://{self.repository.metadata}/", fetcher=fetcher, bootstrap=root)
        if updater.get_targetinfo(path) is None:
            raise SystemExit(f"{path} is not found")
        return time.perf_counter() - began, fetcher.bytes, fetcher.requests

    def assign(self) -> float:
        """Sign what so many devices are to get; return assignments per second."""
        began = time.perf_counter()
        now = datetime.now(UTC)
        for number in range(ASSIGNMENTS):
            made: Metadata = draft(order(number, now), release(), now + timedelta(days=1))
            signing.sign(made, signing.signers(self.keys, "cam-1", self._director(), role="director"))
            made.to_bytes()
        return ASSIGNMENTS / (time.perf_counter() - began)

    def _director(self) -> list[str]:
        top = Tree(self.repository, self.repository.in_force()).metadata("targets").signed
        return [one.keyid for one in delegation.keys_of(top, delegation.DIRECTOR)]


def order(number: int, now: datetime) -> Order:
    """Return an order to a device."""
    fields = dict.fromkeys(Order.__slots__, "")
    known = {"id": number + 1, "device": f"cam-1-{number}", "product": "cam-1", "made_at": now}
    return Order(**{**fields, **known})  # type: ignore[arg-type]  # only what is signed about it is read


def release() -> object:
    """Return what `target_of` reads of a release."""
    artifact = type("Artifact", (), {"filename": "x.img", "size": 1 << 26, "sha256": "0" * 64})()
    fields = {"product": "cam-1", "hardware": ("rev-a",), "version": "1.0.1", "security_version": 1}
    return type("Release", (), {**fields, "sbom_sha256": "0" * 64, "fixes": (), "artifact": artifact})()


def main() -> None:
    """Measure."""
    method(
        """Keys in files (Ed25519), root 2 of 3, releases signed by build and release key. Each line is a new
        repository; "one more" is one release signed and published beside the others. The device is python-tuf's client
        on files, so bytes and requests are exact and seconds are its own work. An assignment is read from keys on disk,
        signed and serialized, as each device's request is."""
    )
    for size in SIZES:
        made, more, first, again, seconds, requests = [], [], [], [], [], []
        for _ in range(RUNS if size <= 1000 else 2):
            with tempfile.TemporaryDirectory() as folder:
                house = House(Path(folder))
                made.append(house.publish(*(target(number) for number in range(size))))
                took, fetched, asked = house.look("device", target(0).path)
                first.append(fetched)
                seconds.append(took)
                requests.append(asked)
                again.append(house.look("device", target(0).path)[1])
                more.append(house.publish(target(size)))
        row(f"{size:>5} releases: sign and publish all at once", made, "s")
        row(f"{size:>5} releases: sign and publish one more", more, "s", "< 1")
        row(f"{size:>5} releases: first look of a device", first, "bytes", "< 200,000")
        row(f"{size:>5} releases: the same, requests", requests, "")
        row(f"{size:>5} releases: the same, the client's own time", seconds, "s")
        row(f"{size:>5} releases: a look when nothing is new", again, "bytes", "< 1,000")
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        row("assignments signed, one core", [house.assign() for _ in range(RUNS)], "/s", "> 500")


if __name__ == "__main__":
    main()
