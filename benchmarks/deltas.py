"""Deltas over three real pairs: the files of Debian packages, in an older and a newer version, as plain tar images.

Fetched by apt; where there is no network, or only one version, the pair is left out and said so. Made by the server's
own job (`careful.updates.delta_make`) and applied by the agent's own code, each in a process of its own whose largest
memory (VmHWM; for the agent, what applying adds to the interpreter) is read at its end. `xz` is the full image packed
by xz -6, what a maker would send without deltas.
"""

import json
import lzma
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import method

PACKAGES = ("libssl3", "mosquitto", "wpasupplicant")
APPLY = """
import json, sys, time
from careful_device.patch import apply
def most(): return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
base, began = most(), time.monotonic()
with open(sys.argv[1], "rb") as old, open(sys.argv[2], "rb") as patch, open(sys.argv[3], "wb") as out:
    apply(old, patch, out, int(sys.argv[4]))
print(json.dumps({"s": time.monotonic() - began, "mb": most() - base}))
"""


def versions(package: str) -> list[str]:
    """Return the versions that apt can fetch, newest first."""
    said = subprocess.run(["apt-cache", "madison", package], capture_output=True, text=True, check=False).stdout
    return list(dict.fromkeys(line.split("|")[1].strip() for line in said.splitlines() if "Packages" in line))


def image(folder: Path, package: str, version: str) -> Path | None:
    """Fetch a package and return its files as a tar archive; None where it cannot be had."""
    place = folder / version.replace(":", "_")
    place.mkdir(exist_ok=True)
    got = subprocess.run(["apt-get", "download", f"{package}={version}"], cwd=place, capture_output=True, check=False)
    found = next(place.glob("*.deb"), None)
    if got.returncode or found is None:
        return None
    out = place / "image.tar"
    with out.open("wb") as stream:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", str(found)], stdout=stream, check=True)
    return out


def measure(folder: Path, package: str, kind: str) -> str:
    """Return one line of the table."""
    known = versions(package)
    if len(known) < 2:
        return f"{package:<14} left out: apt knows fewer than two versions (apt-get update?)"
    old, new = image(folder, package, known[-1]), image(folder, package, known[0])
    if old is None or new is None:
        return f"{package:<14} left out: it cannot be fetched (no network?)"
    patch, result = folder / f"{package}.{kind}", folder / "result"
    patch.unlink(missing_ok=True)
    began = time.monotonic()
    job = [sys.executable, "-m", "careful.updates.delta_make", str(old), str(new), kind, str(patch), "600"]
    done = subprocess.run(job, capture_output=True, text=True, check=True)
    seconds, verdict = time.monotonic() - began, json.loads(done.stdout)
    full, packed = new.stat().st_size, len(lzma.compress(new.read_bytes()))
    line = f"{package:<14} {kind:<11} {full / 1e6:>7.2f} {packed / 1e3:>8.0f} {verdict['size'] / 1e3:>9.1f}"
    line += f" {verdict['size'] / packed:>6.1%} {seconds:>7.1f} {verdict['memory'] / 1e6:>8.0f}"
    if kind == "lzma" and verdict["worth"]:
        command = [sys.executable, "-c", APPLY, str(old), str(patch), str(result), str(full)]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        assert result.read_bytes() == new.read_bytes()
        line += f" {told['s']:>8.2f} {told['mb']:>9.1f}"
    return f"{line}   {known[-1]} -> {known[0]}"


def main() -> None:
    """Print the table."""
    method(__doc__ or "")
    print(f"{'package':<14} {'packed by':<11} {'full MB':>7} {'xz kB':>8} {'delta kB':>9} {'of xz':>6} "
          f"{'make s':>7} {'make MB':>8} {'apply s':>8} {'apply MB':>9}")  # fmt: skip
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        folder = Path(place)
        folder.chmod(0o755)  # apt fetches as a user of its own
        for package in PACKAGES:
            for kind in ("lzma", "heatshrink"):
                print(measure(folder, package, kind), flush=True)


if __name__ == "__main__":
    main()
