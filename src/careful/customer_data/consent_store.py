"""The tables of consents, and of when data that needs one began; every statement over them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Row, String, Table, delete, insert, select, text, update

from careful.kernel.database import Moment, metadata

consent = Table(
    "customer_data_consent",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("device", String(64), nullable=False, index=True),
    Column("product", String(64), nullable=False),
    Column("item", String(64), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("method", String(32), nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("given_by", String(120), nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("ended_by", String(120), nullable=False),
    Column("why", String(40), nullable=False),
)
Index(
    "uq_customer_data_consent_living",
    consent.c.device,
    consent.c.item,
    consent.c.kind,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
began = Table(
    "customer_data_began",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("item", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)
_AT_ONCE = 500
_lives = consent.c.ended_at.is_(None)


def living(connection: Connection, device: str, item: str | None = None, kind: str | None = None) -> list[Row[Any]]:
    """Return the consents of a device that hold, of one data item and kind or of all."""
    query = select(consent).where(consent.c.device == device, _lives).order_by(consent.c.item, consent.c.kind)
    if item is not None:
        query = query.where(consent.c.item == item)
    if kind is not None:
        query = query.where(consent.c.kind == kind)
    return list(connection.execute(query))


def living_of(connection: Connection, devices: Sequence[str]) -> list[Row[Any]]:
    """Return the consents that hold of many devices: device, item, kind."""
    found: list[Row[Any]] = []
    for start in range(0, len(devices), _AT_ONCE):
        some = devices[start : start + _AT_ONCE]
        query = select(consent.c.device, consent.c.item, consent.c.kind).where(consent.c.device.in_(some), _lives)
        found += connection.execute(query)
    return found


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a consent."""
    connection.execute(insert(consent), dict(row))


def end(connection: Connection, one: str, at: datetime, by: str, why: str) -> None:
    """End a consent."""
    connection.execute(update(consent).where(consent.c.id == one, _lives).values(ended_at=at, ended_by=by, why=why))


def begun(connection: Connection, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these pairs of device and data item are noted as begun."""
    wanted = set(pairs)
    devices = sorted({device for device, _ in wanted})
    found: set[tuple[str, str]] = set()
    for start in range(0, len(devices), _AT_ONCE):
        query = select(began.c.device, began.c.item).where(began.c.device.in_(devices[start : start + _AT_ONCE]))
        found |= {(row.device, row.item) for row in connection.execute(query)}
    return found & wanted


def note_begun(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note that data began: device, item, at."""
    if rows:
        connection.execute(insert(began), [dict(row) for row in rows])


def forget_begun(connection: Connection, device: str) -> None:
    """Forget what began with a customer whose time has ended."""
    connection.execute(delete(began).where(began.c.device == device))


def all_of(connection: Connection, device: str) -> list[Row[Any]]:
    """Return every consent of a device, also those that ended."""
    return list(connection.execute(select(consent).where(consent.c.device == device).order_by(consent.c.id)))
