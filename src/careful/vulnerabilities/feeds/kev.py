"""CISA's Known Exploited Vulnerabilities catalogue, JSON; pure."""

import re
from datetime import datetime
from typing import Any

from careful.vulnerabilities.feeds.record import Malformed, moment

_CVE = re.compile(r"CVE-\d{4}-\d{4,}")


def parse(raw: Any) -> tuple[dict[str, str], datetime | None, list[str]]:  # noqa: ANN401 (JSON is Any)
    """Return CVE -> date added, the catalogue's own date, and what was refused. Raises Malformed."""
    if not isinstance(raw, dict) or not isinstance(raw.get("vulnerabilities"), list):
        raise Malformed("$.vulnerabilities: expected a list")
    found: dict[str, str] = {}
    refused = []
    for number, one in enumerate(raw["vulnerabilities"]):
        name = one.get("cveID") if isinstance(one, dict) else None
        if isinstance(name, str) and _CVE.fullmatch(name):
            found[name] = str(one.get("dateAdded", ""))
        else:
            refused.append(f"$.vulnerabilities[{number}].cveID: expected a CVE number")
    return found, moment(raw.get("dateReleased")), refused
