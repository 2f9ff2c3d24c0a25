"""CISA's Known Exploited Vulnerabilities catalogue, JSON; pure."""

import re
from datetime import datetime
from typing import Any

from careful.vulnerabilities.feeds.record import Malformed, moment

_CVE = re.compile(r"CVE-\d{4}-\d{4,}")


def parse(raw: Any) -> tuple[dict[str, str], datetime, list[str]]:  # noqa: ANN401 (JSON is Any)
    """Return CVE -> date added, the catalogue's own date, and what was refused of it.

    The catalogue replaces the one before, so that what it leaves out counts as exploited no more. Raises Malformed for
    one that is empty, undated, or not of the length that it states.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("vulnerabilities"), list):
        raise Malformed("$.vulnerabilities: expected a list")
    listed, count, released = len(raw["vulnerabilities"]), raw.get("count"), moment(raw.get("dateReleased"))
    if not listed:
        raise Malformed("$.vulnerabilities: it is empty, and an empty catalogue would unmark every exploited flaw")
    if not isinstance(count, int) or count != listed:
        said = count if isinstance(count, int) else "nothing"
        raise Malformed(f"$.count: it says {said}, and the catalogue lists {listed}: it is not whole")
    if released is None:
        raise Malformed("$.dateReleased: expected a date")
    found: dict[str, str] = {}
    refused = []
    for number, one in enumerate(raw["vulnerabilities"]):
        name = one.get("cveID") if isinstance(one, dict) else None
        if isinstance(name, str) and _CVE.fullmatch(name):
            found[name] = str(one.get("dateAdded", ""))
        else:
            refused.append(f"$.vulnerabilities[{number}].cveID: expected a CVE number")
    return found, released, refused
