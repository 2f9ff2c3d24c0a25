"""Through whom a copy came: by what was planted in each set, or by its values alone as far as these can tell. Pure.

Every set holds persons who do not exist, other ones for each recipient. Their ids and addresses name the set for sure.
Without them the values are left: each set repeats other rows, so the same rows come in other numbers. A file that was
taken from a set holds no row more often than the set does.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from careful.customer_data.deidentify import PERSON

RECORD, CONTACT = "record", "contact"
MARKS = (RECORD, PERSON, CONTACT)
KINDS_MOST = 20_000
"""Different rows of a set whose numbers are kept; of a set with more, only marks and planted rows can tell."""
TAG = 10
"""Characters by which an address names its set."""
_LINE_LONGEST = 1 << 20
_ADDRESS = re.compile(rb"([0-9a-f]{%d})[0-9a-f]{12}@" % TAG)
Sure = Literal["mark", "address", "whole", "only", "possible", "hint"]
SURE: Mapping[Sure, str] = {
    "mark": "sure: ids of persons who exist in this set alone",
    "address": "sure: addresses that were written into this set alone",
    "whole": "as good as sure: row for row this set by its values, and no other that was handed out",
    "only": "likely: of all sets that were handed out, only this one can hold these rows",
    "possible": "open: this set can hold these rows, and so can others",
    "hint": "a hint: rows like planted ones, beside others that are of no set",
}
"""How sure it is, in words; the surest first."""
Values = tuple[tuple[str, str], ...]
"""The values of a row without its marks, by field."""


@dataclass(frozen=True, slots=True)
class Made:
    """What is kept of a set: its planted rows, how often it has which values (None: too many kinds), its tag."""

    planted: Sequence[Mapping[str, Any]]
    counts: Counter[Values] | None
    tag: str = ""

    def kept(self) -> dict[str, object]:
        """Return this as JSON values."""
        counts = None if self.counts is None else [[dict(values), number] for values, number in self.counts.items()]
        return {"planted": [dict(row) for row in self.planted], "counts": counts, "tag": self.tag}


@dataclass(slots=True)
class Found:
    """What a file holds: rows by their values, the ids in them, and the tags of addresses anywhere in it."""

    counts: Counter[Values] = field(default_factory=Counter)
    marks: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Match:
    """How a file and one set go together; `by_values` of the planted rows are in it as far as values tell."""

    sure: Sure
    by_mark: int
    by_values: int


def made_of(kept: Mapping[str, Any]) -> Made:
    """Return what `Made.kept` wrote."""
    counts = kept["counts"]
    return Made(
        kept["planted"],
        None if counts is None else Counter({values_of(values): number for values, number in counts}),
        kept["tag"],
    )


def counted(rows: Iterable[Mapping[str, Any]]) -> Counter[Values] | None:
    """Count rows by their values; None where there are too many kinds."""
    counts: Counter[Values] = Counter()
    for row in rows:
        counts[values_of(row)] += 1
        if len(counts) > KINDS_MOST:
            return None
    return counts


def values_of(row: Mapping[str, Any]) -> Values:
    """Return the values of a row without its marks, as text: a table that lost the types is still the same."""
    return tuple(sorted((str(name), _text(value)) for name, value in row.items() if name not in MARKS))


def read_file(content: bytes) -> Found:
    """Read a file: JSON Lines or CSV with a head. Addresses are found wherever they stand, also in mail."""
    found = Found(tags={one.decode() for one in _ADDRESS.findall(content)})
    for row in [*_json_rows(content)] or _csv_rows(content):
        found.counts[values_of(row)] += 1
        found.marks |= {str(row[name]) for name in MARKS if name in row}
    return found


def match(found: Found, sets: Sequence[Made]) -> list[Match | None]:
    """Hold a file against every set; None for a set that it has nothing of."""
    fits = [_fit(found, one) for one in sets]
    whole = sum(fit == "whole" for fit in fits)
    able = sum(fit is not None for fit in fits)
    matches: list[Match | None] = []
    for one, fit in zip(sets, fits, strict=True):
        by_mark = sum(
            not {str(row[name]) for name in MARKS if name in row}.isdisjoint(found.marks) for row in one.planted
        )
        names = {name for values in found.counts for name, _ in values}
        there = {_project(values, names) for values in found.counts}
        by_values = sum(bool(cut := _project(values_of(row), names)) and cut in there for row in one.planted)
        sure: Sure | None = None
        if by_mark:
            sure = "mark"
        elif one.tag and one.tag in found.tags:
            sure = "address"
        elif fit == "whole" and whole == 1:
            sure = "whole"
        elif fit is not None:
            sure = "only" if able == 1 else "possible"
        elif by_values and (one.counts is None or not able):
            sure = "hint"
        matches.append(None if sure is None else Match(sure, by_mark, by_values))
    return matches


def _fit(found: Found, one: Made) -> Literal["whole", "part"] | None:
    """Tell whether the file can have been taken from a set, by the fields that both have: all of it, or a part."""
    if one.counts is None or not found.counts:
        return None
    ours = {name for values in one.counts for name, _ in values}
    names = ours & {name for values in found.counts for name, _ in values}
    if not names:
        return None
    theirs, here = Counter[Values](), Counter[Values]()
    for values, number in found.counts.items():
        theirs[_project(values, names)] += number
    for values, number in one.counts.items():
        here[_project(values, names)] += number
    theirs.pop((), None)  # a head, or what has none of these fields
    if not theirs or theirs - here:
        return None
    return "whole" if theirs == here else "part"


def _project(values: Values, names: Collection[str]) -> Values:
    return tuple(one for one in values if one[0] in names)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _json_rows(content: bytes) -> Iterable[Mapping[str, Any]]:
    for line in content.splitlines():
        if len(line) > _LINE_LONGEST:
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and "notice" not in row:
            yield row


def _csv_rows(content: bytes) -> Iterable[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(content.decode("utf-8", "replace"), newline=""), restkey="", restval="")
    if not reader.fieldnames or len(reader.fieldnames) < 1:
        return
    try:
        yield from reader
    except csv.Error:
        return
