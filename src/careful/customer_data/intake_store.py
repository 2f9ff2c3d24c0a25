"""The tables of what was taken and refused at the door, counted; every statement over them. No value is in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, delete, func, select, text, update

from careful.kernel.database import Moment, metadata, upsert

refused = Table(
    "customer_data_refused",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("release", String(64), primary_key=True),
    Column("item", String(80), primary_key=True),
    Column("field", String(120), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("times", BigInteger, nullable=False),
    Column("left_out", BigInteger, nullable=False),
    Column("untold", BigInteger, nullable=False),
    Column("untold_left_out", BigInteger, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False, index=True),
)
observed = Table(
    "customer_data_observed",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("item", String(64), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("times", BigInteger, nullable=False),
    Column("untold", BigInteger, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
)
"""What was taken; the row with field "" counts the records of the item."""
told = Table(
    "customer_data_told",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("release", String(64), primary_key=True),
    Column("item", String(80), primary_key=True),
    Column("field", String(120), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("at", Moment, nullable=False),
)
"""When the ledger last heard of one kind of refusal; of what was observed under the kind "observed"."""

GROUP = ("product", "release", "item", "field", "kind")
KEY = (*GROUP, "device")


_TURN = 0x494E544B  # "INTK"


def take_turn(connection: Connection) -> None:
    """Wait until no other gateway counts or tells, so that nothing is told twice; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _TURN})


def places_of(connection: Connection, device: str) -> set[tuple[str, ...]]:
    """Return the places at which something of this device was refused before."""
    columns = [refused.c[name] for name in GROUP]
    return {tuple(row) for row in connection.execute(select(*columns).where(refused.c.device == device))}


def add_refused(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to the counters: rows of KEY, count, left_out, at."""
    empty = {"times": 0, "left_out": 0, "untold": 0, "untold_left_out": 0}
    keys = [{name: row[name] for name in KEY} for row in rows]
    new = [key | empty | {"first_at": row["at"], "last_at": row["at"]} for key, row in zip(keys, rows, strict=True)]
    upsert(connection, refused, new, KEY, change=[])
    for key, row in zip(keys, rows, strict=True):
        connection.execute(
            update(refused)
            .where(*(refused.c[name] == value for name, value in key.items()))
            .values(
                times=refused.c.times + row["count"],
                left_out=refused.c.left_out + row["left_out"],
                untold=refused.c.untold + row["count"],
                untold_left_out=refused.c.untold_left_out + row["left_out"],
                last_at=row["at"],
            )
        )


def add_observed(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to the counters: rows of product, item, field, count, at."""
    names = ("product", "item", "field")
    keys = [{name: row[name] for name in names} for row in rows]
    new = [
        key | {"times": 0, "untold": 0, "first_at": row["at"], "last_at": row["at"]}
        for key, row in zip(keys, rows, strict=True)
    ]
    upsert(connection, observed, new, names, change=[])
    for key, row in zip(keys, rows, strict=True):
        connection.execute(
            update(observed)
            .where(*(observed.c[name] == value for name, value in key.items()))
            .values(times=observed.c.times + row["count"], untold=observed.c.untold + row["count"], last_at=row["at"])
        )


def untold_refused(connection: Connection) -> list[Row[Any]]:
    """Return what the ledger has not heard of, by group: count, left_out, devices, since, until, the most first."""
    count = func.sum(refused.c.untold)
    return list(
        connection.execute(
            select(
                *(refused.c[name] for name in GROUP),
                count.label("untold"),
                func.sum(refused.c.untold_left_out).label("left_out"),
                func.count().label("devices"),
                func.min(refused.c.first_at).label("first_at"),
                func.max(refused.c.last_at).label("last_at"),
            )
            .where(refused.c.untold > 0)
            .group_by(*(refused.c[name] for name in GROUP))
            .order_by(count.desc(), *(refused.c[name] for name in GROUP))
        )
    )


def untold_observed(connection: Connection) -> list[Row[Any]]:
    """Return what was taken since the ledger last heard of it."""
    query = select(observed).where(observed.c.untold > 0)
    return list(connection.execute(query.order_by(observed.c.product, observed.c.item, observed.c.field)))


def told_at(connection: Connection) -> dict[tuple[str, ...], datetime]:
    """Return when the ledger last heard of each group."""
    return {tuple(row[:-1]): row.at for row in connection.execute(select(*(told.c[name] for name in GROUP), told.c.at))}


def note_told(connection: Connection, group: Sequence[str], at: datetime) -> None:
    """Note that the ledger has heard of a group."""
    where = dict(zip(GROUP, group, strict=True))
    upsert(connection, told, [where | {"at": at}], GROUP)
    if where["kind"] == "observed":
        connection.execute(update(observed).where(observed.c.product == where["product"]).values(untold=0))
    else:
        here = [refused.c[name] == value for name, value in where.items()]
        connection.execute(update(refused).where(*here).values(untold=0, untold_left_out=0))


def refused_of(connection: Connection, product: str | None, since: datetime | None = None) -> list[Row[Any]]:
    """Return what was refused, by group: times, left_out, devices, first_at, last_at; the newest first."""
    last = func.max(refused.c.last_at)
    query = select(
        *(refused.c[name] for name in GROUP),
        func.sum(refused.c.times).label("times"),
        func.sum(refused.c.left_out).label("left_out"),
        func.count().label("devices"),
        func.min(refused.c.first_at).label("first_at"),
        last.label("last_at"),
    ).group_by(*(refused.c[name] for name in GROUP))
    if product is not None:
        query = query.where(refused.c.product == product)
    if since is not None:
        query = query.where(refused.c.last_at >= since)
    return list(connection.execute(query.order_by(last.desc(), *(refused.c[name] for name in GROUP))))


def devices_of(connection: Connection, group: Sequence[str], most: int) -> list[Row[Any]]:
    """Return the devices that one kind of refusal was counted for, the newest first."""
    here = [refused.c[name] == value for name, value in zip(GROUP, group, strict=True)]
    query = select(refused).where(*here).order_by(refused.c.last_at.desc(), refused.c.device).limit(most)
    return list(connection.execute(query))


def observed_of(connection: Connection, product: str) -> list[Row[Any]]:
    """Return what was taken of one product."""
    query = select(observed).where(observed.c.product == product)
    return list(connection.execute(query.order_by(observed.c.item, observed.c.field)))


def any_before(connection: Connection, before: datetime) -> bool:
    """Tell whether anything was last refused before a moment."""
    return connection.execute(select(refused.c.device).where(refused.c.last_at < before).limit(1)).first() is not None


def forget_told(connection: Connection, before: datetime) -> None:
    """Forget when the ledger last heard of what it has not heard of for long."""
    connection.execute(delete(told).where(told.c.at < before))


def forget_refused(connection: Connection, before: datetime) -> int:
    """Forget what was last refused before a moment and has been told; return how many rows."""
    old = delete(refused).where(refused.c.last_at < before, refused.c.untold == 0)
    return connection.execute(old).rowcount
