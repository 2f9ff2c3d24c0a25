"""What a scan found, as one answer: findings, and every component with its outcome; as JSON and as SARIF 2.1.0.

Others script against the names used here (docs/flaws.md); they stay.
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from careful import __version__, releases, vulnerabilities

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "none": "note"}
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True)
class Report:
    """One scan. `pinned`: a feed file was named; whoever names one has chosen what to look in, and how old it is."""

    name: str
    read: releases.Sbom
    looked: vulnerabilities.Looked
    fresh: bool
    pinned: bool = False

    @cached_property
    def findings(self) -> list[dict[str, Any]]:
        """Return the flaws that are or may be there: exploited ones first, then by surety and severity."""
        ranked = sorted(self.looked.found.matches, key=self._rank)
        return [self._finding(one, "affected" if one.certainty == "affected" else "check") for one in ranked]

    @cached_property
    def settled(self) -> list[dict[str, Any]]:
        """Return the flaws that the SBOM itself, or a better word than that of the list, rules out."""
        return [self._finding(one, "not_affected") for one in sorted(self.looked.found.settled, key=self._rank)]

    @cached_property
    def components(self) -> list[dict[str, Any]]:
        """Return every component of the SBOM with what became of it, and why."""
        found = self.looked.found
        listed = []
        place = -1
        for row in self.read.report.rows:
            outcome, reason, identifier = row.outcome, row.reason, ""
            if outcome in {"taken", "unmatchable"}:
                place += 1
                identifier = self.read.components[place].purl or self.read.components[place].cpe
                if place in found.unmatched:
                    said = "not looked up", found.unmatched[place]
                elif place in found.partly:
                    said = "looked up in part", found.partly[place]
                else:
                    said = "looked up", ""
            else:
                said = outcome, reason
            shown = {"name": row.name, "version": row.version, "identifier": identifier, "where": row.where}
            listed.append({**shown, "outcome": said[0], "reason": said[1]})
        return listed

    @property
    def looked_up(self) -> int:
        """Return how many components could be looked up, in part at least."""
        return len(self.read.components) - len(self.looked.found.unmatched)

    @property
    def known(self) -> bool:
        """Tell whether the answer is one: nothing looked up is no comfort, nor are feeds that are old or a few records.

        Of a feed file that is chosen, the words say how old it is and how much it covers; `strict` judges that too.
        """
        return self.looked_up > 0 if self.pinned else self.fresh and self.looked_up > len(self.looked.found.partly)

    @property
    def has_gaps(self) -> bool:
        """Tell whether anything could not be looked up, or not in full, or only as it was known some time ago."""
        return bool(self.looked.found.unmatched or self.looked.found.partly) or not self.fresh

    def at_or_above(self, bar: str) -> bool:
        """Tell whether there is a flaw that is exploited, or as severe as `bar`; an unknown severity counts as high."""
        if bar == "any":
            return bool(self.findings)
        if any(one["exploited"] for one in self.findings):
            return True
        order = vulnerabilities.SEVERITIES
        worst = order.index(bar) if bar in order else -1
        severities = ("high" if one["severity"] == "unknown" else one["severity"] for one in self.findings)
        return any(order.index(one) <= worst for one in severities)

    @property
    def says(self) -> str:
        """Return the answer in one sentence."""
        found = self.looked.found
        if not self.looked.generation:
            return "Not known: there is no feed of known flaws here. Run: careful feeds sync"
        if not self.looked_up:
            return "Not known: no component could be looked up."
        sure = sum(1 for one in found.matches if one.certainty == "affected")
        left = f"{len(found.unmatched)} could not be looked up."
        if found.partly:
            left = f"{len(found.partly)} of them in single records only; {left}"
        if found.matches:
            maybe = len(found.matches) - sure
            said = f"{sure} known flaws, {maybe} that a person must check, in {self.looked_up} components; {left}"
            return said if self.fresh else f"{said} {self._since}"
        if not self.pinned and self.looked_up == len(found.partly):
            return f"Not known: no feed covers any component's ecosystem in full; {left} Run: careful feeds sync"
        if not self.fresh:
            return f"Not known: no flaw in {self.looked_up} components; {left} {self._since}"
        return f"No known flaw in {self.looked_up} components; {left}"

    @property
    def _since(self) -> str:
        oldest = min((as_of for _, as_of in self.looked.ages.values()), default=None)
        if not self.pinned or oldest is None:
            return "A feed is too old. Run: careful feeds sync"
        return f"The feed file is too old: of what became known since {oldest:%Y-%m-%d} it knows only a part."

    def as_dict(self) -> dict[str, Any]:
        """Return the whole answer, JSON-ready."""
        found = self.looked.found
        return {
            "says": self.says,
            "sbom": self.name,
            "format": self.read.report.format,
            "feeds": [
                {"feed": feed, "records": records, "as_of": as_of}
                for feed, (records, as_of) in self.looked.ages.items()
            ],
            "feeds_fresh": self.fresh,
            "counts": {
                "components": len(self.read.components),
                "looked_up": self.looked_up,
                "looked_up_in_part": len(found.partly),
                "not_looked_up": len(found.unmatched),
                "findings": len(self.findings),
                "settled": len(self.settled),
            },
            "findings": self.findings,
            "settled": self.settled,
            "components": self.components,
            "remarks": [asdict(one) for one in self.read.report.remarks],
            "statements": [asdict(one) for one in self.looked.lines],
        }

    def _rank(self, one: vulnerabilities.Match) -> tuple[bool, bool, int, str, int]:
        severity = vulnerabilities.SEVERITIES.index(one.severity)
        return one.flaw not in self.looked.exploited, one.certainty != "affected", severity, one.flaw, one.component

    def _finding(self, one: vulnerabilities.Match, state: str) -> dict[str, Any]:
        part = self.read.components[one.component]
        score = self.looked.scores.get(one.flaw)
        return {
            "component": part.name,
            "version": part.version,
            "identifier": part.purl or part.cpe,
            "vulnerability": one.flaw,
            "aliases": [name for name in one.names if name != one.flaw],
            "state": state,
            "reason": one.evidence,
            "against": one.against,
            "matched_by": one.rule,
            "feed": one.feed,
            "record": one.record,
            "licence": vulnerabilities.licence_of(one.feed, one.record),
            "provenance": one.provenance,
            "severity": one.severity,
            "exploited": one.flaw in self.looked.exploited,
            "epss": score[0] if score else None,
            "fixed_version": one.fixed_version or None,
            "summary": one.summary,
        }


def sarif(report: Report) -> dict[str, Any]:
    """Return the findings as a SARIF log (OASIS SARIF 2.1.0, section 3), one rule for each flaw.

    A flaw in a component is the same finding in the next version of it (section 3.27.17).
    """
    first = {one["vulnerability"]: one for one in reversed(report.findings)}
    rules = [
        {
            "id": flaw,
            "shortDescription": {"text": one["summary"] or flaw},
            "properties": {"tags": ["security", *(["exploited"] if one["exploited"] else [])]},
        }
        for flaw, one in sorted(first.items())
    ]
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [
        {
            "ruleId": one["vulnerability"],
            "ruleIndex": index[one["vulnerability"]],
            "level": "error" if one["exploited"] else _LEVELS.get(one["severity"], "warning"),
            "message": {"text": f"{one['component']} {one['version']}: {one['reason']}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": report.name}}}],
            "partialFingerprints": {"flawInComponent/v1": f"{one['vulnerability']} in {one['component']}"},
        }
        for one in report.findings
    ]
    driver = {"name": "careful scan", "version": __version__, "semanticVersion": __version__, "rules": rules}
    return {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
