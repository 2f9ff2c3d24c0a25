"""Which message of the inbox is one that is there already, so that a resend is stored once.

Three ways to know, all of them on disk: MQTT's DUP flag with a packet identifier and the same payload; a packet
identifier of QoS 2 that is taken (`held`); a name that the sender gave the record (`known`).
"""

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from careful.kernel.inbox import Message

TABLES = """
CREATE TABLE IF NOT EXISTS settled (device TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
    device TEXT NOT NULL, packet INTEGER NOT NULL, PRIMARY KEY (device, packet)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (
    source INTEGER NOT NULL, record BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (source, record)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS known_by_age ON known (at);
"""
_RESEND_WITHIN = 3_600_000_000  # microseconds
_RESEND_AMONG = 256  # messages of one topic that a resend is looked for in: four times what may be in flight
_SETTLE = """
INSERT INTO settled (device, number) SELECT ?, coalesce(max(number), 0) FROM message WHERE true
ON CONFLICT (device) DO UPDATE SET number = excluded.number
"""
_SAME = """
SELECT payload, at, digest FROM (
    SELECT number, packet, payload, at, digest FROM message WHERE source = ? ORDER BY number DESC LIMIT ?
) WHERE packet = ? AND number > coalesce((SELECT number FROM settled WHERE device = ?), 0) ORDER BY number DESC LIMIT 1
"""


def settle(connection: sqlite3.Connection, device: str) -> None:
    """Note that no message of a device that is there now will be sent again."""
    connection.execute(_SETTLE, (device,))


def release(connection: sqlite3.Connection, device: str, packet: int) -> None:
    """Note that a packet identifier of QoS 2 is free again; 0: all of the device's are."""
    if packet:
        connection.execute("DELETE FROM held WHERE device = ? AND packet = ?", (device, packet))
    else:
        connection.execute("DELETE FROM held WHERE device = ?", (device,))


def is_there(connection: sqlite3.Connection, one: "Message", source: int) -> bool:
    """Tell whether a message, from a source's number, is there already; every earlier one must be in the table."""
    if one.exactly:
        held = connection.execute("INSERT OR IGNORE INTO held VALUES (?, ?)", (one.device, one.packet))
        if not held.rowcount:
            return True
    elif one.resend and _is_resend(connection, one, source):
        return True
    if not one.record:
        return False
    known = connection.execute("INSERT OR IGNORE INTO known VALUES (?, ?, ?)", (source, one.record, one.at))
    return not known.rowcount


def _is_resend(connection: sqlite3.Connection, one: "Message", source: int) -> bool:
    asked = (source, _RESEND_AMONG, one.packet, one.device)
    found = connection.execute(_SAME, asked).fetchone()
    if found is None or one.at - found[1] > _RESEND_WITHIN:
        return False
    return bool(found[2] == one.digest and (one.digest or found[0] == one.payload))


def sweep(connection: sqlite3.Connection, before: int) -> None:
    """Forget the names of records that came before a moment, in microseconds."""
    connection.execute("DELETE FROM known WHERE at < ?", (before,))
