"""From components and feed rows to findings; pure.

A component is looked up by every name it has: its purl, the source package its purl names, its CPE. Advisories that
speak of the same flaw are one finding under its CVE number. What the record or the version leaves open is "check",
never silence. A flaw that the SBOM itself says is patched, or does not matter, is set apart with its words.

A name is looked up where a feed covers all of its ecosystem. Where none does, single records speak only of the packages
they name. A CPE has no such registry of names, so a product that no record names may be known by another: it was not
looked up, whatever is here of NVD. What could not be looked up is returned with its reason.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from careful.releases import Component, Found, Purl, parse_cpe, parse_purl, unescaped
from careful.vulnerabilities import cpe, versions
from careful.vulnerabilities.feeds.record import Affected, Row, ecosystem_of
from careful.vulnerabilities.model import SEVERITIES
from careful.vulnerabilities.ranges import Hit, first_fix, holds

Known = Component | Found
"""A component of a release, or one just read from an SBOM."""

SETTLED = frozenset({"patched", "resolved", "resolved_with_pedigree", "false_positive", "not_affected"})
"""Words of an SBOM (CycloneDX impactAnalysisState; `patched` for a patch that names the flaw) that settle a flaw."""

_CODENAMES = {"trixie": "13", "bookworm": "12", "bullseye": "11", "buster": "10"} | {
    "noble": "24.04", "jammy": "22.04", "focal": "20.04", "bionic": "18.04"
}  # fmt: skip
_EVIDENCE = 3
_SOURCE_NAMES = ("upstream", "source")


@dataclass(frozen=True, slots=True)
class Match:
    """One flaw in one component (by its place in the list), with the rule that said so; `names` are all its ids."""

    component: int
    flaw: str
    certainty: Literal["affected", "check"]
    severity: str
    summary: str
    rule: str
    evidence: str
    fixed_version: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """The outcome for a list of components; `unmatched` maps a place in the list to the reason.

    `settled` are flaws that the SBOM's own statements settle; their evidence says how. `partly` are the places of
    components of which only single records speak, with what that means: other flaws of theirs are not known here.
    """

    matches: tuple[Match, ...]
    unmatched: Mapping[int, str]
    settled: tuple[Match, ...] = ()
    partly: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sought:
    """One name under which a component is looked up."""

    kind: Literal["purl", "cpe"]
    key: str
    text: str
    version: str
    purl: Purl | None = None

    @property
    def covered_by(self) -> tuple[str, str]:
        """Return what a feed must cover in full for this name to be looked up."""
        return self.kind, ecosystem_of(self.key) if self.kind == "purl" else ""


def names_of(component: Known) -> Iterator[Sought]:
    """Yield every name under which a component is to be looked up."""
    purl = parse_purl(component.purl) if component.purl else None
    if purl:
        version = purl.version or component.version
        yield Sought("purl", _purl_key(purl, purl.name), component.purl, version, purl)
        for name, value in purl.qualifiers:
            source = value.partition("@")[0]
            if name in _SOURCE_NAMES and source != purl.name:
                yield Sought("purl", _purl_key(purl, source), component.purl, version, purl)
    named = parse_cpe(component.cpe) if component.cpe else None
    if named:
        yield Sought("cpe", unescaped(named.product), component.cpe, cpe.version_of(named) or component.version)


def keys_of(components: Iterable[Known]) -> dict[str, set[str]]:
    """Return, for each kind of name, the keys to read from the feeds."""
    found: dict[str, set[str]] = {"purl": set(), "cpe": set()}
    for component in components:
        for sought in names_of(component):
            found[sought.kind].add(sought.key)
    return found


def match(
    components: Sequence[Known], rows: Iterable[tuple[str, Row]], coverage: frozenset[tuple[str, str]]
) -> Matched:
    """Match `components` against `rows` (each with its kind); `coverage` is what some feed covers in full."""
    by_key = _Rows.of(rows)
    found: list[Match] = []
    settled: list[Match] = []
    unmatched: dict[int, str] = {}
    partly: dict[int, str] = {}
    for number, component in enumerate(components):
        sought = list(names_of(component))
        named = [one for one in sought if by_key.name(one)]
        whole = [one for one in sought if one.covered_by in coverage and (one.kind == "purl" or one in named)]
        if component.reason or not (named or whole):
            unmatched[number] = component.reason or _uncovered(component, sought, coverage)
            continue
        if not whole:
            partly[number] = f"only single records speak of it here: no feed covers all of {_wanted(named)}"
        hits = [hit for one in sought for row in by_key.rows(one) if (hit := _judge(number, one, row, by_key))]
        for one in _merged(hits):
            said = _statement(component, one)
            (settled if said else found).append(replace(one, evidence=f"{said}; {one.evidence}") if said else one)
    return Matched(tuple(found), unmatched, tuple(settled), partly)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Feed rows by kind and key, and the vendors under each CPE product."""

    by_key: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    vendors: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, Row]]) -> "_Rows":
        made = cls()
        for kind, row in rows:
            made.by_key.setdefault((kind, row.affected.key), []).append(row)
            if kind == "cpe":
                made.vendors.setdefault(row.affected.key, set()).add(cpe.parse(row.affected.cpe).vendor)
        return made

    def rows(self, sought: Sought) -> Sequence[Row]:
        return self.by_key.get((sought.kind, sought.key), ())

    def name(self, sought: Sought) -> bool:
        """Tell whether any record may mean this very name, whatever it says of the version."""
        return any(_fits(sought, row.affected, self)[0] != "no" for row in self.rows(sought))

    def one_vendor(self, product: str) -> bool:
        return len(self.vendors.get(product, ())) == 1


