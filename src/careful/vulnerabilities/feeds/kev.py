"""CISA's Known Exploited Vulnerabilities catalogue, JSON or CSV; pure."""

import csv
import io
import re
from datetime import datetime
from typing import Any

from careful.vulnerabilities.feeds.record import Malformed, moment

_CVE = re.compile(r"CVE-\d{4}-\d{4,}")


def parse(raw: Any) -> tuple[dict[str, str], datetime, list[str]]:  # noqa: ANN401 (JSON is Any)
    """Return CVE -> date added, the catalogue's own date, and what was refused of it.

    The catalogue replaces the one before, so that what it leaves out counts as exploited no more. Raises Malformed for
    one that is empty, undated, or not of the length that it states. A table (CSV) states neither date nor length: it is
    as young as its youngest entry, and only adds.
    """
    if isinstance(raw, str):
        return _of_table(raw)
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


def _of_table(text: str) -> tuple[dict[str, str], datetime, list[str]]:
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    found: dict[str, str] = {}
    refused = []
    try:
        for row in rows:
            name, added = row.get("cveID"), row.get("dateAdded")
            if name and added and _CVE.fullmatch(name) and moment(added):
                found[name] = added
            else:
                refused.append(f"line {rows.line_num}: expected a CVE number (cveID) and a date (dateAdded)")
    except csv.Error as wrong:
        raise Malformed(f"line {rows.line_num + 1}: {wrong}") from wrong
    dates = [at for one in found.values() if (at := moment(one))]
    if not dates:
        raise Malformed("line 2: no entry with a CVE number (cveID) and a date (dateAdded)")
    return found, max(dates), refused


def is_whole(raw: object) -> bool:
    """Tell whether a catalogue proves to be all of it: a table proves nothing."""
    return not isinstance(raw, str)
