"""The mailbox in PostgreSQL, for gateways on several machines: see `careful.kernel.mailbox` for what it does.

Numbers are drawn under a lock that lasts until the commit, so that whoever looks for what came after a number misses
nothing that was still under way. On SQLite these tables stay empty: there the mailbox is in the inbox's file.
"""

import json
from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Connection, Float, Index, Integer, LargeBinary, String, Table, Text, text
from sqlalchemy import Sequence as NumberSequence

from careful.kernel.database import Database, metadata
from careful.kernel.errors import TooMany
from careful.kernel.mailbox import DESIRED, HANDFUL, RECEIVED, WAITING_MOST, Down, check, handful

down = Table(
    "mailbox_down",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("device", String(64), nullable=False),
    Column("topic", String(80), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("offered", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    info={"counter": "mailbox_number"},
)
Index("ix_mailbox_down_device", down.c.device, down.c.number)
place = Table(
    "mailbox_place",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False, index=True),
    Column("gateway", String(32), nullable=False),
    info={"counter": "mailbox_number"},
)
session = Table(
    "mailbox_session",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("subscriptions", Text, nullable=True),
    Column("ends", Float, nullable=True),
)
numbers = NumberSequence("mailbox_number", metadata=metadata)
_TURN = 0x4D41494C  # "MAIL"


class DatabaseMailbox:
    """The mailbox of an installation whose database is PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        """Leave the database open: it is not ours alone."""

    def put(self, device: str, topic: str, payload: bytes) -> int:
        """Put a message in line for a device; see `mailbox.enqueue_down`."""
        check(device, payload, topic)
        with self._database.transaction("write") as connection:
            number = _number(connection)
            query = text("SELECT count(*) FROM mailbox_down WHERE device = :device AND topic <> :desired")
            if connection.execute(query, {"device": device, "desired": DESIRED}).scalar_one() >= WAITING_MOST:
                raise TooMany(f"{WAITING_MOST} messages wait for {device} already.", retry_after=60)
            _insert(connection, number, device, topic, payload)
        return number

    def set_desired(self, device: str, payload: bytes) -> None:
        """Set a device's desired state; see `mailbox.set_desired`."""
        check(device, payload)
        with self._database.transaction("write") as connection:
            number = _number(connection)
            gone = text("DELETE FROM mailbox_down WHERE device = :device AND topic = :desired")
            connection.execute(gone, {"device": device, "desired": DESIRED})
            if payload:
                _insert(connection, number, device, DESIRED, payload)

    def newest(self) -> int:
        """Return the number of the newest message; what comes later has a higher one."""
        with self._database.transaction("read") as connection:
            return int(connection.execute(text("SELECT coalesce(max(number), 0) FROM mailbox_down")).scalar_one())

    def devices_after(self, number: int) -> set[str]:
        """Return the devices for whom something came after `number`."""
        query = text("SELECT DISTINCT device FROM mailbox_down WHERE number > :number")
        with self._database.transaction("read") as connection:
            return {row[0] for row in connection.execute(query, {"number": number})}

    def fetch(self, device: str, after: int, *, retained: bool) -> tuple[list[Down], bool]:
        """Return a handful of what waits for a device; see `mailbox.Mailbox.fetch`."""
        query = text("""
            SELECT number, topic, payload, offered FROM mailbox_down
            WHERE device = :device AND number > :after AND (:retained OR delivered = 0) ORDER BY number LIMIT :most
        """)
        given = {"device": device, "after": after, "retained": retained, "most": HANDFUL + 1}
        with self._database.transaction("write") as connection:
            rows = connection.execute(query, given).fetchall()
            found, new = handful([(row[0], row[1], bytes(row[2]), row[3]) for row in rows])
            if new:
                offered = text("UPDATE mailbox_down SET offered = 1 WHERE number = ANY(:numbers)")
                connection.execute(offered, {"numbers": new})
        return found, len(found) < len(rows)

    def delivered(self, given: Sequence[int]) -> None:
        """Note that a device has these: plain ones go, the desired state stays for the next time it is asked for."""
        if not given:
            return
        values = {"numbers": list(given), "desired": DESIRED}
        with self._database.transaction("write") as connection:
            connection.execute(
                text("DELETE FROM mailbox_down WHERE number = ANY(:numbers) AND topic <> :desired"), values
            )
            connection.execute(
                text("UPDATE mailbox_down SET delivered = 1, offered = 1 WHERE number = ANY(:numbers)"),
                {"numbers": list(given)},
            )

    def received(self, number: int) -> None:
        """Note that a device has this one, before it may forget so."""
        with self._database.transaction("write") as connection:
            query = text("UPDATE mailbox_down SET offered = :received WHERE number = :number")
            connection.execute(query, {"received": RECEIVED, "number": number})

    def load(self, device: str, now: float = 0.0) -> dict[str, int] | None:
        """Return the subscriptions of a device's session; see `mailbox.Mailbox.load`."""
        with self._database.transaction("write") as connection:
            query = text("SELECT subscriptions, ends FROM mailbox_session WHERE device = :device FOR UPDATE")
            row = connection.execute(query, {"device": device}).one_or_none()
            if row is None or row.subscriptions is None:
                return None
            if row.ends is not None and row.ends <= now:
                _drop(connection, device)
                return None
            going_on = text("UPDATE mailbox_session SET ends = NULL WHERE device = :device")
            connection.execute(going_on, {"device": device})
            found: dict[str, int] = json.loads(row.subscriptions)
            return found

    def keep(self, device: str, subscriptions: dict[str, int]) -> None:
        """Keep a persistent session."""
        query = text("""
            INSERT INTO mailbox_session (device, subscriptions) VALUES (:device, :said)
            ON CONFLICT (device) DO UPDATE SET subscriptions = excluded.subscriptions
        """)
        with self._database.transaction("write") as connection:
            connection.execute(query, {"device": device, "said": json.dumps(subscriptions)})

    def leave(self, device: str, at: float) -> None:
        """Let a device's session end at a moment, in seconds since 1970, unless it is loaded before."""
        with self._database.transaction("write") as connection:
            query = text("UPDATE mailbox_session SET ends = :at WHERE device = :device")
            connection.execute(query, {"device": device, "at": at})

    def drop(self, device: str) -> None:
        """Forget a session, with the plain messages that waited for it; the desired state is not the session's."""
        with self._database.transaction("write") as connection:
            _drop(connection, device)

    def claim(self, device: str, gateway: str) -> int:
        """Note that a device is connected to `gateway` now, and no longer elsewhere; return the claim's number."""
        query = text("""
            INSERT INTO mailbox_place (device, number, gateway) VALUES (:device, :number, :gateway)
            ON CONFLICT (device) DO UPDATE SET number = excluded.number, gateway = excluded.gateway
        """)
        with self._database.transaction("write") as connection:
            number = _number(connection)
            connection.execute(query, {"device": device, "number": number, "gateway": gateway})
        return number

    def claims_after(self, number: int) -> list[tuple[int, str, str]]:
        """Return who claimed a device after `number`: the claim's number, device, gateway."""
        query = text("SELECT number, device, gateway FROM mailbox_place WHERE number > :number ORDER BY number")
        with self._database.transaction("read") as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(query, {"number": number})]


def _number(connection: Connection) -> int:
    """Draw the next number; whoever wants one later waits for our commit."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    return int(connection.execute(text("SELECT nextval('mailbox_number')")).scalar_one())


def _insert(connection: Connection, number: int, device: str, topic: str, payload: bytes) -> None:
    row = {"number": number, "device": device, "topic": topic, "payload": payload, "offered": 0, "delivered": 0}
    connection.execute(down.insert(), row)


def _drop(connection: Connection, device: str) -> None:
    given = {"device": device, "desired": DESIRED}
    connection.execute(text("DELETE FROM mailbox_session WHERE device = :device"), {"device": device})
    connection.execute(text("DELETE FROM mailbox_down WHERE device = :device AND topic <> :desired"), given)
