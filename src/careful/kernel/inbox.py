"""The inbox: what devices said, on disk before anybody is told that it is.

A gateway hands over blocks of messages and is called back when a block is committed, or could not be. The embedded
default is one SQLite file of its own (`inbox.sqlite` in the data folder: WAL, `synchronous=FULL`) with one writing
thread that commits in groups: whatever arrived within 4 ms, at most 2,048 messages, costs one flush of the disk.

Order: `number` grows with every message, so also within each device. A resend (the DUP flag of MQTT) is stored once: it
is the same message when the newest one with its topic and packet identifier, younger than an hour and not known to be
settled, has the same digest, or the same payload where it has none: what is sealed looks different each time. A device
that leaves in good order with nothing unacknowledged has settled all it sent.

Readings live here for `days` and never enter the ledger.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog
from msgspec import Struct

from careful.kernel import inbox_same
from careful.kernel.clock import Clock
from careful.kernel.errors import Unavailable
from careful.kernel.groups import Groups

FILE = "inbox.sqlite"
TURN = "inbox.turn"
"""Held by whoever commits: several gateways take turns by it."""
GROUP_MOST = 2048
GROUP_SECONDS = 0.004
WAITING_BYTES = 64 * 1024 * 1024
"""Payload bytes that may wait for the disk; a block beyond them is refused at once."""
_BUSY_SECONDS = 15
_SWEEP_SECONDS = 60.0
_SWEEP_ROWS = 2000
_SWEEP_PAUSE = 0.05
_log = structlog.get_logger(__name__)

TABLES = (
    """
CREATE TABLE IF NOT EXISTS source (
    id INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    topic TEXT NOT NULL,
    UNIQUE (device, topic)
);
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    packet INTEGER NOT NULL,
    at INTEGER NOT NULL,
    payload BLOB NOT NULL,
    digest BLOB NOT NULL DEFAULT x''
);
CREATE INDEX IF NOT EXISTS message_of_source ON message (source);
"""
    + inbox_same.TABLES
)
_DIGESTS = "ALTER TABLE message ADD COLUMN digest BLOB NOT NULL DEFAULT x''"  # for files made before there were any
_COLUMNS = 5
_INSERTS = {
    rows: "INSERT INTO message (source, packet, at, payload, digest) VALUES " + ", ".join(["(?, ?, ?, ?, ?)"] * rows)  # noqa: S608
    for rows in (256, 64, 16, 4, 1)
}
_SOURCES_REMEMBERED = 100_000


class Message(Struct, frozen=True, gc=False):
    """One message: `topic` is what follows the device's own prefix, such as `up/climate`; `at` is in microseconds.

    `digest` tells a resend of what is sealed; empty where the payload itself does. `exactly`: until `Released`, what
    comes from the device under the same packet identifier is the same message. `record`: so is, of its topic, whatever
    has the same name here, for as long as messages are kept.
    """

    device: str
    topic: str
    payload: bytes
    at: int
    packet: int = 0
    resend: bool = False
    digest: bytes = b""
    exactly: bool = False
    record: bytes = b""


class Settled(Struct, frozen=True):
    """The device knows that all it sent was taken: a later resend is a new message."""

    device: str


class Released(Struct, frozen=True):
    """What comes from the device under this packet identifier is a new message again; 0: under any."""

    device: str
    packet: int = 0


Entry = Message | Settled | Released
Done = Callable[[Exception | None], None]


class Inbox(Protocol):
    """Where blocks of messages go."""

    def append(self, block: Sequence[Entry], done: Done) -> None:
        """Take a block. `done` is called once, from any thread: with None when all of it is on disk, else with why not.

        Raises Unavailable when too much is waiting already, or the inbox is closed; then `done` is never called.
        """
        ...

    def close(self) -> None:
        """Commit what was taken, then stop."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as it was kept."""

    number: int
    device: str
    topic: str
    payload: bytes
    at: datetime


