"""What lies in each day of the readings, remembered so that a whole day is read once and not every few minutes.

A day that is over changes in two ways only: records are deleted, which the first record of a stream tells that is not
there any more; and a late record arrives, with which everything remembered of its day is forgotten (`forget`).
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import Column, Connection, String, Table, delete, insert, select, text

from careful.customer_data.readings_store import table_of
from careful.kernel.database import Moment, metadata

seen = Table(
    "customer_data_day",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("product", String(64), primary_key=True),
    Column("topic", String(128), primary_key=True),  # empty, with an empty product: the day was read as a whole
    Column("device", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)
Place = tuple[str, str]
"""Product and topic."""
First = tuple[str, datetime]
"""The device and the moment of the first record of a place."""
_READ = ("", "")


def begin(connection: Connection, day: date, now: datetime) -> None:
    """Forget what was remembered of a day, and note that it is read now."""
    forget(connection, [day])
    connection.execute(insert(seen), {"day": str(day), "product": "", "topic": "", "device": "", "at": now})


def remember(connection: Connection, day: date, first: Mapping[Place, First]) -> None:
    """Remember what was read, unless something was added to the day meanwhile."""
    begun = select(seen.c.at).where(seen.c.day == str(day), seen.c.product == "", seen.c.topic == "")
    if connection.execute(begun.with_for_update()).first() is None:
        return
    rows = [
        {"day": str(day), "product": product, "topic": topic, "device": device, "at": at}
        for (product, topic), (device, at) in first.items()
    ]
    connection.execute(delete(seen).where(seen.c.day == str(day), seen.c.topic != ""))
    if rows:
        connection.execute(insert(seen), rows)


def remembered(connection: Connection, day: date) -> dict[Place, First] | None:
    """Return the first record of each place of a day; None where the day was not read since something was added."""
    rows = connection.execute(select(seen).where(seen.c.day == str(day))).all()
    found = {(row.product, row.topic): (row.device, row.at) for row in rows}
    return None if found.pop(_READ, None) is None else found


def forget(connection: Connection, days: Collection[date]) -> None:
    """Forget what is remembered of days."""
    connection.execute(delete(seen).where(seen.c.day.in_([str(day) for day in days])))


def is_there(connection: Connection, day: date, topic: str, first: First) -> bool:
    """Tell whether a record is still there; read are the device's of that day."""
    query = text(f"SELECT 1 FROM {table_of(day)} WHERE device = :device AND topic = :topic AND at = :at LIMIT 1")  # noqa: S608
    return connection.execute(query, {"device": first[0], "topic": topic, "at": first[1]}).first() is not None


def is_empty(connection: Connection, day: date) -> bool:
    """Tell whether a day has no record at all."""
    return connection.execute(text(f"SELECT 1 FROM {table_of(day)} LIMIT 1")).first() is None  # noqa: S608
