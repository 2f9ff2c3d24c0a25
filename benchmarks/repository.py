"""The update repository with 1,000 artifacts: signing and publishing each, and what a client fetches to be sure.

One product, 1,000 releases of a few bytes (their images are not the point), each signed by build and release key and
published, one after the other, on SQLite with synchronous=FULL. Then the sizes of the newest metadata; and python-tuf's
own client refreshes from nothing and looks up the newest image, and refreshes again with nothing new; bytes and
requests are counted at its fetcher.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from table import method, row
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

from careful import products, releases, updates
from careful.assemble import open_world
from careful.kernel.actors import OPERATOR
from careful.kernel.settings import Settings
from careful.kernel.work import World

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
BOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}


class Counting(FetcherInterface):
    """Reads the repository's files and counts."""

    def __init__(self) -> None:
        self.bytes = self.requests = 0

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.requests += 1
        path = Path(url.removeprefix("file://"))
        if not path.exists():
            raise DownloadHTTPError("not there", 404)
        content = path.read_bytes()
        self.bytes += len(content)
        yield content


def sizes(folder: Path) -> None:
    """Print how long the newest metadata are, role by role; the hash bins as one line."""
    newest: dict[str, tuple[int, int]] = {}
    for path in folder.glob("*.json"):
        number, _, role = path.stem.rpartition(".") if path.stem == "timestamp" else path.stem.partition(".")
        version = int(number) if number else 0
        newest[role] = max(newest.get(role, (0, 0)), (version, path.stat().st_size))
    bins = {role: size for role, (_, size) in newest.items() if role.startswith("releases-")}
    for role, (_, size) in sorted(newest.items()):
        if role not in bins:
            row(f"size of {role}", [size], "B")
    if bins:
        row(f"size of each of {len(bins)} hash bins", list(bins.values()), "B")
    kept = list(folder.glob("*.json"))
    row(f"all metadata ever made ({len(kept)} files)", [sum(path.stat().st_size for path in kept) / 1e6], "MB")


def refresh(world: World, folder: Path, root: bytes, path: str) -> tuple[float, int, int]:
    """Refresh and look a target up; return seconds, bytes and requests."""
    fetcher = Counting()
    began = time.monotonic()
    place = updates.repository_dir(world, "cam-1") / "metadata"
    client = Updater(str(folder), f"file://{place}/", fetcher=fetcher, bootstrap=root)
    client.refresh()
    assert client.get_targetinfo(path) is not None
    return time.monotonic() - began, fetcher.bytes, fetcher.requests


def main() -> None:
    """Print the table."""
    method(__doc__ or "")
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        world = open_world(Settings(data=home / "data"))
        text = b"schema: product/1\nproduct: {id: cam-1, name: Test, models: [cam-1]}\n"
        products.declare(world, OPERATOR, text)
        products.approve(world, OPERATOR, "cam-1")
        root = updates.trusted_root(world, "cam-1")
        sign: list[float] = []
        publish: list[float] = []
        for number in range(COUNT):
            file = home / f"cam-{number}.img"
            file.write_bytes(b"%d" % number)
            bom = json.dumps(BOM | {"version": number + 1}).encode()
            one = releases.add(world, OPERATOR, "cam-1", f"1.0.{number}", file, bom, ("rev-a",)).release
            began = time.monotonic()
            updates.sign_release(world, OPERATOR, one.id)
            signed = time.monotonic()
            updates.publish(world, OPERATOR, one.id)
            sign.append(1000 * (signed - began))
            publish.append(1000 * (time.monotonic() - signed))
        row(f"sign, each of {COUNT}", sign, "ms")
        row("publish, each", publish, "ms")
        sizes(updates.repository_dir(world, "cam-1") / "metadata")
        row("sign and publish, all", [(sum(sign) + sum(publish)) / 1000], "s")
        client = home / "client"
        client.mkdir()
        newest = updates.target_path(one)
        for what in ("first refresh and one look-up", "refresh with nothing new"):
            seconds, size, requests = refresh(world, client, root, newest)
            row(f"{what}: time", [seconds * 1000], "ms")
            row(f"{what}: bytes", [size], "B", f"{requests} requests")


if __name__ == "__main__":
    main()