class SqliteInbox:
    """The inbox in one file, written by one thread. `days` and `rows` (0: no limit) bound what is kept."""

    def __init__(
        self,
        home: Path,
        clock: Clock,
        *,
        days: int = 30,
        rows: int = 0,
        most: int = GROUP_MOST,
        seconds: float = GROUP_SECONDS,
    ) -> None:
        self._home, self._clock = home, clock
        self._kept, self._rows = timedelta(days=days), rows
        self._groups: Groups[tuple[Sequence[Entry], Done, int]] = Groups(most, seconds)
        self._lock = threading.Lock()
        self._waiting = 0
        self._closed = False
        self._connection: sqlite3.Connection | None = connect(home, TABLES)
        self._turn = os.open(home / TURN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._sources: dict[tuple[str, str], int] = {}
        self._sweep_due = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self._thread.start()

    def append(self, block: Sequence[Entry], done: Done) -> None:
        """Take a block; see `Inbox.append`."""
        size = sum(len(one.payload) for one in block if type(one) is Message)
        with self._lock:
            if self._closed:
                raise Unavailable("The inbox is closed.", do="Send it again in a moment.")
            if self._waiting and self._waiting + size > WAITING_BYTES:
                raise Unavailable("The disk does not keep up; the message was not taken.", do="Send it again later.")
            self._waiting += size
            self._groups.put((block, done, size), len(block))

    def close(self) -> None:
        """Commit what was taken, then stop; a second call does nothing."""
        with self._lock:
            first, self._closed = not self._closed, True
        if first:
            self._groups.close()
        self._thread.join()

    def _run(self) -> None:
        more = True
        while more:
            blocks, more = self._groups.take(self._sweep_due - time.monotonic())
            if blocks:
                self._commit(blocks)
            if time.monotonic() >= self._sweep_due:
                self._sweep()
        if self._connection is not None:
            self._connection.close()
        os.close(self._turn)

    def _commit(self, blocks: list[tuple[Sequence[Entry], Done, int]]) -> None:
        failure: Exception | None = None
        try:
            with self._transaction() as connection:
                self._store(connection, [entry for block, _, _ in blocks for entry in block])
        except Exception as error:  # noqa: BLE001 (whatever it is, the waiting must hear of it and the thread go on)
            failure = _unavailable(error)
            _log.error("inbox did not commit", why=repr(error), blocks=len(blocks))
        with self._lock:
            self._waiting -= sum(size for _, _, size in blocks)
        for _, done, _ in blocks:
            done(failure)

    def _store(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        """Insert in order; before a resend or a settlement is looked at, all that came before it is in the table."""
        values: list[int | bytes] = []
        for one in entries:
            if not isinstance(one, Message):
                _insert(connection, values)
                if isinstance(one, Settled):
                    inbox_same.settle(connection, one.device)
                else:
                    inbox_same.release(connection, one.device, one.packet)
                continue
            source = self._sources.get((one.device, one.topic)) or self._source(connection, one.device, one.topic)
            if one.resend or one.exactly or one.record:
                if one.resend:
                    _insert(connection, values)
                if inbox_same.is_there(connection, one, source):
                    continue
            values += (source, one.packet, one.at, one.payload, one.digest)
        _insert(connection, values)

    def _source(self, connection: sqlite3.Connection, device: str, topic: str) -> int:
        """Return the number that stands for a device's topic, giving it one on its first message."""
        place = (device, topic)
        connection.execute("INSERT INTO source (device, topic) VALUES (?, ?) ON CONFLICT DO NOTHING", place)
        found = connection.execute("SELECT id FROM source WHERE device = ? AND topic = ?", place).fetchone()
        if len(self._sources) >= _SOURCES_REMEMBERED:
            self._sources.clear()
        self._sources[place] = int(found[0])
        return int(found[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a connection that is opened anew after any failure: a full disk may have broken it."""
        if self._connection is None:
            self._connection = connect(self._home, TABLES)
        connection = self._connection
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX)  # among gateways: SQLite would sleep and try again, for longer
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            self._connection = None
            self._sources.clear()
            connection.close()  # what was not committed is gone with it
            raise
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def _sweep(self) -> None:
        """Delete the oldest messages that are too old or too many, a few at a time so that nobody waits for long."""
        deleted = 0
        try:
            before = to_micros(self._clock.now() - self._kept)
            with self._transaction() as connection:
                oldest = connection.execute("SELECT number, at FROM message ORDER BY number LIMIT ?", (_SWEEP_ROWS,))
                rows = oldest.fetchall()
                newest = connection.execute("SELECT max(number) FROM message").fetchone()[0] or 0
                surplus = newest - self._rows if self._rows else 0
                # The newest stays, whatever its age: the numbers go on from it.
                gone = [number for number, at in rows if (at < before or number <= surplus) and number < newest]
                inbox_same.sweep(connection, before)
                if gone:
                    connection.execute("DELETE FROM message WHERE number <= ?", (gone[-1],))
                    deleted = len(gone)
        except Exception as error:  # noqa: BLE001 (what is not deleted now is deleted later; the thread must go on)
            _log.error("inbox did not delete what is past its time", why=repr(error))
        self._sweep_due = time.monotonic() + (_SWEEP_PAUSE if deleted == _SWEEP_ROWS else _SWEEP_SECONDS)


def _insert(connection: sqlite3.Connection, values: list[int | bytes]) -> None:
    """Insert rows of five values each and empty the list.

    Many rows a statement: each statement gives up Python's lock and has to win it back from the busy event loop.
    """
    at = 0
    for rows, statement in _INSERTS.items():
        while len(values) - at >= _COLUMNS * rows:
            connection.execute(statement, values[at : at + _COLUMNS * rows])
            at += _COLUMNS * rows
    values.clear()


def connect(home: Path, tables: str) -> sqlite3.Connection:
    """Open the inbox file, making it and `tables` where they are missing. For use by one thread at a time.

    Raises Unavailable where the file cannot be opened.
    """
    try:
        connection = sqlite3.connect(home / FILE, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "wal_autocheckpoint=4000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(tables)
        if tables is TABLES and not _has_digests(connection):
            _add_digests(connection)
    except sqlite3.Error as failure:
        raise _unavailable(failure) from failure
    return connection


def _has_digests(connection: sqlite3.Connection) -> bool:
    return any(column[1] == "digest" for column in connection.execute("PRAGMA table_info(message)"))


def _add_digests(connection: sqlite3.Connection) -> None:
    """Bring a file that was made before there were digests to its present form, once, whoever comes first."""
    connection.execute("BEGIN IMMEDIATE")
    if not _has_digests(connection):
        connection.execute(_DIGESTS)
    connection.execute("COMMIT")


def latest(home: Path, device: str, stream: str) -> Stored | None:
    """Return the newest message of a device's stream."""
    found = recent(home, device, topic=f"up/{stream}", limit=1)
    return found[0] if found else None


def recent(home: Path, device: str, *, topic: str | None = None, limit: int = 50) -> list[Stored]:
    """Return a device's newest messages, newest first: of one topic (`up/climate`, `event/offline`), or of all."""
    newest = "SELECT number, payload, at FROM message WHERE source = ? ORDER BY number DESC LIMIT ?"
    found: list[Stored] = []
    with _reading(home) as connection:
        for source, name in _sources_of(connection, device):
            if topic is None or topic == name:
                rows = connection.execute(newest, (source, limit)).fetchall() if connection else []
                found += [Stored(row[0], device, name, bytes(row[1]), from_micros(row[2])) for row in rows]
    return sorted(found, key=lambda one: -one.number)[:limit]


def count(home: Path, device: str | None = None) -> int:
    """Count the messages kept: of one device, or of all."""
    with _reading(home) as connection:
        if connection is None:
            return 0
        if device is None:
            return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])
        each = "SELECT count(*) FROM message WHERE source = ?"
        return sum(connection.execute(each, (one,)).fetchone()[0] for one, _ in _sources_of(connection, device))


def _sources_of(connection: sqlite3.Connection | None, device: str) -> list[tuple[int, str]]:
    if connection is None:
        return []
    return connection.execute("SELECT id, topic FROM source WHERE device = ?", (device,)).fetchall()


def from_micros(micros: int) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return datetime.fromtimestamp(micros / 1e6, UTC)


@contextmanager
def _reading(home: Path) -> Iterator[sqlite3.Connection | None]:
    """Open the file to read in it; None where no gateway has made it yet."""
    if not (home / FILE).exists():
        yield None
        return
    connection = connect(home, TABLES)
    try:
        yield connection
    except sqlite3.Error as failure:
        raise _unavailable(failure) from failure
    finally:
        connection.close()


def to_micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, as `Message.at` has it."""
    return int(moment.timestamp() * 1_000_000)


def _unavailable(failure: Exception) -> Exception:
    """Name the failure as a person would."""
    if not isinstance(failure, sqlite3.Error):
        return failure
    text = str(failure)
    if "full" in text:
        return Unavailable("The disk is full; the message was not taken.", do="Free some space; devices send it again.")
    if "locked" in text:
        return Unavailable("The inbox is locked by another program.", do="Close it; devices send again.")
    return Unavailable(f"The inbox does not answer ({text}).", do="Run: careful doctor")
