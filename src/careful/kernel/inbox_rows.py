"""What lies in the inbox file, for whoever reads it there or takes it out again.

The gateway goes on writing meanwhile: every act here is short, and takes a few hundred rows at a time. What is deleted
is overwritten (`secure_delete`), and gone from the file once the write-ahead log is folded into it (`fold`).
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from careful.kernel.errors import Unavailable
from careful.kernel.inbox import FILE, TABLES, Stored, connect, from_micros, to_micros

_STRUCK = """
CREATE TABLE IF NOT EXISTS struck (
    source INTEGER NOT NULL,
    what TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (source, what)
) WITHOUT ROWID;
"""
_NOBODY = 0  # the source of a row that only keeps its number: numbers must go on from the newest, whoever sent it
_BLANK = "UPDATE message SET source = ?, payload = x'', digest = x'' WHERE number = ?"
_UP_TO = "SELECT number FROM struck WHERE source = ? AND what = ?"
_AFTER = "SELECT number, payload, at FROM message WHERE source = ? AND number > ? ORDER BY number LIMIT ?"
_READ = """
SELECT number, payload, at FROM message
WHERE source = ? AND number < ? AND at >= ? AND at < ? ORDER BY number DESC LIMIT ?
"""
_SAMPLE = 200
_ALWAYS = (0, 1 << 62)

Strip = Callable[[bytes], bytes]


@contextmanager
def opened(home: Path) -> Iterator["Rows | None"]:
    """Open the file; None where no gateway has made it yet. Raises Unavailable where it does not answer."""
    if not (home / FILE).exists():
        yield None
        return
    connection = connect(home, TABLES)
    try:
        connection.executescript(_STRUCK)
        yield Rows(connection)
    except sqlite3.Error as failure:
        raise Unavailable(f"The inbox does not answer ({failure}).", do="Run: careful doctor") from failure
    finally:
        connection.close()


class Rows:
    """The messages of one inbox file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def sources(self, device: str | None = None) -> list[tuple[int, str, str]]:
        """Return every place that messages come from, or those of one device: number, device, topic."""
        query = "SELECT id, device, topic FROM source"
        if device is None:
            return self._connection.execute(query).fetchall()
        return self._connection.execute(f"{query} WHERE device = ?", (device,)).fetchall()

    def read(
        self,
        device: str,
        topics: Collection[str] | None,
        since: datetime | None,
        until: datetime | None,
        before: int | None,
        most: int,
    ) -> list[Stored]:
        """Return up to `most` messages of a device, newest first; `before`: of smaller numbers than that."""
        span = (to_micros(since) if since else _ALWAYS[0], to_micros(until) if until else _ALWAYS[1])
        found: list[Stored] = []
        for source, _, name in self.sources(device):
            if topics is None or name in topics:
                asked = (source, _ALWAYS[1] if before is None else before, *span, most)
                rows = self._connection.execute(_READ, asked).fetchall()
                found += [Stored(row[0], device, name, bytes(row[1]), from_micros(row[2])) for row in rows]
        return sorted(found, key=lambda one: -one.number)[:most]

    def oldest(self, source: int) -> datetime | None:
        """Return when the oldest message of a source came."""
        query = "SELECT at FROM message WHERE source = ? ORDER BY number LIMIT 1"
        row = self._connection.execute(query, (source,)).fetchone()
        return None if row is None else from_micros(row[0])

    def oldest_with(self, source: int, what: str, holds: Callable[[bytes], bool], most: int) -> datetime | None:
        """Return when the oldest message came of which `holds` is true.

        Looked at are the oldest few hundred, whatever `strike` believes it did, and `most` from where it stands.
        """
        after = self._connection.execute(_UP_TO, (source, what)).fetchone()
        for begin, count in ((0, _SAMPLE), (after[0] if after else 0, most)):
            for _, payload, at in self._connection.execute(_AFTER, (source, begin, count)):
                if holds(payload):
                    return from_micros(at)
        return None

    def delete_before(self, source: int, before: datetime, most: int) -> int:
        """Delete up to `most` messages of a source that came before a moment; return how many."""
        query, limit = "SELECT number, at FROM message WHERE source = ? ORDER BY number LIMIT ?", to_micros(before)
        if not any(at < limit for _, at in self._connection.execute(query, (source, 1))):
            return 0  # nothing to do: no write lock for nothing, for each of many sources
        with self._transaction():
            oldest = self._connection.execute(query, (source, most)).fetchall()
            gone = [number for number, _ in takewhile(lambda row: row[1] < limit, oldest)]
            newest = self._connection.execute("SELECT max(number) FROM message").fetchone()[0]
            marks = [(number,) for number in gone if number != newest]
            self._connection.executemany("DELETE FROM message WHERE number = ?", marks)
            if gone and gone[-1] == newest:
                self._connection.execute(_BLANK, (_NOBODY, newest))
        return len(gone)

    def delete_of(self, device: str, before: datetime, most: int) -> int:
        """Delete up to `most` messages of a device that came before a moment; return how many."""
        return sum(self.delete_before(source, before, most) for source, _, _ in self.sources(device))

    def strike(self, source: int, what: str, before: datetime, most: int, strip: Strip) -> int:
        """Rewrite up to `most` messages that came before a moment, `what` being taken out of them by `strip`.

        How far it has come is remembered by `what`; returns how many messages were looked at.
        """
        limit = to_micros(before)
        after = self._connection.execute(_UP_TO, (source, what)).fetchone()
        if not any(row[2] < limit for row in self._connection.execute(_AFTER, (source, after[0] if after else 0, 1))):
            return 0
        with self._transaction():
            after = self._connection.execute(_UP_TO, (source, what)).fetchone()
            oldest = self._connection.execute(_AFTER, (source, after[0] if after else 0, most)).fetchall()
            rows = [(number, bytes(payload)) for number, payload, _ in takewhile(lambda row: row[2] < limit, oldest)]
            changed = [(new, number) for number, old in rows if (new := strip(old)) != old]
            self._connection.executemany("UPDATE message SET payload = ? WHERE number = ?", changed)
            if rows:
                self._connection.execute("REPLACE INTO struck VALUES (?, ?, ?)", (source, what, rows[-1][0]))
        return len(rows)

    def fold(self) -> bool:
        """Fold the write-ahead log into the file, so that what was deleted is gone from both; tell whether all is."""
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
