"""The table of de-identified sets that were handed out, with the synthetic persons planted in each."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Row, String, Table, insert, select, update

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
    Column("planted", JSONText, nullable=False),  # of sets made before they were sealed; else empty
    Column("sealed", LargeBinary, nullable=True),  # what was planted, and which rows there are how often
)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add what was handed out."""
    connection.execute(insert(release), dict(row))


def seal(connection: Connection, one: str, sealed: bytes) -> None:
    """Put what was planted away sealed."""
    connection.execute(update(release).where(release.c.id == one).values(planted=[], sealed=sealed))


def unsealed(connection: Connection) -> list[Row[Any]]:
    """Return the sets of which what was planted lies open."""
    return list(connection.execute(select(release).where(release.c.sealed.is_(None)).limit(100)))


def listed(connection: Connection) -> list[Row[Any]]:
    """Return everything that was handed out, the newest first."""
    return list(connection.execute(select(release).order_by(release.c.at.desc(), release.c.id)))
