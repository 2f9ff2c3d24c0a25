"""The table of de-identified sets that were handed out, with the synthetic persons planted in each."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Row, String, Table, insert, select

from careful.kernel.database import JSONText, Moment, metadata

release = Table(
    "customer_data_deidentified",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("product", String(64), nullable=False),
    Column("stream", String(80), nullable=False),
    Column("recipient", String(64), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("by", String(120), nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("k", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("planted", JSONText, nullable=False),  # rows of persons that do not exist; told to nobody
)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add what was handed out."""
    connection.execute(insert(release), dict(row))


def listed(connection: Connection) -> list[Row[Any]]:
    """Return everything that was handed out, the newest first."""
    return list(connection.execute(select(release).order_by(release.c.at.desc(), release.c.id)))
