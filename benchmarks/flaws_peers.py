"""The same SBOM and feed rows, in two other programs beside ours: who finds what, how long, in how much memory.

cve-bin-tool and sbom-cve-check run as they are, from an environment of their own: CAREFUL_PEERS names its folder, else
one is made in a temporary folder. They are GPL programs: run beside, never a part of this one.
"""

import csv
import json
import os
import random
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from flaws_apart import explain, rows_by_product

from careful import releases, vulnerabilities
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.feeds.record import Row
from careful.vulnerabilities.feeds.rows import all_of

FEEDS = ("cve5-vulnrichment", "nvd-overrides-to-2025")
TOOLS = ("cve-bin-tool", "sbom-cve-check")
MOST_SHOWN = 50
SEED = 1
Hit = tuple[str, str]
"""A component (product@version) and a CVE."""

_FILL = """
import json, sys
from cve_bin_tool.cvedb import CVEDB
db = CVEDB(); db.cachedir.mkdir(parents=True, exist_ok=True); db.init_database(); db.populate_metrics()
rows = json.load(open(sys.argv[1])); cursor = db.db_open_and_get_cursor()
for cve in sorted({one[0] for one in rows}):
    cursor.execute(db.INSERT_QUERIES["insert_severity"], [cve, "HIGH", "listed", 7.0, 3, "", "NVD", "2025-01-01"])
cursor.executemany(db.INSERT_QUERIES["insert_cve_range"], [[*one, "NVD"] for one in rows])
db.connection.commit(); print(cursor.execute("EXPLAIN QUERY PLAN SELECT CVE_number FROM cve_range "
    "WHERE vendor='a' AND product='b' AND version='*'").fetchall()[0][3])
"""

