"""The mailbox: what waits for a device until it comes for it.

Two kinds of message go down. A plain one (`down/<name>`) waits in line until the device has acknowledged it. The
desired state (`state/desired`) is one message a device, the newest alone, kept for every time that it is asked for.
Beside them the mailbox keeps what a persistent MQTT session must remember: the subscriptions.

Everything is in the inbox's file, so that any process of the installation can put something in (`enqueue_down`,
`set_desired`) and the gateway finds it within a quarter of a second.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from careful.kernel.errors import Invalid, TooLarge, TooMany, Unavailable
from careful.kernel.inbox import connect

DESIRED = "state/desired"
WAITING_MOST = 1000
"""Messages that may wait for one device."""
PAYLOAD_BYTES = 64 * 1024
HANDFUL = 32
"""Messages that are fetched for a device at a time, as far as they fit into `HANDFUL_BYTES`."""
HANDFUL_BYTES = 128 * 1024
RECEIVED = 2  # of `offered`: 0 never, 1 offered, 2 received by the device
_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOPIC = re.compile(r"down/[A-Za-z0-9_-]{1,64}")
_TABLES = """
CREATE TABLE IF NOT EXISTS down_queue (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    offered INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS down_of_device ON down_queue (device, topic);
CREATE TABLE IF NOT EXISTS place (
    number INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL UNIQUE, gateway TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS session (device TEXT PRIMARY KEY, subscriptions TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session_end (device TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""


class Down(Struct, frozen=True):
    """A message on its way down.

    `again`: it was offered before without being acknowledged. `received`: the device has it, and need not be sent it,
    but does not know yet that we know (MQTT's QoS 2, between PUBREC and PUBCOMP).
    """

    number: int
    topic: str
    payload: bytes
    again: bool = False
    received: bool = False


def enqueue_down(home: Path, device: str, topic: str, payload: bytes) -> int:
    """Put a message (`topic` is `down/<name>`) in line for a device and return its number.

    Raises Invalid for a device or topic that cannot be, TooLarge above 64 KiB, TooMany where 1,000 wait already.
    """
    with _changing(home, device, payload, topic) as connection:
        if _count(connection, device) >= WAITING_MOST:
            raise TooMany(f"{WAITING_MOST} messages wait for {device} already.", retry_after=60)
        return _put(connection, device, topic, payload)


def set_desired(home: Path, device: str, payload: bytes) -> None:
    """Set a device's desired state; an empty payload takes it back. Raises Invalid and TooLarge as `enqueue_down`."""
    with _changing(home, device, payload) as connection:
        connection.execute("DELETE FROM down_queue WHERE device = ? AND topic = ?", (device, DESIRED))
        if payload:
            _put(connection, device, DESIRED, payload)


def waiting(home: Path, device: str) -> int:
    """Count the plain messages that wait for a device."""
    with closing(connect(home, _TABLES)) as connection:
        return _count(connection, device)


def check(device: str, payload: bytes, topic: str = "down/x") -> None:
    """Raise Invalid or TooLarge for what cannot be sent down."""
    if not _DEVICE.fullmatch(device):
        raise Invalid(f"{device[:80]!r} is no device id.", where="device")
    if not _TOPIC.fullmatch(topic):
        raise Invalid(f"{topic[:80]!r} is no topic for a device.", do="Use down/<name>.", where="topic")
    if len(payload) > PAYLOAD_BYTES:
        raise TooLarge(f"{len(payload)} bytes are too many for a device; {PAYLOAD_BYTES} are taken.", where="payload")


def handful(rows: Sequence[tuple[int, str, bytes, int]]) -> tuple[list[Down], list[int]]:
    """Return as many of `rows` (number, topic, payload, offered) as are sent at once, and which were never offered."""
    found: list[Down] = []
    new: list[int] = []
    room = HANDFUL_BYTES
    for number, topic, payload, offered in rows[:HANDFUL]:
        room -= len(payload)
        if found and room < 0:
            break
        found.append(Down(number, topic, payload, bool(offered) and topic != DESIRED, offered == RECEIVED))
        new += [] if offered else [number]
    return found, new


@contextmanager
def _changing(home: Path, device: str, payload: bytes, topic: str = "down/x") -> Iterator[sqlite3.Connection]:
    check(device, payload, topic)
    with closing(connect(home, _TABLES)) as connection, _transaction(connection):
        yield connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except sqlite3.Error as failure:
        raise Unavailable(f"The mailbox does not answer ({failure}).", do="Run: careful doctor") from failure
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _put(connection: sqlite3.Connection, device: str, topic: str, payload: bytes) -> int:
    query = "INSERT INTO down_queue (device, topic, payload) VALUES (?, ?, ?)"
    put = connection.execute(query, (device, topic, payload))
    return put.lastrowid or 0


def _count(connection: sqlite3.Connection, device: str) -> int:
    query = "SELECT count(*) FROM down_queue WHERE device = ? AND topic <> ?"
    return int(connection.execute(query, (device, DESIRED)).fetchone()[0])


class Box(Protocol):
    """The gateway's side of a mailbox, wherever it is; see `Mailbox` for each."""

    def close(self) -> None: ...  # noqa: D102 (said once, in Mailbox)
    def newest(self) -> int: ...  # noqa: D102
    def devices_after(self, number: int) -> set[str]: ...  # noqa: D102
    def fetch(self, device: str, after: int, *, retained: bool) -> tuple[list[Down], bool]: ...  # noqa: D102
    def delivered(self, numbers: Sequence[int], /) -> None: ...  # noqa: D102
    def received(self, number: int) -> None: ...  # noqa: D102
    def load(self, device: str, now: float = 0.0) -> dict[str, int] | None: ...  # noqa: D102
    def claim(self, device: str, gateway: str) -> int: ...  # noqa: D102
    def claims_after(self, number: int) -> list[tuple[int, str, str]]: ...  # noqa: D102
    def keep(self, device: str, subscriptions: dict[str, int]) -> None: ...  # noqa: D102
    def leave(self, device: str, at: float) -> None: ...  # noqa: D102
    def drop(self, device: str) -> None: ...  # noqa: D102


class Mailbox:
    """The gateway's side in the file: one open connection, used by one thread at a time."""

    def __init__(self, home: Path) -> None:
        self._connection = connect(home, _TABLES)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def newest(self) -> int:
        """Return the number of the newest message; what comes later has a higher one."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'down_queue'").fetchone()
        return 0 if row is None else int(row[0])

    def devices_after(self, number: int) -> set[str]:
        """Return the devices for whom something came after `number`."""
        query = "SELECT DISTINCT device FROM down_queue WHERE number > ?"
        return {row[0] for row in self._connection.execute(query, (number,))}

    def fetch(self, device: str, after: int, *, retained: bool) -> tuple[list[Down], bool]:
        """Return a handful of what waits for a device after `number`, oldest first, and whether there is more.

        A desired state that was delivered comes only if `retained`.
        """
        query = """
            SELECT number, topic, payload, offered FROM down_queue
            WHERE device = ? AND number > ? AND (? OR NOT delivered) ORDER BY number LIMIT ?
        """
        rows = self._connection.execute(query, (device, after, retained, HANDFUL + 1)).fetchall()
        found, new = handful([(row[0], row[1], bytes(row[2]), row[3]) for row in rows])
        if new:
            with _transaction(self._connection):
                offered = "UPDATE down_queue SET offered = 1 WHERE number = ?"
                self._connection.executemany(offered, [(number,) for number in new])
        return found, len(found) < len(rows)

    def delivered(self, numbers: Sequence[int]) -> None:
        """Note that a device has these: plain ones go, the desired state stays for the next time it is asked for."""
        given = [(number,) for number in numbers]
        with _transaction(self._connection):
            plain = f"DELETE FROM down_queue WHERE number = ? AND topic <> '{DESIRED}'"  # noqa: S608 (a constant)
            self._connection.executemany(plain, given)
            self._connection.executemany("UPDATE down_queue SET delivered = 1, offered = 1 WHERE number = ?", given)

    def received(self, number: int) -> None:
        """Note that a device has this one, before it may forget so."""
        with _transaction(self._connection):
            self._connection.execute("UPDATE down_queue SET offered = ? WHERE number = ?", (RECEIVED, number))

    def load(self, device: str, now: float = 0.0) -> dict[str, int] | None:
        """Return the subscriptions (filter -> options) of a device's session, or None where it has none.

        One whose end has come by `now` is forgotten; any other goes on until `leave` says when it ends.
        """
        ended = self._connection.execute("SELECT at FROM session_end WHERE device = ?", (device,)).fetchone()
        if ended is not None:
            with _transaction(self._connection):
                self._connection.execute("DELETE FROM session_end WHERE device = ?", (device,))
            if ended[0] <= now:
                self.drop(device)
        row = self._connection.execute("SELECT subscriptions FROM session WHERE device = ?", (device,)).fetchone()
        return None if row is None else json.loads(row[0])

    def claim(self, device: str, gateway: str) -> int:
        """Note that a device is connected to `gateway` now, and no longer elsewhere; return the claim's number."""
        query = "INSERT OR REPLACE INTO place (device, gateway) VALUES (?, ?)"
        with _transaction(self._connection):
            return self._connection.execute(query, (device, gateway)).lastrowid or 0

    def claims_after(self, number: int) -> list[tuple[int, str, str]]:
        """Return who claimed a device after `number`: the claim's number, device, gateway."""
        query = "SELECT number, device, gateway FROM place WHERE number > ? ORDER BY number"
        return self._connection.execute(query, (number,)).fetchall()

    def keep(self, device: str, subscriptions: dict[str, int]) -> None:
        """Keep a persistent session."""
        query = """
            INSERT INTO session (device, subscriptions) VALUES (?, ?)
            ON CONFLICT (device) DO UPDATE SET subscriptions = excluded.subscriptions
        """
        with _transaction(self._connection):
            self._connection.execute(query, (device, json.dumps(subscriptions)))

    def leave(self, device: str, at: float) -> None:
        """Let a device's session end at a moment, in seconds since 1970, unless it is loaded before."""
        with _transaction(self._connection):
            self._connection.execute("REPLACE INTO session_end (device, at) VALUES (?, ?)", (device, at))

    def drop(self, device: str) -> None:
        """Forget a session, with the plain messages that waited for it; the desired state is not the session's."""
        with _transaction(self._connection):
            self._connection.execute("DELETE FROM session WHERE device = ?", (device,))
            self._connection.execute("DELETE FROM session_end WHERE device = ?", (device,))
            self._connection.execute("DELETE FROM down_queue WHERE device = ? AND topic <> ?", (device, DESIRED))
