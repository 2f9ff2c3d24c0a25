"""What the records say of one component and one flaw, and whose word holds; pure.

Each row gives a verdict: yes, no, for a person to check, or nothing at all. The first that speaks clearly decides, in
this order: the product's vendor or the CVE's own numbering authority, corrections, NVD, CISA, other lists. A range that
nobody can read hands on to the next; where no list speaks clearly a person must look. What the others say against it
is shown beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from careful.releases import Purl
from careful.vulnerabilities import cpe
from careful.vulnerabilities.feeds.record import Affected, Row, Source
from careful.vulnerabilities.feeds.supplied import distro_release
from careful.vulnerabilities.model import SEVERITIES
from careful.vulnerabilities.ranges import Hit, first_fix, holds, listed

RANKS: dict[Source, int] = {"vendor": 5, "cna": 5, "override": 4, "nvd": 3, "adp": 2, "feed": 1}
WHOSE: dict[Source, str] = {
    "vendor": "the vendor",
    "cna": "the CVE's own authority",
    "override": "a correction",
    "nvd": "NVD",
    "adp": "CISA",
    "feed": "the feed",
}
_EVIDENCE = 3
_BLANKET = "it names no version, and may mean all or some"


@dataclass(frozen=True, slots=True)
class Sought:
    """One name under which a component is looked up."""

    kind: Literal["purl", "cpe"]
    key: str
    text: str
    version: str
    purl: Purl | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one row says of one name; `doubts` are why it is not sure."""

    hit: Hit
    sought: Sought
    row: Row
    how: str
    doubts: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return every id of its flaw."""
        return (self.row.flaw, *self.row.aliases)

    @property
    def rank(self) -> int:
        """Return how far its word goes."""
        return RANKS[self.row.affected.source]

    @property
    def says(self) -> str:
        """Return the evidence as text."""
        said = f"{self.sought.kind} {self.sought.text} {self.how} by {self.row.record} from {self.row.feed}"
        return ": ".join((said, *self.doubts))


@dataclass(frozen=True, slots=True)
class Match:
    """One flaw in one component (by its place in the list), with the rule that said so; `names` are all its ids.

    `against` is what other lists say otherwise, empty where they agree; `files` are the source files at fault, where a
    record names them; `record`, `span` and `words` are whose word leads and what it says, `provenance` in which
    document. `built` are the files at fault that were compiled, None where no list of compiled files is here.
    """

    component: int
    flaw: str
    certainty: Literal["affected", "check"]
    severity: str
    summary: str
    rule: str
    evidence: str
    fixed_version: str
    names: tuple[str, ...] = ()
    feed: str = ""
    source: Source = "feed"
    against: str = ""
    files: tuple[str, ...] = ()
    record: str = ""
    span: str = ""
    built: tuple[str, ...] | None = None
    words: str = ""
    provenance: str = ""


def judge(sought: Sought, row: Row, *, lone_vendor: bool) -> Verdict | None:
    """Say what a row says of a name, None where it is about something else or says nothing.

    `lone_vendor`: only one vendor has such a product, so that a name without vendor means it.
    """
    one = row.affected
    fits, doubt = _fits(sought, one, lone_vendor=lone_vendor)
    if fits == "no":
        return None
    hit, how = in_range(sought.version, one)
    if hit is None:
        return None
    doubts = tuple(text for text in (one.condition, doubt, _BLANKET if _is_blanket(one) else "") if text)
    if hit == "no":
        return Verdict("no", sought, row, how) if fits == "yes" else None
    return Verdict("check" if doubts else hit, sought, row, how, doubts)


def _is_blanket(one: Affected) -> bool:
    """Tell whether CISA names a product and no version: it does so where it has not looked for one."""
    return one.source == "adp" and not one.versions and bool(one.ranges) and all(span.is_open for span in one.ranges)


def names(sought: Sought, one: Affected, *, lone_vendor: bool) -> bool:
    """Tell whether a row may mean this very name, whatever it says of the version."""
    return _fits(sought, one, lone_vendor=lone_vendor)[0] != "no"


def decide(component: int, verdicts: Sequence[Verdict]) -> tuple[list[Match], list[Match]]:
    """Return what affects or may affect the component, and what a better word rules out."""
    hits = [one for one in verdicts if one.hit != "no"]
    denied = _by_name(one for one in verdicts if one.hit == "no") if hits else {}
    held: list[Match] = []
    ruled_out: list[Match] = []
    for flaw_names, said in _together(hits):
        noes = list(dict.fromkeys(one for name in sorted(flaw_names) for one in denied.get(name, ())))
        match, holds_ = _weigh(component, flaw_names, said, noes)
        (held if holds_ else ruled_out).append(match)
    return held, ruled_out


def _by_name(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for one in verdicts:
        for name in one.names:
            found.setdefault(name, []).append(one)
    return found


def in_range(version: str, one: Affected) -> tuple[Hit | None, str]:
    """Tell whether a row says that the version is affected; None where it says nothing of it."""
    hit, how = _named(version, one)
    if hit == "yes" or (hit == "no" and one.closed):
        return hit, how
    fine = next((span for span in one.fine if holds(span, version, one.scheme) == "yes"), None)
    if fine:
        return "no", f"is said to be fine, in {fine},"
    if hit == "check":
        return hit, how
    if not one.versions and not one.ranges:
        return (None, "") if one.fine else ("check", "named without a range that can be read")
    return (None, "") if one.condition or one.source in {"cna", "adp"} else (hit, how)


def _named(version: str, one: Affected) -> tuple[Hit, str]:
    """Tell whether the version is among those that a row names as affected."""
    hit = listed(one.versions, version, one.scheme) if one.versions else "no"
    if hit == "yes":
        return "yes", "is listed"
    unclear = "" if hit == "no" else "perhaps among those listed, which cannot be compared"
    for span in one.ranges:
        verdict = holds(span, version, one.scheme)
        if verdict == "yes":
            return "yes", f"in {span}"
        if verdict == "check":
            unclear = f"perhaps in {span}, which cannot be read as a range"
    return ("check", unclear) if unclear else ("no", "is in none of the affected ranges")


def leading(names: Sequence[str]) -> str:
    """Return the name that a flaw goes by: its CVE number, else the first name."""
    return next((name for name in names if name.startswith("CVE-")), names[0])


def _weigh(
    component: int, names: frozenset[str], hits: Sequence[Verdict], noes: Sequence[Verdict]
) -> tuple[Match, bool]:
    """Find the first clear word, by rank; return the finding and whether it holds."""
    clear = max((one.rank for one in hits if one.hit == "yes"), default=0)
    doubted = {_said_in(one) for one in hits if one.hit == "check"}
    noes = [one for one in noes if _said_in(one) not in doubted]
    denied = max((one.rank for one in noes), default=0)
    ruled_out = denied > clear
    best = min(hits, key=lambda one: (one.hit != "yes", -one.rank, _fix_of(one) == ""))
    told = _told([one.says for one in (best, *hits)])
    others = [f"{WHOSE[one.row.affected.source]} says no: {one.says}" for one in noes]
    if ruled_out:
        told = f"{_told(others)}; against {told}"
    first = best.row
    return Match(
        component=component,
        flaw=leading(sorted(names)),
        certainty="affected" if clear else "check",
        severity=min((one.row.severity for one in hits), key=SEVERITIES.index),
        summary=first.summary or next((one.row.summary for one in hits if one.row.summary), ""),
        rule=first.affected.kind,
        evidence=told,
        fixed_version=_fix_of(best) or next((fix for one in hits if (fix := _fix_of(one))), ""),
        names=tuple(sorted(names)),
        feed=first.feed,
        source=first.affected.source,
        against=_told(others) if others and not ruled_out else "",
        files=tuple(sorted({name for one in hits for name in one.row.affected.files})),
        record=first.record,
        span=best.how,
        words=first.summary,
        provenance=first.provenance,
    ), not ruled_out


def _said_in(one: Verdict) -> tuple[str, str, Source]:
    """Return whose word it is, and in which record: what it leaves open in a place, it does not deny in another."""
    return one.row.feed, one.row.record, one.row.affected.source


def _together(hits: Sequence[Verdict]) -> list[tuple[frozenset[str], list[Verdict]]]:
    """Group verdicts of advisories that share any name, also by way of a third, in the order of the first of each."""
    leads: dict[str, str] = {}

    def lead(name: str) -> str:
        while (above := leads.setdefault(name, name)) != name:
            leads[name] = leads[above]  # halve the way, so that long chains stay short
            name = above
        return name

    for hit in hits:
        first = lead(hit.names[0])
        for name in hit.names[1:]:
            leads[lead(name)] = first
    groups: dict[str, list[Verdict]] = {}
    for hit in hits:
        groups.setdefault(lead(hit.names[0]), []).append(hit)
    return [(frozenset(name for one in members for name in one.names), members) for members in groups.values()]


def _fits(sought: Sought, one: Affected, *, lone_vendor: bool) -> tuple[Hit, str]:
    if one.kind == "cpe":
        ours = cpe.parse(sought.text)
        fits, doubt = cpe.fit(ours, cpe.parse(one.cpe))
        only_vendor = fits == "check" and ours.vendor == cpe.ANY and lone_vendor
        return ("yes", "") if only_vendor and doubt.startswith("the SBOM names no vendor") else (fits, doubt)
    if not one.distro or sought.purl is None:
        return "yes", ""
    ours_is = _distro_release(sought.purl)
    wanted = one.distro.partition(":")[2]
    if not ours_is:
        return "check", f"for {one.distro.replace(':', ' ')}; the SBOM names no release of the distribution"
    return ("yes", "") if ours_is == wanted or ours_is.startswith(f"{wanted}.") else ("no", "")


def _distro_release(purl: Purl) -> str:
    """Return the release of the distribution that a purl names, or empty where it names none by number."""
    number = distro_release(dict(purl.qualifiers).get("distro", ""))
    return number if number[:1].isdecimal() else ""


def _fix_of(one: Verdict) -> str:
    return first_fix(one.row.affected.ranges, one.sought.version, one.row.affected.scheme)


def _told(evidence: Sequence[str]) -> str:
    """Join the evidence, the best first, a few at most."""
    once = list(dict.fromkeys(evidence))
    more = f"; and {len(once) - _EVIDENCE} more" if len(once) > _EVIDENCE else ""
    return "; ".join(once[:_EVIDENCE]) + more
