"""EPSS: how likely a flaw is to be exploited in the next 30 days, as FIRST publishes it (CSV); pure."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime

from careful.vulnerabilities.feeds.record import Malformed, moment

_CVE = re.compile(r"CVE-\d{4}-\d{4,}")
_DATED = re.compile(r"score_date:([0-9T:+Z-]+)")


def parse(text: str) -> tuple[dict[str, tuple[float, float]], datetime, list[str]]:
    """Return CVE -> (score, percentile), the day of the scores, and what was refused. Raises Malformed."""
    first, _, rest = text.lstrip().partition("\n")
    dated = _DATED.search(first) if first.startswith("#") else None
    day = moment(dated[1]) if dated else None
    if day is None:
        raise Malformed("line 1: expected #model_version:…,score_date:…")
    rows = csv.reader(io.StringIO(rest))
    try:
        return _rows(rows, day)
    except csv.Error as wrong:
        raise Malformed(f"line {rows.line_num + 1}: {wrong}") from wrong


def _rows(rows: Iterator[list[str]], day: datetime) -> tuple[dict[str, tuple[float, float]], datetime, list[str]]:
    if next(rows, [])[:3] != ["cve", "epss", "percentile"]:
        raise Malformed("line 2: expected cve,epss,percentile")
    found: dict[str, tuple[float, float]] = {}
    refused = []
    for number, row in enumerate(rows, 3):
        try:
            name, score, percentile = row[0], float(row[1]), float(row[2])
        except (IndexError, ValueError):
            name, score, percentile = "", 0.0, 0.0
        if _CVE.fullmatch(name) and 0 <= score <= 1 and 0 <= percentile <= 1:
            found[name] = (score, percentile)
        elif row:
            refused.append(f"line {number}: expected a CVE number and two numbers from 0 to 1")
    return found, day, refused
