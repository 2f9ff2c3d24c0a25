"""The tables of customers' keys and epochs, and every statement over them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from careful.customer_data.model import Customer, Epoch
from careful.kernel.database import Moment, metadata

customer = Table(
    "customer_data_customer",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("device", String(64), nullable=False, index=True),
    Column("since", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("why", String(16), nullable=False),
    Column("epoch", Integer, nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=True),  # nothing once the customer's time has ended
)
Index(
    "uq_customer_data_customer_living",
    customer.c.device,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
epoch = Table(
    "customer_data_epoch",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("begins", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("proof", LargeBinary, nullable=False),  # a known value under the epoch's key: tells the right key
    Column("closed_at", Moment, nullable=True),
    Column("destroyed_at", Moment, nullable=True),
)
_TURN = 0x43555354  # "CUST"
_REWRAP = text("""
    UPDATE customer_data_customer SET epoch = :after, wrapped = found.key
    FROM unnest(:ones ::text[], :before ::int[], :keys ::bytea[]) AS found (id, epoch, key)
    WHERE customer_data_customer.id = found.id AND customer_data_customer.epoch = found.epoch AND ended_at IS NULL
""")
_alive = customer.c.ended_at.is_(None)


def take_turn(connection: Connection) -> None:
    """Wait until nobody else makes customers or moves their keys; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _TURN})


def living(connection: Connection, device: str) -> tuple[Customer, bytes] | None:
    """Return a device's present customer and their wrapped key."""
    row = connection.execute(select(customer).where(customer.c.device == device, _alive)).one_or_none()
    return None if row is None else (as_customer(row), bytes(row.wrapped))


def device_of(connection: Connection, one: str) -> str | None:
    """Return whose time with which device a customer is."""
    return connection.execute(select(customer.c.device).where(customer.c.id == one)).scalar_one_or_none()


def add_customer(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a customer."""
    connection.execute(insert(customer), dict(row))


def end_customer(connection: Connection, one: str, now: datetime, why: str) -> bool:
    """End a customer's time and drop their key; tell whether it was going on."""
    ended = update(customer).where(customer.c.id == one, _alive).values(ended_at=now, why=why, wrapped=None)
    return connection.execute(ended).rowcount == 1


def devices_alive(connection: Connection, devices: Sequence[str]) -> set[str]:
    """Return those of `devices` that have a customer now."""
    if not devices:
        return set()
    return set(connection.execute(select(customer.c.device).where(customer.c.device.in_(devices), _alive)).scalars())


def count_under(connection: Connection, number: int) -> int:
    """Count the living customers whose keys an epoch's key wraps."""
    query = select(func.count()).select_from(customer).where(customer.c.epoch == number, _alive)
    return connection.execute(query).scalar_one()


def ids_under(connection: Connection, number: int) -> list[str]:
    """Return the living customers whose keys an epoch's key wraps."""
    query = select(customer.c.id).where(customer.c.epoch == number, _alive).order_by(customer.c.id)
    return list(connection.execute(query).scalars())


def wrapped_under_others(connection: Connection, number: int, most: int) -> list[tuple[str, int, bytes]]:
    """Return up to `most` living customers whose keys are not wrapped under this epoch: id, epoch, wrapped key."""
    query = select(customer.c.id, customer.c.epoch, customer.c.wrapped)
    rows = connection.execute(query.where(_alive, customer.c.epoch != number).order_by(customer.c.epoch).limit(most))
    return [(row.id, row.epoch, bytes(row.wrapped)) for row in rows]


def rewrap(connection: Connection, after: int, rows: Sequence[tuple[str, int, bytes]]) -> None:
    """Put keys under the epoch `after`: id, the epoch before, wrapped key. Who ended meanwhile stays as they are."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":  # one statement: a round trip for each key takes twenty times as long
        ones, before, keys = (list(column) for column in zip(*rows, strict=True))
        connection.execute(_REWRAP, {"after": after, "ones": ones, "before": before, "keys": keys})
        return
    place = (customer.c.id == bindparam("one"), customer.c.epoch == bindparam("before"), _alive)
    changed = update(customer).where(and_(*place)).values(epoch=after, wrapped=bindparam("key"))
    connection.execute(changed, [dict(zip(("one", "before", "key"), row, strict=True)) for row in rows])


def epochs(connection: Connection) -> list[tuple[Epoch, bytes]]:
    """Return all epochs, oldest first, each with its proof."""
    return [(as_epoch(row), bytes(row.proof)) for row in connection.execute(select(epoch).order_by(epoch.c.number))]


def newest_epoch(connection: Connection) -> Epoch | None:
    """Return the newest epoch."""
    row = connection.execute(select(epoch).order_by(epoch.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else as_epoch(row)


def add_epoch(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add an epoch."""
    connection.execute(insert(epoch), dict(row))


def set_epoch(connection: Connection, number: int, **values: Any) -> None:  # noqa: ANN401 (columns of any type)
    """Change an epoch."""
    connection.execute(update(epoch).where(epoch.c.number == number).values(**values))


def forget_customer(connection: Connection, one: str) -> None:
    """Delete the row of a customer that never was one: what a proof planted."""
    connection.execute(customer.delete().where(customer.c.id == one))


def as_customer(row: Row[Any]) -> Customer:
    """Read a row, leaving the key behind."""
    return Customer(row.id, row.device, row.since, row.ended_at, row.why, row.epoch)


def as_epoch(row: Row[Any]) -> Epoch:
    """Read a row."""
    return Epoch(row.number, row.begins, row.ends, row.closed_at, row.destroyed_at)
