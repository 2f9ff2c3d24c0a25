"""Taking feeds in: from a file, a folder or an archive into the database, all or nothing readable.

A malformed record is refused with its place and the others are taken; a feed in which nothing can be read is refused
whole, and what was known stays. What is declared a full export of an ecosystem covers all its packages, unless
something in it speaks against that; all else covers the packages that its records name.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from careful.kernel.errors import Invalid
from careful.vulnerabilities.feeds import database, osv
from careful.vulnerabilities.feeds.documents import Document, decoded, documents
from careful.vulnerabilities.feeds.kinds import FEEDS, READ, Kind, kind_of
from careful.vulnerabilities.feeds.packing import contents
from careful.vulnerabilities.feeds.taking import PARSERS, READING, REFUSED_LISTED, Intake, take_document

__all__ = ["REFUSED_LISTED", "Intake", "Progress", "covered_by", "take_all", "take_in"]

Progress = Callable[[int], None]
_KINDS: Mapping[str, Kind] = {feed: kind for kind, feed in FEEDS.items()}


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
            changed += take_document(connection, found, told, one, now)
            progress(found.read)
        if not found.read:
            raise Invalid(
                f"Nothing in {path} could be taken in as a feed: "
                + (f"{found.refused[0]}." if found.refused else "it holds no JSON file."),
                do=f"Give {READ}.",
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
    for number, packed in enumerate(contents(folder), 1):
        progress(number)
        mark = hashlib.sha256(READING + packed.content).digest()
        feed, seen = known.get(mark, ("", "")) if not packed.wrong else ("", "")
        one = Document(packed.name, packed.content) if feed else decoded(packed)
        kind = _KINDS.get(feed) or kind_of(one.raw)
        if kind is None:
            unread.refuse(packed.name, one.wrong or f"none of {READ}")
            continue
        intake = found.setdefault(kind, Intake(FEEDS[kind]))
        digests.setdefault(kind, hashlib.sha256()).update(mark)
        if feed:
            at, _, count = seen.partition("#")
            intake.unchanged += int(count or 1)
            intake.proof.see_date(at)
            continue
        before = intake.refused_count, intake.read
        take_document(connection, intake, kind, one, now)
        if kind in PARSERS and intake.refused_count == before[0]:
            fresh.append((mark, FEEDS[kind], f"{intake.proof.last}#{intake.read - before[1]}"))
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
            f"{found.nameless:,} products or records have no name that is looked up: neither purl nor CPE, nor vendor"
            " and product in words"
        )
    found.as_of = min((one.as_of for one in wholes), default=own)
    if found.feed not in {"kev", "epss"}:
        found.records = database.count(connection, found.feed)
