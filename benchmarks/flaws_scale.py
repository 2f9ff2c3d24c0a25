"""A day's new records, thousands of releases at once, and SBOMs that mean harm: seconds and memory."""

import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flaws_peers import timed
from table import row

from careful import releases, vulnerabilities

CHANGED, RELEASES, EACH, KINDS = 500, 2_000, 300, 3_000
SEED = 7
_HEAD = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}


def day(scratch: Path, feeds: Path, file: Path) -> float:
    """Take records in again that changed since: their date is a day later, their words are new; return seconds."""
    drawn = random.Random(SEED).sample(sorted((feeds / "cve5-vulnrichment").rglob("CVE-*.json")), CHANGED)
    folder = scratch / "day"
    folder.mkdir()
    for path in drawn:
        raw = json.loads(path.read_bytes())
        raw["cveMetadata"]["dateUpdated"] = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        raw["containers"]["cna"]["title"] = "changed"
        (folder / path.name).write_text(json.dumps(raw))
    began = time.perf_counter()
    vulnerabilities.build_feed_file(file, folder, datetime.now(UTC))
    return time.perf_counter() - began


def many(file: Path, parts: list[releases.Found]) -> tuple[float, int]:
    """Look up what 2,000 releases hold: each distinct component once, as an installation does; return seconds, hits."""
    draw = random.Random(SEED)
    kinds = [
        releases.Found(
            one.name, f"{one.version}.{at}", cpe=one.cpe.replace(f":{one.version}:", f":{one.version}.{at}:")
        )
        for at in range(-(-KINDS // len(parts)))
        for one in parts
    ][:KINDS]
    held = [draw.sample(range(KINDS), EACH) for _ in range(RELEASES)]
    began = time.perf_counter()
    found = vulnerabilities.look_up_in(file, kinds).found
    by_part: dict[int, list[vulnerabilities.Match]] = {}
    for one in found.matches:
        by_part.setdefault(one.component, []).append(one)
    hits = sum(len(by_part.get(part, ())) for listed in held for part in listed)
    return time.perf_counter() - began, hits


def harmful() -> dict[str, str]:
    """Return SBOMs that mean harm, by what they are."""
    nameless = [{"type": "library", "name": f"a{at}", "version": "1", "supplier": {"name": f"s{at}"}}
                for at in range(100_000)]  # fmt: skip
    cpe = "cpe:2.3:a:haxx:curl:7.{}:*:*:*:*:*:*:*"
    same = [{"type": "library", "name": f"c{at}", "version": f"7.{at}", "cpe": cpe.format(at)} for at in range(5_000)]
    strange = [{"type": "library", "name": "cu\u202erl\u0000", "version": "\u0667.\u0666", "cpe": cpe.format("\u0666")},
               {"type": "library", "name": "x" * 500_000, "version": "9" * 5_000}]  # fmt: skip
    circle = [{"type": "library", "bom-ref": "a", "name": "a", "version": "1"}]
    million = ",".join(f'{{"name":"a{at}"}}' for at in range(1_000_000))
    deep = '[{"name":"a","components":' * 2_000 + "[]" + "}]" * 2_000
    return {
        "a million components": f'{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{million}]}}',
        "100,000 with supplier and name alone": json.dumps({**_HEAD, "components": nameless}),
        "5,000 of one product with many flaws": json.dumps({**_HEAD, "components": same}),
        "hostile Unicode, endless names": json.dumps({**_HEAD, "components": strange}),
        "a component that needs itself": json.dumps(
            {**_HEAD, "components": circle, "dependencies": [{"ref": "a", "dependsOn": ["a"]}]}
        ),
        "nested 2,000 deep": f'{{"bomFormat":"CycloneDX","specVersion":"1.6","components":{deep}}}',
    }


def report(scratch: Path, feeds: Path, file: Path, parts: list[releases.Found]) -> None:
    """Print it; the feed file is changed."""
    print("\n### At scale, and against harm\n")
    seconds, hits = many(file, parts)
    row(f"{RELEASES:,} releases of {EACH}, {KINDS:,} kinds", [seconds], "s")
    print(f"    {hits:,} findings, each kind looked up once and given to the releases that hold it")
    for name, content in harmful().items():
        path = scratch / "harm.json"
        path.write_text(content)
        scan = [sys.executable, "-m", "careful.assemble", "scan", "--feed", str(file), "--format", "json", str(path)]
        _, seconds, memory = timed(scan, {})
        row(f"{name}: {memory:,.0f} MB at most", [seconds], "s")
    row(f"a day: {CHANGED} records that changed", [day(scratch, feeds, file)], "s", "< 10")
