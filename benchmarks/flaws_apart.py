"""Why two programs differ about one component and one CVE: by what our own feed rows and findings say of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from careful import releases
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.feeds.record import Row
from careful.vulnerabilities.feeds.rows import all_of

_MOST = 110


def explain(hit: tuple[str, str], part: releases.Found, said: Mapping[str, str], rows: Sequence[Row]) -> str:
    """Return a line: what we said of it (`said`, by flaw), or what its rows say that makes us say nothing."""
    _, flaw = hit
    if said.get(flaw):
        return _cut(said[flaw])
    if said.get(""):
        return _cut(f"not looked up: {said['']}")
    name = releases.parse_cpe(part.cpe)
    about = [one.affected for one in rows if one.flaw == flaw]
    if not about:
        return "no row names this product: theirs has a list of its own that joins products"
    mine = [one for one in about if name and _vendor(one.cpe) in {name.vendor, "*"}]
    if not mine:
        vendors = sorted({_vendor(one.cpe) for one in about})
        return _cut(f"the record is about {' and '.join(vendors)}'s, the component is {name.vendor if name else '?'}'s")
    spans = sorted({str(span) for one in mine for span in one.ranges} | {v for one in mine for v in one.versions})
    return _cut(f"{part.version} is not in {', '.join(spans)}")


def rows_by_product(file: Path, parts: Sequence[releases.Found]) -> dict[str, list[Row]]:
    """Return the rows of a feed file by product."""
    found: dict[str, list[Row]] = {}
    with database.consulted(file) as connection:
        for one in all_of(connection, "cpe", {part.name for part in parts}):
            found.setdefault(one.affected.key, []).append(one)
    return found


def _vendor(cpe: str) -> str:
    name = releases.parse_cpe(cpe)
    return name.vendor if name else ""


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
