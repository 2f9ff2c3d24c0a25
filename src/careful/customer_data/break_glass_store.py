"""The table of emergencies in which a customer's data was opened, and every statement over it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, String, Table, Text, insert, select, update

from careful.kernel.database import Moment, metadata

glass = Table(
    "customer_data_glass",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("device", String(64), nullable=False, index=True),
    Column("product", String(64), nullable=False),
    Column("actor", String(80), nullable=False, index=True),
    Column("role", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("case_number", String(80), nullable=False),
    Column("began_at", Moment, nullable=False, index=True),
    Column("until", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("records", Integer, nullable=False),
)
opened = Table(
    "customer_data_glass_opened",
    metadata,
    Column("glass", String(32), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("stream", String(80), primary_key=True),
    Column("actor", String(80), nullable=False, index=True),
    Column("device", String(64), nullable=False),
    Column("records", Integer, nullable=False),
)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add an emergency."""
    connection.execute(insert(glass), dict(row))


def find(connection: Connection, one: str, *, lock: bool = False) -> Row[Any] | None:
    """Return an emergency; `lock`: nobody else changes it meanwhile."""
    query = select(glass).where(glass.c.id == one)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def listed(connection: Connection, device: str | None, most: int) -> list[Row[Any]]:
    """Return emergencies, the newest first."""
    query = select(glass).order_by(glass.c.began_at.desc(), glass.c.id).limit(most)
    return list(connection.execute(query if device is None else query.where(glass.c.device == device)))


def change(connection: Connection, one: str, **values: Any) -> None:  # noqa: ANN401 (columns of any type)
    """Note what became of it."""
    connection.execute(update(glass).where(glass.c.id == one).values(**values))


def note(connection: Connection, row: Mapping[str, Any]) -> None:
    """Count what is about to be opened."""
    connection.execute(insert(opened), dict(row))


def lately(connection: Connection, actor: str, since: datetime) -> list[Row[Any]]:
    """Return what somebody has opened in emergencies since a moment."""
    return list(connection.execute(select(opened).where(opened.c.actor == actor, opened.c.at > since)))
