"""Findings as SARIF 2.1.0, which code hosts show beside the line they speak of (OASIS, section 3)."""

import re
from typing import Any
from urllib.parse import quote

from careful import __version__
from careful.products.lint import Finding, Report
from careful.products.lint_table import RULES

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: Report) -> dict[str, Any]:
    """Return a SARIF log with one run for one file."""
    index = {rule: number for number, rule in enumerate(RULES)}
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "defaultConfiguration": {"level": rule.level},
            "properties": {"tags": [f"careful-connections/{rule.recommendation}"]},
        }
        for rule in RULES.values()
    ]
    driver = {"name": "careful check", "version": __version__, "semanticVersion": __version__, "rules": rules}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(report.name, one, index) for one in report.findings],
            }
        ],
    }


def _result(name: str, one: Finding, index: dict[str, int]) -> dict[str, Any]:
    field = one.problem.where.removeprefix(f"{name}: ")
    return {
        "ruleId": one.rule.id,
        "ruleIndex": index[one.rule.id],
        "level": one.rule.level,
        "message": {"text": f"{field}: {one.says} {one.problem.do} ({one.rule.recommendation})"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(name)},
                    "region": {"startLine": one.problem.line or 1, "startColumn": one.column},
                },
                "logicalLocations": [{"fullyQualifiedName": field}],
            }
        ],
    }


def _uri(name: str) -> str:
    """Write a file name as a URI reference (RFC 3986): a Windows drive or a colon is no scheme."""
    return quote(re.sub(r"^\./", "", name.replace("\\", "/")), safe="/")
