"""A new flaw to the exact devices exposed: 100,000 devices, 20 releases, 300 components in each."""

import hashlib
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import postgres
from sqlalchemy import insert
from table import RUNS, method, row

from careful import products, releases, vulnerabilities
from careful.devices.store import device
from careful.kernel.actors import SYSTEM
from careful.kernel.clock import SystemClock
from careful.kernel.database import Database
from careful.kernel.keys import Keys
from careful.kernel.migrate import upgrade
from careful.kernel.settings import Settings
from careful.kernel.work import World

DEVICES, RELEASES, COMPONENTS, KNOWN = 100_000, 20, 300, 5_000
PRODUCT = "cam-1"


def osv(name: str, package: str, fixed: str) -> dict[str, object]:
    """Return one OSV record."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    package_of = {"ecosystem": "PyPI", "name": package}
    affected = [{"package": package_of, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    return {"id": name, "modified": "2026-10-01T00:00:00Z", "aliases": [], "affected": affected}


def sbom(number: int) -> bytes:
    """Return the SBOM of one release: 300 packages, one of which is a version older in the first half."""
    listed = []
    for at in range(COMPONENTS):
        version = f"1.{number // 2 if at == 0 else at}.0"
        listed.append(
            {"type": "library", "name": f"part-{at}", "version": version, "purl": f"pkg:pypi/part-{at}@{version}"}
        )
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed}).encode()


def prepare(world: World, folder: Path) -> None:
    """Fill an installation: product, releases, feeds of 5,000 other flaws, and the fleet."""
    products.declare(world, SYSTEM, f"schema: product/1\nproduct: {{id: {PRODUCT}, name: B, models: [B]}}\n".encode())
    products.approve(world, SYSTEM, PRODUCT)
    for number in range(RELEASES):
        image = folder / f"image-{number}"
        image.write_bytes(hashlib.sha256(str(number).encode()).digest())
        releases.add(world, SYSTEM, PRODUCT, f"1.{number}.0", image, sbom(number), ("rev-a",))
    feed = folder / "known.json"
    feed.write_text(json.dumps([osv(f"OLD-{at}", f"part-{at % COMPONENTS}", "0.1") for at in range(KNOWN)]))
    vulnerabilities.import_feed(world, SYSTEM, feed)
    vulnerabilities.match(world)
    now = datetime.now(UTC)
    chance = random.Random(1)
    rows = [
        {
            "id": f"{PRODUCT}-{at:06}",
            "product": PRODUCT,
            "hardware": "rev-a",
            "state": "active",
            "version": f"1.{chance.randrange(RELEASES)}.0",
            "version_at": now,
            "made_at": now,
        }
        for at in range(DEVICES)
    ]
    with world.change(SYSTEM) as work:
        for at in range(0, DEVICES, 10_000):
            work.connection.execute(insert(device), rows[at : at + 10_000])


def measure(world: World, folder: Path, run: int) -> tuple[float, float, float, int]:
    """Let a new flaw in and return seconds to take it in, to match, to list the devices; and how many these are."""
    feed = folder / "new.json"
    feed.write_text(json.dumps(osv(f"NEW-{run}", "part-0", "1.5.0")))
    began = time.perf_counter()
    vulnerabilities.import_feed(world, SYSTEM, feed)
    taken = time.perf_counter()
    vulnerabilities.match(world)
    matched = time.perf_counter()
    (case,) = (one for one in vulnerabilities.cases(world) if one.flaw == f"NEW-{run}")
    found = vulnerabilities.exposed(world, case.id)
    done = time.perf_counter()
    assert len(found.devices) == sum(found.by_version.values()) > DEVICES // 3
    return taken - began, matched - taken, done - matched, len(found.devices)


def bench(name: str, url: str) -> None:
    """Print the lines of one database."""
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        home = folder / "home"
        home.mkdir()
        database = Database(url, home)
        upgrade(database)
        world = World(database, SystemClock(), Settings(data=home), Keys(home / "keys"), home)
        prepare(world, folder)
        runs = [measure(world, folder, run) for run in range(RUNS)]
        row(f"{name}: take the record in", [one[0] * 1000 for one in runs], "ms")
        row(f"{name}: match {RELEASES} releases", [one[1] * 1000 for one in runs], "ms")
        row(f"{name}: case to {runs[0][3]:,} exposed devices", [one[2] * 1000 for one in runs], "ms", "< 100 stretch")
        row(f"{name}: new flaw to exposed devices", [sum(one[:3]) * 1000 for one in runs], "ms", "< 1000, stretch 100")
        database.close()


def main() -> None:
    """Measure SQLite, and PostgreSQL where it is installed."""
    method(
        f"""One OSV record names a flaw in a package that half of {RELEASES} releases have at an affected version, each
        of {COMPONENTS} components; {DEVICES:,} devices run the releases at random; {KNOWN:,} other flaws are known of
        the same packages. Each run takes a new record in, matches every release again, opens the case, and lists every
        exposed device by id, asked by release through one index. SQLite with synchronous=FULL; PostgreSQL of Debian's
        package with fsync=off, so its figures price the code and not the disk. One process, {RUNS} runs."""
    )
    bench("SQLite", "")
    binaries = postgres.binaries()
    if binaries is None:
        print("PostgreSQL is not installed: apt-get install postgresql")
        return
    with postgres.cluster(binaries) as url:
        bench("PostgreSQL", url)


if __name__ == "__main__":
    main()
