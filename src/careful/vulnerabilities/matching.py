"""From components and feed rows to findings; pure.

A component is looked up by purl, else by CPE. Advisories that speak of the same flaw are one finding under its CVE
number. What the record or the version leaves open is "check", never silence; what could not be looked up at all is
returned with its reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from careful.releases import Component, Found, parse_cpe, parse_purl, unescaped
from careful.vulnerabilities import cpe, versions
from careful.vulnerabilities.feeds.database import Row
from careful.vulnerabilities.feeds.record import Affected
from careful.vulnerabilities.model import SEVERITIES
from careful.vulnerabilities.ranges import first_fix, holds

Known = Component | Found
"""A component of a release, or one just read from an SBOM."""


@dataclass(frozen=True, slots=True)
class Match:
    """One flaw in one component (by its place in the list), with the rule that said so."""

    component: int
    flaw: str
    certainty: Literal["affected", "check"]
    severity: str
    summary: str
    rule: str
    evidence: str
    fixed_version: str


@dataclass(frozen=True, slots=True)
class Matched:
    """The outcome for a list of components; `unmatched` maps a place in the list to the reason."""

    matches: tuple[Match, ...]
    unmatched: Mapping[int, str]


def keys_of(component: Known) -> tuple[str, str] | None:
    """Return under which kind and key a component is looked up, or None where it cannot be."""
    purl = parse_purl(component.purl) if component.purl else None
    if purl:
        space = f"{purl.namespace}/" if purl.namespace else ""
        name = purl.name.replace("_", "-").replace(".", "-") if purl.type == "pypi" else purl.name
        return "purl", f"{purl.type}/{space}{name}".lower()
    named = parse_cpe(component.cpe) if component.cpe else None
    return ("cpe", unescaped(named.product)) if named else None


def match(
    components: Sequence[Known], rows: Iterable[tuple[str, Row]], coverage: frozenset[tuple[str, str]]
) -> Matched:
    """Match `components` against `rows` (each with its kind)."""
    by_key: dict[tuple[str, str], list[Row]] = {}
    for kind, row in rows:
        by_key.setdefault((kind, row.affected.key), []).append(row)
    found: list[Match] = []
    unmatched: dict[int, str] = {}
    for number, component in enumerate(components):
        where = keys_of(component)
        reason = component.reason or _uncovered(component, where, coverage)
        if reason or where is None:
            unmatched[number] = reason or "its identifier cannot be read"
            continue
        hits = [one for row in by_key.get(where, ()) if (one := _judge(number, component, row))]
        found += _merged(hits)
    return Matched(tuple(found), unmatched)


def _uncovered(component: Known, where: tuple[str, str] | None, coverage: frozenset[tuple[str, str]]) -> str:
    if where is None:
        return f"its CPE {component.cpe[:80]!r} is malformed" if component.cpe else "neither purl nor CPE is stated"
    kind, key = where
    part = key.partition("/")[0] if kind == "purl" else ""
    if (kind, part) in coverage:
        return ""
    return f"no feed here speaks of {'pkg:' + part if kind == 'purl' else 'CPE names'}"


def _judge(number: int, component: Known, row: Row) -> tuple[Match, tuple[str, ...]] | None:
    one = row.affected
    if one.kind == "cpe" and not cpe.names_fit(cpe.parse(component.cpe or ""), cpe.parse(one.cpe)):
        return None
    version = component.version or ""
    verdict, how = _in_range(version, one)
    if verdict == "no":
        return None
    certain = verdict == "yes" and not one.condition
    names = tuple(dict.fromkeys((row.flaw, *row.aliases)))
    said = f"{component.purl or component.cpe} is {how} by {row.flaw} from {row.feed}"
    return (
        Match(
            component=number,
            flaw=leading(names),
            certainty="affected" if certain else "check",
            severity=row.severity,
            summary=row.summary,
            rule=one.kind,
            evidence=f"{said}: {one.condition}" if one.condition else said,
            fixed_version=first_fix(one.ranges, version, one.scheme),
        ),
        names,
    )


def _in_range(version: str, one: Affected) -> tuple[str, str]:
    for listed in one.versions:
        if listed == version or _same(listed, version, one.scheme):
            return "yes", f"listed ({listed})"
    unreadable = ""
    for span in one.ranges:
        verdict = holds(span, version, one.scheme)
        if verdict == "yes":
            return "yes", f"in {span}"
        if verdict == "check":
            unreadable = f"perhaps in {span}, which cannot be compared"
    if unreadable:
        return "check", unreadable
    if not one.versions and not one.ranges:
        return "check", "named without a readable range"
    return "no", ""


def _same(listed: str, version: str, scheme: str) -> bool:
    try:
        return versions.key(scheme, listed) == versions.key(scheme, version)
    except (ValueError, TypeError):
        return False


def leading(names: Sequence[str]) -> str:
    """Return the name that a flaw goes by: its CVE number, else the first name."""
    return next((name for name in names if name.startswith("CVE-")), names[0])


def _merged(hits: Sequence[tuple[Match, tuple[str, ...]]]) -> list[Match]:
    """Make one finding of advisories that share any name; the surest and most severe word counts."""
    groups: list[tuple[set[str], list[Match]]] = []
    for match_, names in hits:
        joined = [group for group in groups if group[0] & set(names)]
        names_of = set(names).union(*(group[0] for group in joined))
        matches = [one for group in joined for one in group[1]] + [match_]
        groups = [group for group in groups if group not in joined] + [(names_of, matches)]
    merged = []
    for names_of, matches in groups:
        best = min(matches, key=lambda one: (one.certainty != "affected", one.fixed_version == ""))
        merged.append(
            Match(
                component=best.component,
                flaw=leading(sorted(names_of)),
                certainty=best.certainty,
                severity=min((one.severity for one in matches), key=SEVERITIES.index),
                summary=best.summary or next((one.summary for one in matches if one.summary), ""),
                rule=best.rule,
                evidence="; ".join(dict.fromkeys(one.evidence for one in matches)),
                fixed_version=best.fixed_version,
            )
        )
    return merged
