"""The tables of what doors remember beyond a restart: what was counted, and what devices used of their rates."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Row, String, Table, delete, select

from careful.kernel.database import Moment, metadata, upsert

counted = Table(
    "customer_data_counted",
    metadata,
    Column("mark", LargeBinary, primary_key=True),  # a digest of device, topic and the name that the sender gave
    Column("at", Moment, nullable=False, index=True),
)
spent = Table(
    "customer_data_spent",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("item", String(64), primary_key=True),
    Column("began", Moment, nullable=False, index=True),  # the hour or day that is under way
    Column("messages", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)


def mark(connection: Connection, marks: Collection[bytes], now: datetime) -> set[bytes]:
    """Note that these were counted; return those that had not been."""
    known = {
        bytes(one) for one in connection.execute(select(counted.c.mark).where(counted.c.mark.in_(marks))).scalars()
    }
    new = set(marks) - known
    upsert(connection, counted, [{"mark": one, "at": now} for one in sorted(new)], ["mark"], change=[])
    return new


def note_spent(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note how much of their rates devices have used."""
    upsert(connection, spent, list(rows), ["device", "item"])


def spent_by(connection: Connection, device: str, since: datetime) -> Sequence[Row[Any]]:
    """Return what a device has used in hours and days that began since a moment."""
    return connection.execute(select(spent).where(spent.c.device == device, spent.c.began > since)).all()


def forget(connection: Connection, marks_before: datetime, spent_before: datetime) -> int:
    """Forget what is over; return how many rows."""
    gone = connection.execute(delete(counted).where(counted.c.at < marks_before)).rowcount
    return gone + connection.execute(delete(spent).where(spent.c.began < spent_before)).rowcount


def any_old(connection: Connection, marks_before: datetime, spent_before: datetime) -> bool:
    """Tell whether there is anything to forget."""
    old = connection.execute(select(counted.c.at).where(counted.c.at < marks_before).limit(1)).first()
    return old is not None or (
        connection.execute(select(spent.c.item).where(spent.c.began < spent_before).limit(1)).first() is not None
    )
