"""Tables and SQL of the duties to report. Nothing here is ever updated or deleted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, String, Table, Text, func, insert, select, text

from careful.kernel.database import JSONText, Moment, metadata

matters = Table(
    "obligations_matter",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("why_severe", Text, nullable=False),
    Column("products", JSONText, nullable=False),
    Column("noted_at", Moment, nullable=False),
)
"""Incidents and rehearsals. An exploited vulnerability is a case already and has no row of its own."""

entries = Table(
    "obligations_entry",
    metadata,
    Column("matter", String(80), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("type", String(20), nullable=False),
    Column("at", Moment, nullable=False),
    Column("says", Text, nullable=False),
    Column("duty", String(40), nullable=False),
    Column("reference", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("noted_at", Moment, nullable=False),
)
"""What was noted of a matter: awareness, measures, reports. Entries are added, never changed."""


def hold(connection: Connection) -> None:
    """Let one at a time note: two would take the same number. On SQLite every writing transaction is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE obligations_entry IN SHARE ROW EXCLUSIVE MODE"))


def put_matter(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep a new matter."""
    connection.execute(insert(matters), dict(row))


def add_entry(connection: Connection, matter: str, row: Mapping[str, Any]) -> None:
    """Note one thing of a matter, after all that was noted before. The caller holds the table."""
    last = connection.execute(select(func.max(entries.c.number)).where(entries.c.matter == matter)).scalar()
    connection.execute(insert(entries), {"matter": matter, "number": int(last or 0) + 1, **row})
