"""All feeds in one SQLite file, indexed by package and product; what is not younger than what is there is no change.

An intake is one transaction: readers see the state before or after it, nothing between. The `generation` grows with
every intake that changed anything, so that releases are matched again exactly then.

What a feed covers is declared with it and never guessed: `whole` lists the ecosystems of which a full export was taken
in, each with its count of records and its age. All else covers only what its records name.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from careful.kernel.errors import Invalid, Unavailable
from careful.vulnerabilities.cpe import without_version
from careful.vulnerabilities.feeds.hull import hull
from careful.vulnerabilities.feeds.record import Affected, Record
from careful.vulnerabilities.feeds.rows import pack

_SCHEMA = """
CREATE TABLE IF NOT EXISTS flaw (
  feed TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, aliases TEXT NOT NULL, each TEXT NOT NULL,
  summary TEXT NOT NULL, severity TEXT NOT NULL, modified TEXT NOT NULL, vector TEXT NOT NULL, ssvc TEXT NOT NULL,
  provenance TEXT NOT NULL,
  PRIMARY KEY (feed, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS product (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, scheme TEXT NOT NULL, name TEXT NOT NULL,
  distro TEXT NOT NULL, UNIQUE (kind, key, scheme, name, distro));
CREATE TABLE IF NOT EXISTS affected (
  feed TEXT NOT NULL, flaw TEXT NOT NULL, product INTEGER NOT NULL, low BLOB NOT NULL, high BLOB NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS affected_by_version ON affected (product, low, high);
CREATE INDEX IF NOT EXISTS affected_by_flaw ON affected (feed, flaw);
CREATE VIEW IF NOT EXISTS said AS
  SELECT a.rowid AS number, a.feed, a.flaw, f.aliases, f.each, f.severity, f.summary, f.provenance, p.kind, p.key,
    a.body
  FROM affected a JOIN product p ON p.id = a.product JOIN flaw f ON f.feed = a.feed AND f.id = a.flaw;
CREATE TABLE IF NOT EXISTS exploited (cve TEXT PRIMARY KEY, since TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS score (cve TEXT PRIMARY KEY, epss REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken (
  feed TEXT PRIMARY KEY, records INTEGER NOT NULL, sha256 TEXT NOT NULL, as_of TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
  digest BLOB PRIMARY KEY, feed TEXT NOT NULL, modified TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS whole (
  feed TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, records INTEGER NOT NULL,
  as_of TEXT NOT NULL, PRIMARY KEY (feed, kind, type)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO state VALUES ('generation', 0);
PRAGMA user_version = 4;
"""
_FORM = 4
_BUILD = "careful feeds sync --from DIR --output FILE"


@dataclass(frozen=True, slots=True)
class Whole:
    """A full export that was taken in: `name` is the ecosystem (or NVD), `kind` and `type` the names that it covers."""

    kind: str
    type: str
    name: str
    records: int
    as_of: datetime


@contextmanager
def opened(home: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the file of an installation, making it when new; a writer holds it alone and commits at the end."""
    try:
        connection = sqlite3.connect(home / "feeds.sqlite", timeout=15, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            if connection.execute("PRAGMA user_version").fetchone()[0] != _FORM:
                _bring_to_form(connection)
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
        finally:
            connection.close()
    except sqlite3.OperationalError as failure:
        raise Unavailable(f"The flaw database does not answer ({failure}).", do="Run: careful doctor") from failure


@contextmanager
def built(file: Path) -> Iterator[sqlite3.Connection]:
    """Build a feed file that stands alone, or bring a present one up to date: it is there whole or as it was."""
    draft = file.with_name(f".{file.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        if file.exists():
            shutil.copyfile(file, draft)
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            # A crash loses the draft and no more, so nothing is flushed before the end.
            connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
            if connection.execute("PRAGMA user_version").fetchone()[0] != _FORM:
                _bring_to_form(connection)
            connection.execute("BEGIN")
            yield connection
            connection.commit()
            connection.execute("ANALYZE")
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(file)
    except sqlite3.DatabaseError as failure:
        raise Invalid(f"{file} cannot be built: {failure}.", do="Name another file, or free some space.") from failure
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def consulted(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a feed file to read in it and nothing else. Raises Invalid where it is none of ours."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] != _FORM:
                raise Invalid(f"{file} is no feed file of this version of Careful.", do=f"Build it: {_BUILD}")
            yield connection
    except sqlite3.DatabaseError as failure:
        raise Invalid(f"{file} is no feed file: {failure}.", do=f"Build it: {_BUILD}") from failure


def _bring_to_form(connection: sqlite3.Connection) -> None:
    """Make the tables. What an earlier version wrote, without whose word it is, is *not known* until the next sync."""
    earlier = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'flaw'").fetchone()
    for table in ("flaw", "product", "affected", "whole", "seen"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.executescript(_SCHEMA)
    if earlier:
        moved(connection)


def generation(connection: sqlite3.Connection) -> int:
    """Return how many intakes changed anything."""
    return int(connection.execute("SELECT value FROM state WHERE name = 'generation'").fetchone()[0])


def moved(connection: sqlite3.Connection) -> None:
    """Note that something changed."""
    connection.execute("UPDATE state SET value = value + 1 WHERE name = 'generation'")


def put(connection: sqlite3.Connection, feed: str, record: Record, digest: str) -> bool:
    """Store a record in place of its earlier form; tell whether anything changed. An older form changes nothing."""
    found = connection.execute("SELECT digest, modified FROM flaw WHERE feed = ? AND id = ?", (feed, record.id))
    before = found.fetchone()
    modified = record.modified.isoformat() if record.modified else ""
    if before and (before[0] == digest or (modified and modified < before[1])):
        return False
    connection.execute("DELETE FROM affected WHERE feed = ? AND flaw = ?", (feed, record.id))
    connection.execute(
        "INSERT OR REPLACE INTO flaw VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            feed,
            record.id,
            digest,
            json.dumps(record.aliases),
            json.dumps(record.each),
            record.summary,
            record.severity,
            modified,
            record.vector,
            record.ssvc,
            record.provenance,
        ),
    )
    if not record.withdrawn:  # of a withdrawn one its date stays, so that an older copy does not bring it back
        named = [(_name_of(one), one) for one in record.affected]
        connection.executemany(_ADD_PRODUCT, {name for name, _ in named})
        connection.executemany(_ADD_ROW, [(feed, record.id, *hull(one), pack(one), *name) for name, one in named])
    return before is not None or not record.withdrawn


def parts_of(connection: sqlite3.Connection, feed: str, document: str) -> dict[str, str]:
    """Return the records that came of one document, whose name begins their ids, with their dates."""
    query = "SELECT id, modified FROM flaw WHERE feed = ? AND id >= ? AND id < ?"
    return dict(connection.execute(query, (feed, document, f"{document}\U0010ffff")).fetchall())


def put_exploited(
    connection: sqlite3.Connection, found: dict[str, str], released: datetime, *, only_add: bool = False
) -> int:
    """Store the catalogue of exploited flaws; return how many are new or gone.

    `only_add` is for one of which entries could not be read: each of them may be one that was known.
    """
    before = exploited(connection)
    if not only_add:
        connection.execute("DELETE FROM exploited")
    connection.executemany("INSERT OR REPLACE INTO exploited VALUES (?, ?)", sorted(found.items()))
    state = ("kev_released", int(released.timestamp()))
    connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", state)
    return len(before ^ exploited(connection))


def catalogue_released(connection: sqlite3.Connection) -> datetime | None:
    """Return the date of the catalogue of exploited flaws that is here, None where there is none."""
    row = connection.execute("SELECT value FROM state WHERE name = 'kev_released'").fetchone()
    return datetime.fromtimestamp(row[0], UTC) if row else None


def exploited(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the CVEs known to be exploited."""
    return frozenset(row[0] for row in connection.execute("SELECT cve FROM exploited"))


def put_scores(connection: sqlite3.Connection, found: Mapping[str, tuple[float, float]], day: datetime) -> int:
    """Store EPSS scores in place of older ones; return how many there are, 0 where those here are younger."""
    row = connection.execute("SELECT value FROM state WHERE name = 'epss_day'").fetchone()
    if row and row[0] >= int(day.timestamp()):
        return 0
    connection.execute("DELETE FROM score")
    connection.executemany("INSERT INTO score VALUES (?, ?, ?)", [(cve, *one) for cve, one in found.items()])
    connection.execute("INSERT OR REPLACE INTO state VALUES ('epss_day', ?)", (int(day.timestamp()),))
    return len(found)


def scores(connection: sqlite3.Connection, cves: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Return the EPSS score and percentile of those CVEs that have one."""
    query = "SELECT cve, epss, percentile FROM score WHERE cve IN (SELECT value FROM json_each(?))"
    return {cve: (score, part) for cve, score, part in connection.execute(query, (json.dumps(sorted(set(cves))),))}


def seen(connection: sqlite3.Connection) -> dict[bytes, tuple[str, str]]:
    """Return feed and date of every single record whose very bytes were taken in before."""
    return {digest: (feed, at) for digest, feed, at in connection.execute("SELECT digest, feed, modified FROM seen")}


def note_seen(connection: sqlite3.Connection, rows: Iterable[tuple[bytes, str, str]]) -> None:
    """Note single records by the digest of their bytes, so that they need not be read again."""
    connection.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", rows)


def put_taken(connection: sqlite3.Connection, feed: str, records: int, sha256: str, as_of: datetime) -> None:
    """Note in the file itself what a feed was when it was taken in."""
    row = (feed, records, sha256, as_of.isoformat())
    connection.execute("INSERT OR REPLACE INTO taken VALUES (?, ?, ?, ?)", row)


def taken(connection: sqlite3.Connection) -> dict[str, tuple[int, datetime]]:
    """Return the number of records and the age of each feed in a feed file."""
    rows = connection.execute("SELECT feed, records, as_of FROM taken ORDER BY feed")
    return {feed: (records, datetime.fromisoformat(as_of)) for feed, records, as_of in rows}


def count(connection: sqlite3.Connection, feed: str) -> int:
    """Return how many records of a feed are here."""
    return int(connection.execute("SELECT COUNT(*) FROM flaw WHERE feed = ?", (feed,)).fetchone()[0])


def coverage(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Return which names some feed covers in full: ("purl", "pypi"), ("purl", "deb/debian"), ("cpe", "")."""
    return frozenset(connection.execute("SELECT kind, type FROM whole").fetchall())


def wholes(connection: sqlite3.Connection, feed: str) -> tuple[Whole, ...]:
    """Return the full exports of a feed, by name."""
    query = "SELECT kind, type, name, records, as_of FROM whole WHERE feed = ? ORDER BY name"
    return tuple(
        Whole(kind, covered, name, int(records), datetime.fromisoformat(as_of))
        for kind, covered, name, records, as_of in connection.execute(query, (feed,)).fetchall()
    )


def put_whole(connection: sqlite3.Connection, feed: str, one: Whole) -> bool:
    """Declare a full export, or its newer form; tell whether more is covered than before."""
    key = (feed, one.kind, one.type)
    new = not connection.execute("SELECT 1 FROM whole WHERE feed = ? AND kind = ? AND type = ?", key).fetchone()
    row = (*key, one.name, one.records, one.as_of.isoformat())
    connection.execute("INSERT OR REPLACE INTO whole VALUES (?, ?, ?, ?, ?, ?)", row)
    return new


def keep_wholes(connection: sqlite3.Connection, feed: str, names: Iterable[str]) -> None:
    """Let the full exports of other names end: nobody fetches them any more, so they cover no longer."""
    gone = [one for one in wholes(connection, feed) if one.name not in set(names)]
    for one in gone:
        connection.execute("DELETE FROM whole WHERE feed = ? AND kind = ? AND type = ?", (feed, one.kind, one.type))
    if gone:
        moved(connection)


_ADD_PRODUCT = "INSERT OR IGNORE INTO product (kind, key, scheme, name, distro) VALUES (?, ?, ?, ?, ?)"
_ADD_ROW = (
    "INSERT INTO affected (feed, flaw, product, low, high, body) SELECT ?, ?, id, ?, ?, ? FROM product"
    " WHERE kind = ? AND key = ? AND scheme = ? AND name = ? AND distro = ?"
)


def _name_of(one: Affected) -> tuple[str, str, str, str, str]:
    """Return what all rows of a package or product have in common."""
    return one.kind, one.key, one.scheme, without_version(one.cpe), one.distro
