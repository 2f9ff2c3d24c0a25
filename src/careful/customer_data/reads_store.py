"""The tables of what was read, and which fields ever are, and every statement over them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from careful.kernel.database import JSONText, Moment, metadata, upsert

read = Table(
    "customer_data_read",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", String(80), nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("product", String(64), nullable=False),
    Column("device", String(64), nullable=False, index=True),
    Column("customer", String(32), nullable=False),
    Column("stream", String(80), nullable=False),
    Column("fields", JSONText, nullable=False),
    Column("withheld", JSONText, nullable=False),
    Column("records", Integer, nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
)
use = Table(
    "customer_data_use",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("stream", String(80), primary_key=True),
    Column("field", String(80), primary_key=True),
    Column("since", Moment, nullable=False),
    Column("read_at", Moment, nullable=True),
    Column("proposed_at", Moment, nullable=True),
)


def log(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note what is about to be read."""
    if rows:
        connection.execute(insert(read), [dict(row) for row in rows])


def note_use(connection: Connection, product: str, stream: str, fields: Collection[str], now: datetime) -> None:
    """Note that fields were read."""
    rows = [
        {"product": product, "stream": stream, "field": one, "since": now, "read_at": now, "proposed_at": None}
        for one in sorted(fields)
    ]
    upsert(connection, use, rows, ["product", "stream", "field"], change=["read_at", "proposed_at"])


def begin_use(connection: Connection, places: Collection[tuple[str, str, str]], now: datetime) -> None:
    """Begin to count since when fields are collected; those that are known keep their moment."""
    rows = [{"product": p, "stream": s, "field": f, "since": now, "read_at": None} for p, s, f in sorted(places)]
    upsert(connection, use, rows, ["product", "stream", "field"], change=[])


def forget_others(connection: Connection, product: str, places: Collection[tuple[str, str]]) -> None:
    """Forget the fields of a product that are collected no more."""
    for row in uses(connection, product):
        if (row.stream, row.field) not in places:
            place = (use.c.product == product, use.c.stream == row.stream, use.c.field == row.field)
            connection.execute(use.delete().where(*place))


def uses(connection: Connection, product: str | None = None) -> list[Row[Any]]:
    """Return every field that is collected, with when it was last read."""
    query = select(use).order_by(use.c.product, use.c.stream, use.c.field)
    return list(connection.execute(query if product is None else query.where(use.c.product == product)))


def propose(connection: Connection, product: str, stream: str, field: str, now: datetime) -> None:
    """Note that it was proposed to collect a field no longer."""
    place = (use.c.product == product, use.c.stream == stream, use.c.field == field)
    connection.execute(update(use).where(*place).values(proposed_at=now))


def devices_read(connection: Connection, actor: str, since: datetime, but: str) -> set[str]:
    """Return the devices whose personal values somebody has read since a moment, for another purpose than `but`."""
    places = (read.c.actor == actor, read.c.at > since, read.c.personal, read.c.purpose != but)
    return set(connection.execute(select(read.c.device).where(*places).distinct()).scalars())


def reads(connection: Connection, *, device: str | None = None, most: int = 200) -> list[Row[Any]]:
    """Return what was read, the newest first."""
    query = select(read).order_by(read.c.at.desc(), read.c.id.desc()).limit(most)
    return list(connection.execute(query if device is None else query.where(read.c.device == device)))


def count_of(connection: Connection, customer: str) -> int:
    """Count how often a customer's values were read."""
    return len(connection.execute(select(read.c.id).where(read.c.customer == customer, read.c.personal)).all())


def untold(connection: Connection, before: datetime) -> list[Row[Any]]:
    """Return what was read and stands in no event yet."""
    return list(connection.execute(select(read).where(read.c.told.is_(False), read.c.at <= before).order_by(read.c.id)))


def told(connection: Connection, numbers: Sequence[int]) -> None:
    """Note that these stand in events."""
    if numbers:
        connection.execute(update(read).where(read.c.id.in_(numbers)).values(told=True))


def forget_before(connection: Connection, before: datetime) -> int:
    """Forget who read what before a moment; the ledger keeps the sums."""
    return connection.execute(read.delete().where(read.c.at < before)).rowcount
