"""The table of comparisons: what recordings showed beside what was declared, each with its date and source."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, Row, String, Table, delete, insert, select

from careful.kernel.database import JSONText, Moment, metadata

KEPT_EACH = 50
"""Comparisons kept of each product; the ledger keeps the figures of all."""

comparison = Table(
    "monitoring_comparison",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("product", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("release", String(64), nullable=False),
    Column("source", String(16), nullable=False),
    Column("recording", String(64), nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("found", JSONText, nullable=False),
    Index("ix_monitoring_comparison_of", "product", "made_at"),
)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep one, and of the product's older ones no more than so many."""
    connection.execute(insert(comparison), [row])
    columns = comparison.c
    newest = (
        select(columns.id)
        .where(columns.product == row["product"])
        .order_by(columns.made_at.desc(), columns.id.desc())
        .limit(KEPT_EACH)
    )
    kept = list(connection.execute(newest).scalars())
    connection.execute(delete(comparison).where(columns.product == row["product"], columns.id.not_in(kept)))


def of_product(connection: Connection, product: str, most: int) -> list[Row[Any]]:
    """Return the newest comparisons of a product."""
    columns = comparison.c
    query = select(comparison).where(columns.product == product).order_by(columns.made_at.desc(), columns.id.desc())
    return list(connection.execute(query.limit(most)).all())
