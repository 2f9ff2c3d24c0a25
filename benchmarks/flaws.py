"""Known flaws on real feeds and SBOMs: the feed file, looking SBOMs up, and whether the answers are right.

Takes its input from CAREFUL_TEST_DATA (default ../shared/data) and says so where it is missing.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import flaws_peers
import flaws_scale
import flaws_truth
import zstandard
from table import RUNS, method, row

from careful import releases, vulnerabilities

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", "../shared/data"))
FEEDS = ("cve5-vulnrichment", "nvd-overrides-to-2025", "osv-bitnami", "osv-oss-fuzz")
SBOMS = ("buildroot-500-components.cdx", "buildroot-imx8mp-evk.cdx", "buildroot-raspberrypi4_64.cdx")
YOCTO = "yocto-core-image-minimal.spdx3"
CSAF = "cisa-csaf-300"
SEED = 1


def unpack(folder: Path) -> int:
    """Unpack the feeds, each into a folder of its own; return how many files there are."""
    for name in FEEDS:
        (folder / name).mkdir(parents=True)
        subprocess.run(["tar", "--zstd", "-xf", DATA / "feeds" / f"{name}.tar.zst", "-C", folder / name], check=True)
    packed = DATA / "csaf" / "cisa-csaf-300.tar.zst"
    if packed.is_file():
        (folder / CSAF).mkdir()
        subprocess.run(["tar", "--zstd", "-xf", packed, "-C", folder / CSAF], check=True)
    (folder / "kev.json").write_bytes((DATA / "feeds" / "kev.json").read_bytes())
    return sum(1 for path in folder.rglob("*") if path.is_file())


def build(file: Path, folder: Path) -> float:
    """Build or bring up to date; return seconds."""
    began = time.perf_counter()
    vulnerabilities.build_feed_file(file, folder, datetime.now(UTC))
    return time.perf_counter() - began


def sbom(name: str) -> bytes:
    """Return an SBOM as its build system wrote it."""
    packed = (DATA / "sboms" / f"{name}.json.zst").read_bytes()
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=64 << 20)


def repeated(content: bytes, number: int) -> bytes:
    """Return an SBOM of `number` components drawn from another, each under a name of its own."""
    document = json.loads(content)
    draw = random.Random(SEED)
    named = [one for one in document["components"] if one.get("cpe")]
    names = ("name", "version", "cpe", "type")
    listed = [
        {**{name: value for name, value in draw.choice(named).items() if name in names}, "name": f"part-{at}"}
        for at in range(number)
    ]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed}).encode()


def look_up(file: Path, name: str, content: bytes) -> None:
    """Print medians of reading and looking up."""
    reading, looking = [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        read = releases.read_sbom(content)
        between = time.perf_counter()
        looked = vulnerabilities.look_up_in(file, read.components)
        looking.append((time.perf_counter() - between) * 1000)
        reading.append((between - began) * 1000)
    found = looked.found
    sure = sum(one.certainty == "affected" for one in found.matches)
    row(f"{name}: read", reading, "ms")
    row(f"{name}: look up", looking, "ms", "< 100" if name == "buildroot-500-components" else "")
    maybe = len(found.matches) - sure
    print(
        f"    {len(read.components):,} components: {sure:,} known, {maybe:,} to check, {len(found.settled):,} settled"
    )


def main() -> int:
    """Measure and print."""
    if not (DATA / "feeds").is_dir():
        print(f"{DATA}/feeds is not there: set CAREFUL_TEST_DATA")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder, file = Path(scratch) / "feeds", Path(scratch) / "feeds.sqlite"
        files = unpack(folder)
        method(
            f"""{files:,} files of {", ".join(FEEDS)} and KEV into one feed file, once; then again with nothing new;
            SBOMs as Buildroot wrote them, and drawn from the largest. Medians of {RUNS} in one process."""
        )
        row("build the feed file", [build(file, folder)], "s")
        row("its size", [file.stat().st_size / 1e6], "MB")
        row("again, nothing new", [build(file, folder)], "s")
        for name in SBOMS:
            content = sbom(name)
            look_up(file, name.partition(".")[0], content)
            if name == SBOMS[0]:
                for number in (5_000, 50_000):
                    look_up(file, f"{number:,} drawn", repeated(content, number))
        row("memory at the end", [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000], "MB")
        flaws_truth.report(Path(scratch), folder, file)
        flaws_truth.yocto(sbom(YOCTO), Path(scratch))
        flaws_peers.report(Path(scratch), folder, sbom(SBOMS[0]))
        flaws_scale.report(Path(scratch), folder, file, flaws_peers.parts_of(sbom(SBOMS[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
