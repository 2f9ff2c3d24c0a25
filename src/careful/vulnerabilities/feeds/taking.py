"""Taking one document into the database, record by record: what is malformed is refused with its place.

A table (KEV, EPSS) is replaced as a whole. A document of many flaws (CSAF, OpenVEX, a distribution's tracker) replaces
all of the one before it under its name.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
import structlog

from careful.vulnerabilities.feeds import cve5, database, epss, kev, nvd, osv, suppliers, trackers
from careful.vulnerabilities.feeds.documents import Document
from careful.vulnerabilities.feeds.kinds import Kind
from careful.vulnerabilities.feeds.proof import UNDATED, Proof, not_before, not_in_future
from careful.vulnerabilities.feeds.record import Malformed, Record, moment

READING = b"16:"  # raise it when a reader learns to read more: the same record is then read anew
REFUSED_LISTED = 50
_LONGEST_NAME, _MOST_NAMES = 200, 100
_LISTS = ("vulnerabilities", "cve_items")
_log = structlog.get_logger(__name__)
PARSERS: Mapping[Kind, Callable[[Any], Record]] = {
    "osv": osv.parse,
    "nvd": nvd.parse,
    "override": nvd.parse,
    "cve5": cve5.parse,
    "csaf": suppliers.parse,
    "openvex": suppliers.parse,
    "secdb": trackers.parse,
    "debian": trackers.parse,
}
_Part = suppliers.Part | trackers.Entry
_PARTS: Mapping[Kind, Callable[[dict[str, Any]], Iterator[tuple[str, _Part]]]] = {
    "csaf": suppliers.of_csaf,
    "openvex": suppliers.of_openvex,
    "secdb": trackers.of_secdb,
    "debian": trackers.of_tracker,
}
_DATES: Mapping[Kind, str] = {"osv": "$.modified", "cve5": "$.cveMetadata.dateUpdated"}


@dataclass(slots=True)
class Intake:
    """What one intake did; `records` is how many of the feed are here now.

    `covers` names what the feed covers in full now; `remarks` say why something declared whole was not taken for it.
    """

    feed: str
    taken: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0
    as_of: datetime = UNDATED
    sha256: str = ""
    records: int = 0
    seconds: float = 0.0
    covers: tuple[str, ...] = ()
    remarks: list[str] = field(default_factory=list)
    proof: Proof = field(default_factory=Proof)
    nameless: int = 0

    @property
    def read(self) -> int:
        """Return how many records could be read."""
        return self.taken + self.unchanged + self.withdrawn

    def refuse(self, where: str, why: object) -> None:
        """Count a refused record; the first fifty are named."""
        self.refused_count += 1
        if len(self.refused) < REFUSED_LISTED:
            self.refused.append(f"{where}: {why}")


def take_document(connection: sqlite3.Connection, found: Intake, kind: Kind, one: Document, now: datetime) -> int:
    """Take a document in; return how many records changed."""
    if kind == "kev":
        return _take_catalogue(connection, found, one, now)
    if kind == "epss":
        return _take_scores(connection, found, one, now)
    if kind in _PARTS:
        return _take_parts(connection, found, kind, one, now)
    return _take_records(connection, found, kind, one, now, _records(one.raw))


def _take_parts(connection: sqlite3.Connection, found: Intake, kind: Kind, one: Document, now: datetime) -> int:
    """Take a document of many flaws: a newer one replaces all of an older one, also what it no longer says."""
    try:
        parts = list(_PARTS[kind](one.raw))
    except Malformed as wrong:
        found.refuse(one.name, wrong)
        return 0
    document, at = _version_of(parts)
    undated = kind in {"secdb", "debian"}  # of these the last that is given counts
    before = database.parts_of(connection, found.feed, document) if document and (at or undated) else {}
    if at and at.isoformat() < max(before.values(), default=""):
        found.unchanged += len(parts)
        return 0
    refused = found.refused_count
    changed = _take_records(connection, found, kind, one, now, iter(parts))
    if found.refused_count == refused:
        for name in sorted(before.keys() - {part.id for _, part in parts}):
            gone = Record(name, modified=at, withdrawn=True)
            if database.put(connection, found.feed, gone, f"gone {at}"):
                changed += 1
                found.withdrawn += 1
    return changed


def _version_of(parts: Sequence[tuple[str, _Part]]) -> tuple[str, datetime | None]:
    """Return by what name a document's parts begin, and its date where it states one."""
    if not parts:
        return "", None
    first = parts[0][1]
    return first.document, moment(first.at) if isinstance(first, suppliers.Part) else None