_STARTER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)
sys.stdout.write(f"\\n{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
"""


@dataclass(frozen=True)
class Run:
    """What a program found, and what it cost: seconds on the wall, MB at its peak."""

    name: str
    hits: frozenset[Hit]
    doubts: frozenset[Hit]
    seconds: float
    memory: float
    words: str = ""
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def all(self) -> frozenset[Hit]:
        """Return what is affected and what a person must check."""
        return self.hits | self.doubts


def environment(scratch: Path) -> Path | str:
    """Return the folder of the programs, or why they cannot be run."""
    given = os.environ.get("CAREFUL_PEERS", "")
    place = Path(given) if given else scratch / "peers"
    if not given:
        made = subprocess.run([sys.executable, "-m", "venv", str(place)], check=False, capture_output=True)
        pip = [str(place / "bin" / "pip"), "install", "--quiet", *TOOLS]
        if made.returncode or subprocess.run(pip, check=False, capture_output=True).returncode:
            return f"{' and '.join(TOOLS)} cannot be installed here; name an environment of theirs: CAREFUL_PEERS"
    lacking = [name for name in TOOLS if not (place / "bin" / name).is_file()]
    return f"{place}/bin lacks {', '.join(lacking)}" if lacking else place


def parts_of(content: bytes) -> list[releases.Found]:
    """Return the components of an SBOM that state a CPE with vendor and version, one for each product and version."""
    found: dict[str, releases.Found] = {}
    for one in releases.read_sbom(content).components:
        name = releases.parse_cpe(one.cpe) if one.cpe else None
        if name and "*" not in {name.vendor, name.version} and name.version != "-":
            product, version = releases.unescaped(name.product), releases.unescaped(name.version)
            plain = f"cpe:2.3:a:{name.vendor}:{name.product}:{name.version}:*:*:*:*:*:*:*"
            found[f"{product}@{version}"] = releases.Found(product, version, cpe=plain)
    return list(found.values())


def ours(scratch: Path, file: Path, parts: Sequence[releases.Found]) -> Run:
    """Run our own command, as the others are run."""
    listed = [{"type": "library", "name": one.name, "version": one.version, "cpe": one.cpe} for one in parts]
    sbom = scratch / "ours.json"
    sbom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": listed}))
    scan = [sys.executable, "-m", "careful.assemble", "scan", "--feed", str(file), "--format", "json", str(sbom)]
    said, seconds, memory = timed(scan, {})
    hits: dict[bool, set[Hit]] = {True: set(), False: set()}
    answer = json.loads(said)
    told: dict[str, dict[str, str]] = {}
    for one in answer["findings"]:
        hits[one["state"] == "affected"].add((f"{one['component']}@{one['version']}", one["vulnerability"]))
    for one in (*answer["settled"], *answer["findings"]):
        told.setdefault(f"{one['component']}@{one['version']}", {})[one["vulnerability"]] = _short(one["reason"])
    for one in answer["components"]:
        if one["outcome"] == "not looked up":
            told.setdefault(f"{one['name']}@{one['version']}", {})[""] = one["reason"]
    return Run("careful scan", frozenset(hits[True]), frozenset(hits[False]), seconds, memory, said=told)


def _short(reason: str) -> str:
    return re.sub(r"(cpe )cpe:2\.3:.:([^:]+:[^:]+):\S+", r"\1\2", reason)


def cve_bin_tool(scratch: Path, place: Path, file: Path, parts: Sequence[releases.Found]) -> Run:
    """Fill its database with the rows of our feed file, by its own code, and run it on CycloneDX."""
    rows = scratch / "rows.json"
    rows.write_text(json.dumps(rows_of(file)))
    home = {"HOME": str(scratch / "home")}
    plan = timed([str(place / "bin" / "python"), "-c", _FILL, str(rows)], home)[0].strip()
    listed = [
        {"type": "library", "bom-ref": str(place_), "name": one.name, "version": one.version, "cpe": one.cpe}
        for place_, one in enumerate(parts)
    ]
    sbom, out = scratch / "theirs.json", scratch / "theirs.out.json"
    about = {"bomFormat": "CycloneDX", "specVersion": "1.4", "serialNumber": f"urn:uuid:{uuid.UUID(int=1)}"}
    sbom.write_text(json.dumps({**about, "version": 1, "metadata": {}, "components": listed}))
    out.unlink(missing_ok=True)
    command = [str(place / "bin" / TOOLS[0]), "--offline", "--disable-version-check", "--format", "json"]
    _, seconds, memory = timed([*command, "-o", str(out), "--sbom", "cyclonedx", "--sbom-file", str(sbom)], home)
    found = json.loads(out.read_text()) if out.is_file() else []
    hits = {(f"{one['product']}@{one['version']}", one["cve_number"]) for one in found}
    return Run(
        TOOLS[0], frozenset(one for one in hits if one[1].startswith("CVE-")), frozenset(), seconds, memory, plan
    )


def rows_of(file: Path) -> list[list[str]]:
    """Return every CPE row of a feed file in the columns of cve-bin-tool's `cve_range`."""
    found: list[list[str]] = []
    with database.consulted(file) as connection:
        keys = [key for (key,) in connection.execute("SELECT DISTINCT key FROM product WHERE kind = 'cpe'")]
        for one in all_of(connection, "cpe", keys):
            name = releases.parse_cpe(one.affected.cpe)
            if name is None:
                continue
            head = [one.flaw, releases.unescaped(name.vendor), releases.unescaped(name.product)]
            found += [[*head, version, "", "", "", ""] for version in one.affected.versions]
            for span in one.affected.ranges:
                start = "" if span.introduced in {"", "0", "-"} else span.introduced
                found.append([*head, "*", start, span.after, span.last, span.fixed])
    return found


def sbom_cve_check(scratch: Path, place: Path, feeds: Path, parts: Sequence[releases.Found]) -> tuple[Run, float]:
    """Lay the raw records out as its two databases, run it on SPDX 3; return the warm run, and the cold's seconds."""
    folder = scratch / "databases"
    _lay_out(folder, feeds)
    sbom, out = scratch / "theirs.spdx.json", scratch / "theirs.csv"
    sbom.write_text(json.dumps(_spdx3(parts)))
    command = [
        str(place / "bin" / TOOLS[1]),
        "--databases-dir",
        str(folder),
        "--offline-mode",
        "--disable-auto-updates",
    ]
    command += ["--sbom-type", "spdx3", "--sbom-path", str(sbom), "--export-type", "csv", "--export-path", str(out)]
    _, cold, _ = timed(command, {})
    _, seconds, memory = timed(command, {})
    hits: dict[bool, set[Hit]] = {True: set(), False: set()}
    versions = {str(at): f"{one.name}@{one.version}" for at, one in enumerate(parts)}
    for one in csv.DictReader(out.read_text().splitlines()):
        name = versions[one["package names"].removeprefix("part-")]
        if one["status"] in {"affected", "under_investigation"}:
            hits[one["status"] == "affected"].add((name, one["vuln-id"]))
    return Run(TOOLS[1], frozenset(hits[True]), frozenset(hits[False]), seconds, memory), cold


def _lay_out(folder: Path, feeds: Path) -> None:
    for name in ("nvd-fkie", "cvelist"):
        (folder / name).mkdir(parents=True)
        git = ["git", "-C", str(folder / name), "-c", "user.name=b", "-c", "user.email=b@localhost"]
        subprocess.run([*git, "init", "--quiet"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "feeds"], check=True)
    for path in (feeds / FEEDS[1]).rglob("CVE-*.json"):
        raw = json.loads(path.read_bytes())
        record = {"id": path.stem, "vulnStatus": "Analyzed", "lastModified": "2025-06-01T00:00:00.000", **raw["cve"]}
        into = folder / "nvd-fkie" / path.stem[:8] / f"{path.stem[:-2]}xx"
        into.mkdir(parents=True, exist_ok=True)
        (into / path.name).write_text(json.dumps(record))
    for path in (feeds / FEEDS[0]).rglob("CVE-*.json"):
        into = folder / "cvelist" / "cves" / path.parent.parent.name / path.parent.name
        into.mkdir(parents=True, exist_ok=True)
        (into / path.name).write_bytes(path.read_bytes())


def _spdx3(parts: Sequence[releases.Found]) -> dict[str, object]:
    at = {"type": "CreationInfo", "@id": "_:made", "specVersion": "3.0.1", "created": "2025-06-01T00:00:00Z"}
    packages = [
        {
            "type": "software_Package",
            "spdxId": f"https://example.org/{place}",
            "creationInfo": "_:made",
            "name": f"part-{place}",
            "software_packageVersion": one.version,
            "software_primaryPurpose": "install",
            "externalIdentifier": [
                {"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": one.cpe}
            ],
        }
        for place, one in enumerate(parts)
    ]
    maker = {"type": "Organization", "spdxId": "https://example.org/maker", "creationInfo": "_:made", "name": "maker"}
    names = [one["spdxId"] for one in packages]
    made = {"creationInfo": "_:made", "element": names}
    listed = {**made, "type": "software_Sbom", "spdxId": "https://example.org/sbom", "rootElement": names}
    document: dict[str, object] = {**made, "type": "SpdxDocument", "spdxId": "https://example.org/document"}
    document["rootElement"] = [listed["spdxId"]]
    graph: list[object] = [{**at, "createdBy": [maker["spdxId"]]}, maker, document, listed, *packages]
    return {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}


def timed(command: Sequence[str], more: dict[str, str]) -> tuple[str, float, float]:
    """Run a program; return what it printed, its seconds, and its peak of memory in MB.

    A small process starts it, since the peak of a program counts that of who started it.
    """
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _STARTER, *command],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **more},
    )
    said, _, peak = done.stdout.rpartition("\n")
    return said, time.perf_counter() - began, float(peak) / 1000


