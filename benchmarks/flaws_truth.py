"""Right answers on truth that is not ours: each source read a second time by a plain reader, and compared."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from flaws_plain import Question, by_name, questions
from flaws_sources import bitnami, csaf, oss_fuzz, overrides

from careful import releases, vulnerabilities

MOST, EACH = 3_000, 3
_SHOWN = 230


@dataclass
class Score:
    """What became of the findings that must be there, and of those that are there and need not be."""

    asked: int = 0
    sure: int = 0
    check: int = 0
    settled: int = 0
    missed: int = 0
    right: int = 0
    wrong: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    shown: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, example: str) -> None:
        """Count a kind of disagreement; the first of each kind is shown."""
        self.kinds[kind] += 1
        self.shown.setdefault(kind, example[:_SHOWN])

    def say(self, title: str, why: str) -> None:
        """Print it; `why` explains the kinds of disagreement."""
        wanted = self.sure + self.check + self.settled + self.missed
        recall = (wanted - self.missed) / wanted if wanted else 1
        stated = self.right + self.wrong
        precision = self.right / stated if stated else 1
        print(f"\n{title}")
        print(f"  {self.asked:,} components, {wanted:,} findings that must be there")
        print(
            f"  recall {recall:.2%}: {self.sure:,} affected, {self.check:,} to check, "
            f"{self.settled:,} settled by a better word, {self.missed:,} missed"
        )
        print(f"  precision {precision:.2%}: {self.right:,} of {stated:,} that are said to be affected, for sure")
        for kind, count in self.kinds.most_common():
            print(f"  {count:>6,} {kind}; such as {self.shown[kind]}")
        print(f"  {' '.join(why.split())}")


@dataclass
class Answers:
    """What was found for each component, by every name of a flaw: what stays, and what is settled."""

    held: list[dict[str, vulnerabilities.Match]]
    apart: list[dict[str, vulnerabilities.Match]]
    unmatched: Mapping[int, str]

    @classmethod
    def of(cls, found: vulnerabilities.Matched, count: int) -> "Answers":
        """Arrange what was found."""
        made = cls([{} for _ in range(count)], [{} for _ in range(count)], found.unmatched)
        for listed, into in ((found.matches, made.held), (found.settled, made.apart)):
            for one in listed:
                into[one.component].update(dict.fromkeys(one.names, one))
        return made

    def weigh_wanted(self, place: int, question: Question, score: Score) -> None:
        """Count what became of each flaw that must be there."""
        for flaw in sorted(question.wanted):
            one, other = self.held[place].get(flaw), self.apart[place].get(flaw)
            if one and one.certainty == "affected":
                score.sure += 1
                score.right += 1
            elif one:
                score.check += 1
                score.note("to check, though plainly in the range", f"{question}, {flaw}: {one.evidence}")
            elif other:
                score.settled += 1
                score.note("settled by a better word", f"{question}, {flaw}: {other.evidence}")
            else:
                score.missed += 1
                score.note("missed", f"{question}, {flaw}; {self.unmatched.get(place, 'looked up')}")

    def weigh_rest(self, place: int, question: Question, score: Score) -> None:
        """Count what is there and need not be."""
        for one in {id(one): one for one in self.held[place].values()}.values():
            told = f"{question}: {one.evidence}"
            said = "affected" if one.certainty == "affected" else "to check"
            if question.unclear.intersection(one.names):
                score.note(f"{said}, where the plain reader cannot tell", told)
            elif question.wanted.intersection(one.names):
                continue
            elif (
                question.name[0] not in {"bitnami", "generic", "pypi"}
                and f":{question.name[0]}:{question.name[1]}:" not in one.evidence
            ):
                score.note(f"{said}, listed under another name of the product", told)
            else:
                score.wrong += one.certainty == "affected"
                score.note(f"{said}, where the plain reader says no", told)


def compare(file: Path, asked: Sequence[Question], parts: Sequence[releases.Found], *, closed: bool = True) -> Score:
    """Look `parts` up and compare; `closed`: the file has nothing but what the truth was read of."""
    answers = Answers.of(vulnerabilities.look_up_in(file, parts).found, len(parts))
    score = Score(asked=len(asked))
    for place, question in enumerate(asked):
        answers.weigh_wanted(place, question, score)
        if closed:
            answers.weigh_rest(place, question, score)
    return score


def of_cpe(one: Question) -> releases.Found:
    """Make the component that is asked about, by CPE."""
    vendor, product = one.name
    return releases.Found(product, one.version, cpe=f"cpe:2.3:a:{vendor}:{product}:{one.version}:*:*:*:*:*:*:*")


def of_purl(one: Question) -> releases.Found:
    """Make the component that is asked about, by package URL."""
    kind, name = one.name
    return releases.Found(name, one.version, purl=f"pkg:{kind}/{quote(name, safe='')}@{quote(one.version, safe='')}")


def built(scratch: Path, folder: Path) -> Path:
    """Build a feed file of one source alone."""
    file = scratch / f"{folder.name}.sqlite"
    vulnerabilities.build_feed_file(file, folder, datetime.now(UTC))
    return file


def yocto(content: bytes, scratch: Path) -> None:
    """Hold the VEX statements of a Yocto SBOM against what is settled where every version is affected.

    The feed is made for it: each flaw that the SBOM speaks of, in every product of it, in every version.
    """
    graph = json.loads(content)["@graph"]
    named = {one["spdxId"]: one for one in graph if "spdxId" in one}
    told = [
        (named[package]["name"], one["from"].rpartition("/")[2], one["type"].removeprefix("security_Vex")[:5])
        for one in graph
        if one["type"].startswith("security_Vex")
        for package in one["to"]
    ]
    read = releases.read_sbom(content)
    into = {row.name: row.into or row.where for row in read.report.rows if row.outcome != "left out"}
    listed = [row for row in read.report.rows if row.outcome in {"taken", "unmatchable"}]
    place = {row.where: number for number, row in enumerate(listed)}
    products = {name.product for part in read.components for text in part.cpes if (name := releases.parse_cpe(text))}
    folder = scratch / "made"
    folder.mkdir()
    for flaw in {flaw for _, flaw, _ in told}:
        nodes = [
            {"cpeMatch": [{"vulnerable": True, "criteria": f"cpe:2.3:*:*:{product}:*:*:*:*:*:*:*:*"}]}
            for product in sorted(products)
        ]
        record = {"id": flaw, "lastModified": "2025-01-01T00:00:00Z", "configurations": [{"nodes": nodes}]}
        (folder / f"{flaw}.json").write_text(json.dumps({"cve": record}))
    found = vulnerabilities.look_up_in(built(scratch, folder), read.components).found
    settled = {(one.component, name) for one in found.settled for name in one.names}
    held = {(one.component, name) for one in found.matches for name in one.names}
    outcomes = Counter[tuple[str, str]]()
    for name, flaw, kind in told:
        spot = place.get(into.get(name, ""))
        said = "not in the image" if spot is None else _honoured((spot, flaw), settled, held)
        outcomes[{"Fixed": "fixed", "NotAf": "not affected"}.get(kind, kind), said] += 1
    print(f"\nYocto's own statements (SPDX 3): {len(told)} of {len({flaw for _, flaw, _ in told})} flaws")
    for (kind, said), count in sorted(outcomes.items()):
        print(f"  {count:>6,} {kind}: {said}")


def _honoured(one: tuple[int, str], settled: set[tuple[int, str]], held: set[tuple[int, str]]) -> str:
    if one in held:
        return "NOT honoured"
    return "honoured" if one in settled else "not looked up"


WHY = {
    "overrides": """What nobody can tell in numbers alone are other editions and targets (check: the SBOM must name its
        own) and bounds in letters or commits. A range that is upside down is to check, never silently none.
        The plain reader knows no other name of a product (libxml2:libxml2 is xmlsoft:libxml2).""",
    "all": """A CNA's word goes before a correction: what is settled here is Node.js, whose CNA lists `20.5.0 to 20.5.0`
        and calls the rest
        unaffected; it may have meant `up to 20.5.0`, and both words are shown.""",
    "bitnami": """To check: a pair that ends before it begins (7.3.0 to 6.2.18), whose meaning nobody can tell. Where
        pairs overlap (14.0.0 to 14.14.1, then 14.14.0 to 14.20.0), what either reading of the events holds is
        affected.""",
    "oss-fuzz": """Affected, where the plain reader says no: the same version under another tag (SUDO_1_9_9 and
        v1.9.9); it compares letters only. To check: a record that gives commits and lists no tag at all.""",
    "csaf": """The plain reader knows one bound in numbers; `22.10_SP9`, `All versions < V13.1` and names of a whole
        family are unclear to it. Where it says no: a document that gives a product no version means every one.""",
}


def report(scratch: Path, feeds: Path, whole: Path) -> None:
    """Print all of it; `feeds` holds a folder a source, `whole` is the feed file of all of them."""
    print("\n### Right answers, against a second plain reader of the same source\n")
    print("Components are asked about at versions that the source's own bounds name, where readings differ most.")
    folder = feeds / "nvd-overrides-to-2025"
    asked = questions(by_name(overrides(folder)), MOST, EACH, fewest=2)
    parts = [of_cpe(one) for one in asked]
    compare(built(scratch, folder), asked, parts).say("NVD's overrides, alone in a feed file", WHY["overrides"])
    compare(whole, asked, parts, closed=False).say("NVD's overrides, among all feeds", WHY["all"])
    folder = feeds / "osv-bitnami"
    asked = questions(by_name(bitnami(folder)), MOST * 2, EACH * 10)
    compare(built(scratch, folder), asked, [of_purl(one) for one in asked]).say("Bitnami's ranges", WHY["bitnami"])
    folder = feeds / "osv-oss-fuzz"
    asked = oss_fuzz(folder)
    score = compare(built(scratch, folder), asked, [of_purl(one) for one in asked])
    score.say("OSS-Fuzz: the tags that it lists one by one", WHY["oss-fuzz"])
    folder = feeds / "cisa-csaf-300"
    asked = questions(by_name(csaf(folder)), MOST * 2, EACH * 10)
    score = compare(built(scratch, folder), asked, [of_cpe(one) for one in asked])
    score.say("CISA's CSAF documents: product_status, taken in as a feed", WHY["csaf"])
