"""Taking feeds in: from a file, a folder or a zip into the database, record by record, all or nothing readable.

A malformed record is refused with its place and the others are taken; a feed in which nothing can be read is refused
whole, and what was known stays. What is declared a full export of an ecosystem covers all its packages, unless
something in it speaks against that; all else covers the packages that its records name.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from careful.kernel.errors import Invalid
from careful.vulnerabilities.feeds import cve5, database, epss, kev, nvd, osv, suppliers
from careful.vulnerabilities.feeds.documents import Document, contents, decoded, documents
from careful.vulnerabilities.feeds.kinds import FEEDS, READ, Kind, kind_of
from careful.vulnerabilities.feeds.proof import UNDATED, Proof, not_before, not_in_future
from careful.vulnerabilities.feeds.record import Malformed, Record, moment

REFUSED_LISTED = 50
_READING = b"11:"  # raise it when a reader learns to read more: the same record is then read anew
Progress = Callable[[int], None]
_PARSERS: Mapping[Kind, Callable[[Any], Record]] = {
    "osv": osv.parse,
    "nvd": nvd.parse,
    "override": nvd.parse,
    "cve5": cve5.parse,
    "csaf": suppliers.parse,
    "openvex": suppliers.parse,
}
_PARTS: Mapping[Kind, Callable[[dict[str, Any]], Iterator[tuple[str, suppliers.Part]]]] = {
    "csaf": suppliers.of_csaf,
    "openvex": suppliers.of_openvex,
}
_KINDS: Mapping[str, Kind] = {feed: kind for kind, feed in FEEDS.items()}
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


def take_in(
    home: Path,
    path: Path,
    now: datetime,
    kind: Kind | None = None,
    progress: Progress = lambda _: None,
    feed: str = "",
    *,
    whole: Sequence[str] = (),
    as_of: datetime | None = None,
) -> Intake:
    """Take in a file, folder or zip of one kind under the name `feed` (left out: that of the kind).

    `whole` names the ecosystems (`PyPI`, or `NVD`) of which it is declared to be a full export. `as_of` says how young
    it is known to be, where the content proves less. Raises Invalid where nothing in it is a feed that we read,
    TooLarge, Unavailable.
    """
    began = time.perf_counter()
    found = Intake(feed)
    digest = hashlib.sha256()
    changed = 0
    with database.opened(home, write=True) as connection:
        for one in documents(path):
            digest.update(hashlib.sha256(one.content).digest())
            told = kind_of(one.raw)
            kind = kind or told
            why = one.wrong or (f"{told} among {kind}" if told else f"none of {READ}")
            if told is None or told != kind:
                found.refuse(one.name, why)
                continue
            found.feed = found.feed or FEEDS[kind]
            changed += _take_document(connection, found, told, one, now)
            progress(found.read)
        if not found.read:
            raise Invalid(
                f"Nothing in {path} could be taken in as a feed: "
                + (f"{found.refused[0]}." if found.refused else "it holds no JSON file."),
                do="Give OSV JSON, an NVD 2.0 page, CVE records, CISA's KEV catalogue, or EPSS scores.",
                where=str(path),
            )
        own = min(now, as_of or _proven(found, kind))
        if changed + sum([_declare(connection, found, kind, name, own) for name in whole]):
            database.moved(connection)
        _sum_up(connection, found, own)
    found.sha256, found.seconds = digest.hexdigest(), time.perf_counter() - began
    return found


def take_all(
    connection: sqlite3.Connection, folder: Path, now: datetime, progress: Progress = lambda _: None
) -> list[Intake]:
    """Take in every feed below `folder`, whatever its kind; what is no feed is counted as refused, under no name.

    Raises Invalid where nothing in it is a feed that we read, TooLarge.
    """
    began = time.perf_counter()
    found: dict[Kind, Intake] = {}
    digests: dict[Kind, Any] = {}
    unread = Intake("")
    known, fresh = database.seen(connection), []
    for number, (name, content) in enumerate(contents(folder), 1):
        progress(number)
        mark = hashlib.sha256(_READING + content).digest()
        feed, modified = known.get(mark, ("", ""))
        one = Document(name, content) if feed else decoded(name, content)
        kind = _KINDS.get(feed) or kind_of(one.raw)
        if kind is None:
            unread.refuse(name, one.wrong or f"none of {READ}")
            continue
        intake = found.setdefault(kind, Intake(FEEDS[kind]))
        digests.setdefault(kind, hashlib.sha256()).update(mark)
        if feed:
            intake.unchanged += 1
            intake.proof.see_date(modified)
            continue
        before = intake.refused_count
        _take_document(connection, intake, kind, one, now)
        if kind in _PARSERS and (kind in _PARTS or _is_single(one.raw)) and intake.refused_count == before:
            fresh.append((mark, FEEDS[kind], intake.proof.last))
    database.note_seen(connection, fresh)
    if not any(one.read for one in found.values()):
        why = f"{unread.refused[0]}." if unread.refused else "it holds no JSON, YAML or CSV file."
        raise Invalid(f"Nothing in {folder} could be read as a feed: {why}", do=f"Give a folder with {READ}.")
    for kind, intake in found.items():
        _sum_up(connection, intake, min(now, _proven(intake, kind)))
        intake.sha256, intake.seconds = digests[kind].hexdigest(), time.perf_counter() - began
        database.put_taken(connection, intake.feed, intake.records, intake.sha256, intake.as_of)
    database.moved(connection)
    return [*found.values(), *([unread] if unread.refused_count else [])]


def _is_single(raw: object) -> bool:
    return isinstance(raw, dict) and "vulnerabilities" not in raw


def _proven(found: Intake, kind: Kind | None) -> datetime:
    return found.as_of if kind in {"kev", "epss"} else found.proof.as_of()


def covered_by(kind: Kind | None, name: str) -> tuple[str, str] | None:
    """Return the kind and type of names that a full export called `name` covers, None where there is no such."""
    if kind == "nvd":
        return ("cpe", "") if name.lower() == "nvd" else None
    covered = osv.type_of(name) if kind == "osv" else ""
    return ("purl", covered) if covered else None


def _declare(connection: sqlite3.Connection, found: Intake, kind: Kind | None, name: str, as_of: datetime) -> bool:
    """Note that this was a full export of `name`, where nothing speaks against it; tell whether more is covered now."""
    covered = covered_by(kind, name)
    held = {(one.kind, one.type): one.records for one in database.wholes(connection, found.feed)}
    why = (
        found.proof.against(covered, found.refused_count, held.get(covered, 0))
        if covered
        else "no full export of that is known"
    )
    if covered is None or why:
        found.remarks.append(f"not taken as all of {name}: {why}")
        return False
    count = found.proof.records[covered]
    return database.put_whole(connection, found.feed, database.Whole(*covered, name, count, as_of))


def _sum_up(connection: sqlite3.Connection, found: Intake, own: datetime) -> None:
    """Note age and coverage: a feed is as old as its oldest full export; single records neither renew nor age it."""
    wholes = database.wholes(connection, found.feed)
    found.covers = tuple(one.name for one in wholes)
    if found.nameless:
        found.remarks.append(
            f"{found.nameless:,} products have neither purl nor CPE, nor vendor and product in words: not looked up"
        )
    found.as_of = min((one.as_of for one in wholes), default=own)
    if found.feed not in {"kev", "epss"}:
        found.records = database.count(connection, found.feed)


def _take_document(connection: sqlite3.Connection, found: Intake, kind: Kind, one: Document, now: datetime) -> int:
    if kind == "kev":
        return _take_catalogue(connection, found, one, now)
    if kind == "epss":
        return _take_scores(connection, found, one, now)
    if kind in _PARTS:
        return _take_parts(connection, found, kind, one, now)
    return _take_records(connection, found, kind, one, now, _records(one.raw))


def _take_parts(connection: sqlite3.Connection, found: Intake, kind: Kind, one: Document, now: datetime) -> int:
    """Take a document of many flaws: a newer one replaces all of an older one, also what it no longer says."""
    parts = list(_PARTS[kind](one.raw))
    document, at = (parts[0][1].document, moment(parts[0][1].at)) if parts else ("", None)
    before = database.parts_of(connection, found.feed, document) if at and document else {}
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


def _take_records(
    connection: sqlite3.Connection,
    found: Intake,
    kind: Kind,
    one: Document,
    now: datetime,
    records: Iterator[tuple[str, Any]],
) -> int:
    parse = _PARSERS[kind]
    changed = accepted = 0
    for place, raw in records:
        try:
            record = parse(raw)
            if record.modified:
                not_in_future(record.modified, now, _DATES.get(kind, "$.cve.lastModified"))
        except Malformed as wrong:
            found.refuse(f"{one.name}{place}", wrong)
            continue
        if isinstance(raw, suppliers.Part):
            found.nameless += raw.nameless
        digest = hashlib.sha256(_READING + msgspec.json.encode(raw, order="deterministic")).hexdigest()
        moved = database.put(connection, found.feed, record, digest)
        changed += moved
        accepted += 1
        found.proof.see(record)
        _count(found, record, moved=moved)
    if kind == "nvd" and isinstance(one.raw, dict):
        found.proof.see_page(one.raw, accepted, now)
    return changed


def _take_catalogue(connection: sqlite3.Connection, found: Intake, one: Document, now: datetime) -> int:
    try:
        listed, released, refused = kev.parse(one.raw)
        not_in_future(released, now, "$.dateReleased")
        not_before(released, database.catalogue_released(connection), "$.dateReleased")
    except Malformed as wrong:
        found.refuse(one.name, wrong)
        return 0
    changed = database.put_exploited(connection, listed, released, only_add=bool(refused))
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
    if isinstance(raw, dict) and isinstance(raw.get("vulnerabilities"), list):
        yield from ((f"#$.vulnerabilities[{number}]", one) for number, one in enumerate(raw["vulnerabilities"]))
    elif isinstance(raw, list):
        yield from ((f"#$[{number}]", one) for number, one in enumerate(raw))
    else:
        yield "", raw