def report(scratch: Path, feeds: Path, content: bytes) -> None:
    """Print who finds what, each difference on a sample with its reason, and what each run cost."""
    print("\n### The same SBOM and the same feed rows, in two other programs\n")
    place = environment(scratch)
    if isinstance(place, str):
        print(f"Skipped: {place}.")
        return
    file = scratch / "shared.sqlite"
    for name in FEEDS:
        vulnerabilities.build_feed_file(file, feeds / name, datetime.now(UTC))
    parts = parts_of(content)
    mine, other = ours(scratch, file, parts), cve_bin_tool(scratch, place, file, parts)
    third, cold = sbom_cve_check(scratch, place, feeds, parts)
    print(
        f"{len(parts)} components with CPE of Buildroot's SBOM; CVE records and NVD's overrides. cve-bin-tool has our"
    )
    print("rows in its database, sbom-cve-check reads the records themselves. Whole commands, start-up and all.\n")
    print(f"{'program':<16} {'affected':>9} {'check':>6} {'seconds':>8} {'MB':>5}")
    for one in (mine, other, third):
        print(f"{one.name:<16} {len(one.hits):>9} {len(one.doubts):>6} {one.seconds:>8.1f} {one.memory:>5.0f}")
    print(f"\nsbom-cve-check's first run reads every record into an index of its own: {cold:.0f} s.")
    print("cve-bin-tool is slow since its only index begins with the CVE's number, and it asks by vendor and product;")
    print(f"SQLite says of its question: {other.words}. So every component reads the whole table, twice.")
    joint = mine.all & other.all & third.all
    print(f"\nAll three: {len(joint)}. Ours and cve-bin-tool: {len(mine.all & other.all)} of its {len(other.all)}.")
    print(f"Ours and sbom-cve-check: {len(mine.all & third.all)} of its {len(third.all)}.\n")
    _differences(parts, rows_by_product(file, parts), mine, (other, third))


def _differences(
    parts: Sequence[releases.Found], rows: Mapping[str, Sequence[Row]], mine: Run, others: Sequence[Run]
) -> None:
    apart = sorted({hit for other in others for hit in mine.all ^ other.all})
    drawn = sorted(random.Random(SEED).sample(apart, min(MOST_SHOWN, len(apart))))
    by_name = {f"{one.name}@{one.version}": one for one in parts}
    print(f"{len(apart)} differences, {len(drawn)} of them: who finds it (y, or ? to check), and what our rows say\n")
    print(f"| component | CVE | ours | {' | '.join(one.name for one in others)} | why |")
    print(f"|---|---|---|{'---|' * len(others)}---|")
    for hit in drawn:
        part = by_name[hit[0]]
        why = explain(hit, part, mine.said.get(hit[0], {}), rows.get(part.name, ()))
        marks = ["y" if hit in one.hits else "?" if hit in one.doubts else "no" for one in (mine, *others)]
        print(f"| {hit[0][:36]} | {hit[1]} | {' | '.join(marks)} | {why} |")
