"""What the device has to say and nobody has taken yet: a queue on disk with bounds in number and bytes.

When it is full the oldest goes, and is counted: a device that was alone for a month tells what happened last, and how
much it lost. Written without waiting for the disk at each message, which spares the flash of small devices: a power cut
may cost the last seconds, a crash of the agent costs nothing.
"""

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

_TABLES = """
    CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL,
                                        payload BLOB NOT NULL, size INTEGER NOT NULL,
                                        tries INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS lost (why TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Waiting:
    """One message that was not taken yet."""

    id: int
    topic: str
    payload: bytes


class Backlog:
    """The queue in the SQLite file `path`. Safe to use from several threads."""

    def __init__(self, path: Path, most_messages: int, most_bytes: int) -> None:
        self._most = (most_messages, most_bytes)
        self._lock = threading.Lock()
        self._database = _open(path)
        row = self._database.execute("SELECT count(*), coalesce(sum(size), 0) FROM message")
        self._count, self._bytes = row.fetchone()

    def add(self, topic: str, payload: bytes) -> None:
        """Put a message at the end, dropping from the front what no longer fits."""
        size = len(topic.encode()) + len(payload)
        with self._lock, self._database:
            self._database.execute(
                "INSERT INTO message (topic, payload, size) VALUES (?, ?, ?)", (topic, payload, size)
            )
            self._count += 1
            self._bytes += size
            while self._count and (self._count > self._most[0] or self._bytes > self._most[1]):
                oldest = self._database.execute("SELECT min(id) FROM message").fetchone()[0]
                self._drop(oldest, "full")

    def after(self, last: int, limit: int) -> list[Waiting]:
        """Return at most `limit` messages behind the one with the id `last`, oldest first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT id, topic, payload FROM message WHERE id > ? ORDER BY id LIMIT ?", (last, limit)
            ).fetchall()
        return [Waiting(*row) for row in rows]

    def taken(self, number: int) -> None:
        """Forget a message that is safe with the server."""
        with self._lock, self._database:
            self._drop(number, None)

    def tried(self, number: int) -> int:
        """Count one more failure of a message and return how many there were."""
        with self._lock, self._database:
            self._database.execute("UPDATE message SET tries = tries + 1 WHERE id = ?", (number,))
            row = self._database.execute("SELECT tries FROM message WHERE id = ?", (number,)).fetchone()
        return int(row[0]) if row else 0

    def refused(self, number: int) -> None:
        """Give up a message that the server will not take, so that those behind it can go."""
        with self._lock, self._database:
            self._drop(number, "refused")

    def counts(self) -> dict[str, int]:
        """Return how many messages wait, how many bytes, and how many were lost, by reason."""
        with self._lock:
            lost = dict(self._database.execute("SELECT why, count FROM lost").fetchall())
        return {
            "waiting": self._count,
            "bytes": self._bytes,
            "full": lost.get("full", 0),
            "refused": lost.get("refused", 0),
        }

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _drop(self, number: int, why: str | None) -> None:
        row = self._database.execute("DELETE FROM message WHERE id = ? RETURNING size", (number,)).fetchone()
        if row is None:
            return
        self._count -= 1
        self._bytes -= row[0]
        if why is not None:
            self._database.execute(
                "INSERT INTO lost VALUES (?, 1) ON CONFLICT (why) DO UPDATE SET count = count + 1", (why,)
            )


def _open(path: Path) -> sqlite3.Connection:
    """Open the queue; one that a failing disk damaged is thrown away rather than keeping the device mute."""
    for last in (False, True):
        database = sqlite3.connect(path, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.execute("PRAGMA cache_size=-64")
            database.executescript(_TABLES)
        except sqlite3.DatabaseError:
            database.close()
            if last:
                raise
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
        else:
            return database
    raise AssertionError(path)  # the loop returns or raises
