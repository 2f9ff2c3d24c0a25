"""What the detection benchmark is given: a folder of recordings, sorted into quiet ones, attacks and network profiles.

Nothing is told beside the files: a table of labels beside a recording is known by its name and columns; a recording
without one is quiet when its name says so, else it is an attack called by its name; a MUD file and a table of flows in
one folder are a device.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

PAIRS_MOST = 2_000
QUIET_WORDS = ("benign", "legit", "normal", "quiet", "clean", "baseline")
_PACKETS = (".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcapng.gz", ".pcap.zst", ".log")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A recording with labels. Those of one site serve one another as quiet days, without their attacks."""

    recording: Path
    labels: Path
    site: str


@dataclass(slots=True)
class Given:
    """All that was found."""

    labelled: list[Labelled] = field(default_factory=list)
    quiet: list[Path] = field(default_factory=list)
    attacks: list[Path] = field(default_factory=list)
    devices: dict[str, tuple[Path, Path]] = field(default_factory=dict)
    """Device -> its MUD file, its table of flows."""


def folder_of(argument: str | None, into: Path) -> Path:
    """Return the folder with recordings, unpacking archives that lie in it into `into`."""
    given = Path(argument or os.environ.get("CAREFUL_TEST_DATA", "../shared/data"))
    place = given / "traffic" if (given / "traffic").is_dir() else given
    archives = sorted(one for one in place.rglob("*.tar*") if one.suffix in {".zst", ".gz", ".xz", ".tar"})
    if not archives:
        return place
    for number, archive in enumerate(archives):
        folder = into / str(number)
        folder.mkdir()
        how = ["--zstd"] if archive.suffix == ".zst" else []
        subprocess.run(["tar", *how, "-xf", archive, "-C", folder], check=True)
    for path in place.rglob("*"):  # what lies beside the archives counts as well
        if path.is_file() and path not in archives and path.suffix != ".md":
            link = into / "beside" / path.relative_to(place)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
    return into


def sort(folder: Path) -> Given:
    """Sort what lies in a folder, at any depth."""
    found = Given()
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    tables = [one for one in files if one.suffix == ".csv" and _has_labels(one)]
    for path in files:
        if not path.name.endswith(_PACKETS) or path.name in {"dns.log", "ssl.log"}:
            continue
        labels = _labels_of(path, tables)
        if labels is not None:
            found.labelled.append(Labelled(path, labels, _site(path)))
        elif any(word in path.name.lower() for word in QUIET_WORDS):
            found.quiet.append(path)
        else:
            found.attacks.append(path)
    for mud in (one for one in files if one.name.endswith("Mud.json")):
        flows = next(iter(sorted(mud.parent.glob("*ipflows.csv"))), None)
        if flows is not None:
            name = mud.name.removesuffix("Mud.json")
            found.devices[name if name not in found.devices else f"{name} in {mud.parent.parent.name}"] = (mud, flows)
    return found


def _has_labels(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as stream:
        head = stream.readline(4096).lower()
    return "label" in head and ("frame" in head or "start" in head)


def _labels_of(recording: Path, tables: list[Path]) -> Path | None:
    """Return the table whose name begins most like the recording's, in the same folder."""
    near = [(_alike(recording.name, one.name), one) for one in tables if one.parent == recording.parent]
    alike = [one for one in near if one[0] >= min(6, len(recording.stem))]
    if not alike:
        return None
    most = max(length for length, _ in alike)
    best = [one for length, one in alike if length == most]
    return best[0] if len(best) == 1 else None


def _alike(one: str, other: str) -> int:
    """Return how many letters two names have in common at their beginning."""
    return next(
        (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _site(path: Path) -> str:
    """Name the site: the folder, and the letters its recordings' names begin with."""
    return f"{path.parent}/{path.stem.rstrip('_0123456789abcdefghijklmnopqrstuvwxyz-') or path.stem[:7]}"


def kind(path: Path) -> str:
    """Call an attack by its file's name."""
    return path.name.split(".")[0]


def pairs(devices: dict[str, tuple[Path, Path]]) -> Iterator[tuple[str, str]]:
    """Yield two different devices, whose profile and whose flows: all there are, or of very many evenly some."""
    names = list(devices)
    count = len(names) * (len(names) - 1)
    step = max(1, count // PAIRS_MOST)
    every = ((mine, theirs) for mine in names for theirs in names if theirs != mine)
    yield from islice(every, 0, None, step)