def _purl_key(purl: Purl, name: str) -> str:
    if purl.type == "pypi":
        name = name.replace("_", "-").replace(".", "-")
    return "/".join(part for part in (purl.type, purl.namespace, name) if part).lower()


def _uncovered(component: Known, sought: Sequence[Sought], coverage: frozenset[tuple[str, str]]) -> str:
    if not sought:
        return "no purl and no CPE that can be read" if component.purl or component.cpe else "no purl and no CPE"
    lacking = [one for one in sought if one.covered_by not in coverage]
    reasons = [f"no feed here covers all of {_wanted(lacking)}"] if lacking else []
    return "; ".join([*reasons, "no record names it" + (" by its CPE" if not lacking else "")])


def _wanted(sought: Sequence[Sought]) -> str:
    kinds = dict.fromkeys(f"pkg:{one.covered_by[1]}" if one.kind == "purl" else "CPE names" for one in sought)
    return " or ".join(kinds)


def _judge(number: int, sought: Sought, row: Row, known: _Rows) -> Match | None:
    one = row.affected
    fits, doubt = _fits(sought, one, known)
    if fits == "no":
        return None
    verdict, how = _in_range(sought.version, one)
    if verdict == "no":
        return None
    doubts = [text for text in (one.condition, doubt) if text]
    names = tuple(dict.fromkeys((row.flaw, *row.aliases)))
    said = f"{sought.kind} {sought.text} {how} by {row.flaw} from {row.feed}"
    return Match(
        component=number,
        flaw=leading(names),
        certainty="check" if doubts or verdict == "check" else "affected",
        severity=row.severity,
        summary=row.summary,
        rule=one.kind,
        evidence=": ".join((said, *doubts)),
        fixed_version=first_fix(one.ranges, sought.version, one.scheme),
        names=names,
    )


def _fits(sought: Sought, one: Affected, known: _Rows) -> tuple[Hit, str]:
    if one.kind == "cpe":
        ours = cpe.parse(sought.text)
        fits, doubt = cpe.fit(ours, cpe.parse(one.cpe))
        only_vendor = fits == "check" and ours.vendor == cpe.ANY and known.one_vendor(one.key)
        return ("yes", "") if only_vendor and doubt.startswith("the SBOM names no vendor") else (fits, doubt)
    if not one.distro or sought.purl is None:
        return "yes", ""
    ours_is = _distro_release(sought.purl)
    wanted = one.distro.partition(":")[2]
    if not ours_is:
        return "check", f"for {one.distro.replace(':', ' ')}; the SBOM names no release of the distribution"
    return ("yes", "") if ours_is == wanted or ours_is.startswith(f"{wanted}.") else ("no", "")


def _distro_release(purl: Purl) -> str:
    """Return the release of the distribution that a purl names (`distro=debian-12` is 12), or empty."""
    named = dict(purl.qualifiers).get("distro", "")
    number = named.rpartition("-")[2].removeprefix("v")
    return _CODENAMES.get(named, number if number[:1].isdecimal() else "")


def _in_range(version: str, one: Affected) -> tuple[Hit, str]:
    for listed in one.versions:
        if listed == version or _same(listed, version, one.scheme):
            return "yes", f"is listed ({listed})"
    unclear = ""
    for span in one.ranges:
        verdict = holds(span, version, one.scheme)
        if verdict == "yes":
            return "yes", f"in {span}"
        if verdict == "check":
            unclear = f"perhaps in {span}, which cannot be read as a range"
    if unclear:
        return "check", unclear
    if not one.versions and not one.ranges:
        return "check", "named without a range that can be read"
    return "no", ""


def _same(listed: str, version: str, scheme: str) -> bool:
    try:
        return versions.key(scheme, listed) == versions.key(scheme, version)
    except ValueError:
        return False


def _statement(component: Known, found: Match) -> str:
    for said in component.statements:
        if said.flaw in found.names and said.state in SETTLED:
            return f"the SBOM says {said.state.replace('_', ' ')}" + (f" ({said.detail})" if said.detail else "")
    return ""


def _told(evidence: Sequence[str]) -> str:
    """Join the evidence, the best first, a few at most."""
    once = list(dict.fromkeys(evidence))
    more = f"; and {len(once) - _EVIDENCE} more" if len(once) > _EVIDENCE else ""
    return "; ".join(once[:_EVIDENCE]) + more


def leading(names: Sequence[str]) -> str:
    """Return the name that a flaw goes by: its CVE number, else the first name."""
    return next((name for name in names if name.startswith("CVE-")), names[0])


def _merged(hits: Sequence[Match]) -> list[Match]:
    """Make one finding of advisories that share any name; the surest and most severe word counts."""
    groups: list[tuple[set[str], list[Match]]] = []
    for hit in hits:
        joined = [group for group in groups if group[0].intersection(hit.names)]
        names = set(hit.names).union(*(group[0] for group in joined))
        matches = [one for group in joined for one in group[1]] + [hit]
        groups = [group for group in groups if group not in joined] + [(names, matches)]
    merged = []
    for names, matches in groups:
        best = min(matches, key=lambda one: (one.certainty != "affected", one.fixed_version == ""))
        merged.append(
            replace(
                best,
                flaw=leading(sorted(names)),
                severity=min((one.severity for one in matches), key=SEVERITIES.index),
                summary=best.summary or next((one.summary for one in matches if one.summary), ""),
                evidence=_told([best.evidence, *(one.evidence for one in matches)]),
                names=tuple(sorted(names)),
            )
        )
    return merged
