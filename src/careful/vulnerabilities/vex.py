"""What was decided about flaws, for other programs: OpenVEX 0.2.0, CycloneDX VEX (1.6), CSV; pure.

One record, three forms. What nobody decided yet is said to be under investigation, never left out.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from careful.releases import parse_cpe, parse_purl
from careful.vulnerabilities.model import Status
from careful.vulnerabilities.said.cyclonedx import OWN_REASON

_CYCLONEDX_STATES: Mapping[Status, str] = {
    "affected": "exploitable",
    "not_affected": "not_affected",
    "fixed": "resolved",
    "under_investigation": "in_triage",
}
_CYCLONEDX_REASONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_WITHHELD = re.compile(r"\[TLP:[A-Z+]+\] ")


@dataclass(frozen=True, slots=True)
class Statement:
    """One decision on one flaw in one release; `components` are the identifiers of what carries the flaw.

    `accepted`: it affects the release, and no mend is planned for now.
    """

    flaw: str
    version: str
    status: Status
    justification: str
    statement: str
    action: str
    severity: str
    exploited: bool
    fixed_in: str
    components: tuple[str, ...]
    at: datetime
    accepted: bool = False


def product_id(product: str, version: str) -> str:
    """Return the package URL under which a release is spoken of."""
    return f"pkg:generic/{quote(product, safe='')}@{quote(version, safe='')}"


def withheld(tlp: str) -> str:
    """Return the mark of words that come of a document under the Traffic Light Protocol: they are never given out."""
    return f"[TLP:{tlp}] "


def public(words: str) -> str:
    """Return the words that may be given out: none of a document that must not be made public."""
    return "" if _WITHHELD.match(words) else words


def openvex(product: str, author: str, address: str, at: datetime, said: Sequence[Statement]) -> dict[str, Any]:
    """Return an OpenVEX document (OpenVEX specification 0.2.0); `address` is where it may be fetched."""
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": f"{address}#{int(at.timestamp())}",
        "author": author,
        "role": "Manufacturer",
        "timestamp": at.isoformat(),
        "version": 1,
        "tooling": "Careful",
        "statements": [dict(_openvex(product, one)) for one in said],
    }


def _openvex(product: str, one: Statement) -> Iterator[tuple[str, Any]]:
    yield "vulnerability", {"name": one.flaw}
    words = public(one.statement)
    parts = [_subcomponent(name) for name in one.components]
    yield "products", [{"@id": product_id(product, one.version), **({"subcomponents": parts} if parts else {})}]
    yield "status", one.status
    yield "timestamp", one.at.isoformat()
    if one.status == "not_affected":
        yield "justification", one.justification
        if words:
            yield "impact_statement", words
    elif words:
        yield "status_notes", words
    if one.status == "affected":
        yield "action_statement", public(one.action) or "An update is being prepared."


def _subcomponent(name: str) -> dict[str, Any]:
    """Return a component by its purl or CPE name; one that has neither goes by name and version."""
    if parse_purl(name):
        return {"@id": name}
    if parse_cpe(name):
        return {"identifiers": {"cpe23" if name.lower().startswith("cpe:2.3:") else "cpe22": name}}
    bare, _, version = name.rpartition("@")
    return {"@id": product_id(bare or version, version if bare else "").removesuffix("@")}


def cyclonedx(product: str, author: str, serial: str, at: datetime, said: Sequence[Statement]) -> dict[str, Any]:
    """Return a CycloneDX VEX document (ECMA-424, `vulnerabilities`); `serial` is its UUID."""
    versions = dict.fromkeys(one.version for one in said)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": at.isoformat(),
            "supplier": {"name": author},
            "tools": {"components": [{"type": "application", "name": "Careful"}]},
        },
        "components": [
            {
                "type": "firmware",
                "bom-ref": product_id(product, version),
                "name": product,
                "version": version,
                "purl": product_id(product, version),
            }
            for version in versions
        ],
        "vulnerabilities": [dict(_cyclonedx(product, one)) for one in said],
    }


def _cyclonedx(product: str, one: Statement) -> Iterator[tuple[str, Any]]:
    yield "id", one.flaw
    if one.severity != "unknown":
        yield "ratings", [{"severity": one.severity}]
    if public(one.action) or one.fixed_in:
        yield "recommendation", public(one.action) or f"Update to {one.fixed_in}."
    analysis: dict[str, Any] = {"state": _CYCLONEDX_STATES[one.status]}
    if one.status == "not_affected":
        analysis["justification"] = _CYCLONEDX_REASONS[one.justification]
    if one.status == "affected":
        left = "will_not_fix" if one.accepted else "workaround_available"
        analysis["response"] = ["update" if one.fixed_in else left]
    if public(one.statement):
        analysis["detail"] = public(one.statement)
    yield "analysis", analysis
    yield "affects", [{"ref": product_id(product, one.version)}]
    noted = [{"name": "careful:component", "value": name} for name in one.components]
    if one.status == "not_affected":
        noted.append({"name": OWN_REASON, "value": one.justification})
    if noted:
        yield "properties", noted


def table(product: str, said: Sequence[Statement]) -> str:
    """Return one line for each decision as CSV (RFC 4180); a cell that a spreadsheet would compute is quoted."""
    out = io.StringIO()
    rows = csv.writer(out)
    names = ("flaw", "version", "status", "justification", "statement", "action", "severity", "exploited")
    rows.writerow(("product", *names, "fixed_in", "components", "at"))
    for one in said:
        cells = [product, *(_cell(getattr(one, name)) for name in (*names, "fixed_in", "components"))]
        rows.writerow([_plain(cell) for cell in (*cells, one.at.isoformat())])
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else public(str(value))


def _plain(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