def _take_records(
    connection: sqlite3.Connection,
    found: Intake,
    kind: Kind,
    one: Document,
    now: datetime,
    records: Iterator[tuple[str, Any]],
) -> int:
    changed = accepted = 0
    for place, raw in records:
        try:
            record = _read(kind, raw, now)
        except Malformed as wrong:
            found.refuse(f"{one.name}{place}", wrong)
            continue
        if isinstance(raw, suppliers.Part):
            found.nameless += raw.nameless
        elif kind == "osv" and not (record.affected or record.withdrawn):
            found.nameless += 1
        alone = raw is one.raw and one.content  # then its very bytes tell whether it is the same
        said = one.content if alone else msgspec.json.encode(raw, order="deterministic")
        digest = hashlib.sha256(READING + said).hexdigest()
        moved = database.put(connection, found.feed, record, digest)
        changed += moved
        accepted += 1
        found.proof.see(record)
        _count(found, record, moved=moved)
    if kind == "nvd" and isinstance(one.raw, dict):
        found.proof.see_page(one.raw, accepted, now)
    return changed


def _read(kind: Kind, raw: Any, now: datetime) -> Record:  # noqa: ANN401 (JSON is Any)
    """Read one record. Raises Malformed, also for one over which our reader stumbles: it must not cost the others."""
    try:
        record = PARSERS[kind](raw)
    except Malformed:
        raise
    except Exception as mistake:
        _log.exception("a record could not be read", kind=kind)
        raise Malformed(f"our reader made a mistake ({type(mistake).__name__}); please report it") from mistake
    if record.modified:
        not_in_future(record.modified, now, _DATES.get(kind, "$.cve.lastModified"))
    names = (record.id, *record.aliases)
    if len(names) > _MOST_NAMES or max(map(len, names)) > _LONGEST_NAME or not all(map(str.isprintable, names)):
        raise Malformed(f"its names are more than {_MOST_NAMES}, longer than {_LONGEST_NAME}, or no plain text")
    if not record.summary.isprintable():  # a terminal obeys some signs, and others turn the reading round
        return replace(record, summary="".join(sign if sign.isprintable() else " " for sign in record.summary))
    return record


def _take_catalogue(connection: sqlite3.Connection, found: Intake, one: Document, now: datetime) -> int:
    try:
        listed, released, refused = kev.parse(one.raw)
        not_in_future(released, now, "$.dateReleased")
        not_before(released, database.catalogue_released(connection), "$.dateReleased")
    except Malformed as wrong:
        found.refuse(one.name, wrong)
        return 0
    changed = database.put_exploited(connection, listed, released, only_add=bool(refused) or not kev.is_whole(one.raw))
    return _table_taken(found, one, refused, released, len(listed), changed)


def _take_scores(connection: sqlite3.Connection, found: Intake, one: Document, now: datetime) -> int:
    try:
        scores, day, refused = epss.parse(one.raw)
        not_in_future(day, now, "line 1: score_date")
    except Malformed as wrong:
        found.refuse(one.name, wrong)
        return 0
    changed = database.put_scores(connection, scores, day)
    return _table_taken(found, one, refused, day, len(scores), changed)


def _table_taken(found: Intake, one: Document, refused: Sequence[str], as_of: datetime, size: int, changed: int) -> int:
    """Count what became of a feed that is one table, replaced whole."""
    for why in refused:
        found.refuse(one.name, why)
    found.as_of, found.records = as_of, size
    found.taken += changed
    found.unchanged += size - min(changed, size)
    return changed


def _count(found: Intake, record: Record, *, moved: bool) -> None:
    if not moved:
        found.unchanged += 1
    elif record.withdrawn:
        found.withdrawn += 1
    else:
        found.taken += 1


def _records(raw: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (JSON is Any)
    name = next((name for name in _LISTS if isinstance(raw, dict) and isinstance(raw.get(name), list)), "")
    if name:
        yield from ((f"#$.{name}[{number}]", one) for number, one in enumerate(raw[name]))
    elif isinstance(raw, list):
        yield from ((f"#$[{number}]", one) for number, one in enumerate(raw))
    else:
        yield "", raw
