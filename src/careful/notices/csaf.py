"""An advisory as CSAF 2.0 (ISO/IEC 20153:2025), profile "Security Advisory" (section 4.4); pure."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from careful.kernel.clock import iso
from careful.kernel.database import canonical_json
from careful.notices.model import Advisory

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_SEVERITY = {"low": "Low", "medium": "Moderate", "high": "Important", "critical": "Critical"}
"""CSAF's aggregate severity is free text; these are the words of its own example (section 3.2.1.2)."""


def document(
    advisory: Advisory, *, maker: str, namespace: str, at: datetime, url: str, planned: bool = True
) -> dict[str, Any]:
    """Return the CSAF document. `at` is the moment of publication, `url` where the file will be.

    `planned`: a fix that is not there yet will come; else its risk is accepted for now.
    """
    published = iso(at)
    return {
        "document": {
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "distribution": {"text": "This advisory may be shared freely.", "tlp": {"label": "WHITE"}},
            "lang": "en",
            "title": advisory.title,
            "publisher": {"category": "vendor", "name": maker, "namespace": namespace},
            **(
                {"aggregate_severity": {"text": _SEVERITY[advisory.severity]}} if advisory.severity in _SEVERITY else {}
            ),
            "notes": [
                {"category": "summary", "title": "What happened", "text": advisory.summary, "audience": "owners"},
                {"category": "general", "title": "What to do", "text": advisory.action, "audience": "owners"},
            ],
            "references": [{"category": "self", "summary": "This advisory in CSAF", "url": url}],
            "tracking": {
                "id": advisory.id,
                "status": "final",
                "version": "1",
                "initial_release_date": published,
                "current_release_date": published,
                "generator": {"engine": {"name": "Careful"}, "date": published},
                "revision_history": [{"date": published, "number": "1", "summary": "First publication"}],
            },
        },
        "product_tree": {"branches": [_branch(advisory, maker)]},
        "vulnerabilities": [_vulnerability(advisory, planned=planned)],
    }


def encode(document: dict[str, Any]) -> bytes:
    """Return the bytes that are published and whose digest goes into the ledger."""
    return (canonical_json(document) + "\n").encode()


def product_id(advisory: Advisory, version: str) -> str:
    """Return the id of one version within the document."""
    return f"{advisory.product}-{version}"


def _versions(advisory: Advisory) -> list[str]:
    return sorted({*advisory.affected, *([advisory.fixed_in] if advisory.fixed_in else [])})


def _branch(advisory: Advisory, maker: str) -> dict[str, Any]:
    versions = [
        {
            "category": "product_version",
            "name": version,
            "product": {
                "name": f"{maker} {advisory.product_name} {version}",
                "product_id": product_id(advisory, version),
                "product_identification_helper": {
                    "model_numbers": [advisory.model],
                    "purl": f"pkg:generic/{quote(advisory.product, safe='')}@{quote(version, safe='')}",
                },
            },
        }
        for version in _versions(advisory)
    ]
    return {
        "category": "vendor",
        "name": maker,
        "branches": [{"category": "product_name", "name": advisory.product_name, "branches": versions}],
    }


def _vulnerability(advisory: Advisory, *, planned: bool) -> dict[str, Any]:
    affected = [product_id(advisory, version) for version in sorted(advisory.affected)]
    status: dict[str, Any] = {"known_affected": affected}
    left = "none_available" if planned else "no_fix_planned"
    remedy: dict[str, Any] = {"category": left, "details": advisory.action, "product_ids": affected}
    if advisory.fixed_in:
        fixed = [product_id(advisory, advisory.fixed_in)]
        status |= {"first_fixed": fixed, "fixed": fixed}
        remedy = {"category": "vendor_fix", "details": advisory.action, "product_ids": affected}
    named: dict[str, Any] = (
        {"cve": advisory.flaw}
        if _CVE.fullmatch(advisory.flaw)
        else {"ids": [{"system_name": advisory.flaw.partition("-")[0], "text": advisory.flaw}]}
    )
    threats = (
        {
            "threats": [
                {
                    "category": "exploit_status",
                    "details": "Listed as known to be exploited, in other products.",
                    "product_ids": affected,
                }
            ]
        }
        if advisory.exploited
        else {}
    )
    return {
        **named,
        "notes": [{"category": "description", "text": advisory.summary}],
        "product_status": status,
        "remediations": [remedy],
        **threats,
    }
