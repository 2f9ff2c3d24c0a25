"""The tables of products, and the statements that write them.

Every version of a product file is kept, bytes and all; the product's row says which is newest and which in force.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, LargeBinary, Row, String, Table, Text, insert, select, update

from careful.kernel.database import Moment, metadata, upsert

product = Table(
    "products_product",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("newest", Integer, nullable=False),
    Column("approved", Integer, nullable=True),
    Column("approved_at", Moment, nullable=True),
    Column("page_published_at", Moment, nullable=True),
    Column("published_until", String(10), nullable=True),
    Column("on_sale_at", Moment, nullable=True),
)
version = Table(
    "products_version",
    metadata,
    Column("product", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("declared_at", Moment, nullable=False),
    Column("approved_at", Moment, nullable=True),
)

ending = Table(
    "products_ending",
    metadata,
    Column("product", String(32), primary_key=True),
    Column("announced_at", Moment, nullable=False),
    Column("until", String(10), nullable=False),
    Column("last_version", String(64), nullable=False),
    Column("keeps_working", Text, nullable=False),
    Column("stops_working", Text, nullable=False),
    Column("release", String(64), nullable=False),
    Column("sbom_sha256", String(64), nullable=True),
    Column("vex_sha256", String(64), nullable=True),
    Column("vex", Text, nullable=True),
    Column("kept_at", Moment, nullable=True),
    Column("told", Integer, nullable=False),
    Column("told_at", Moment, nullable=True),
)

KeptRow = Row[Any]
"""A product's row, for who passes it on without looking at SQL."""


def lock(connection: Connection, product_id: str) -> Row[Any] | None:
    """Return the product's row, held until the transaction ends; None where there is none."""
    return connection.execute(select(product).where(product.c.id == product_id).with_for_update()).one_or_none()


def claim(connection: Connection, product_id: str) -> Row[Any]:
    """Return the product's row, made where there is none (`newest` is 0 then), held until the transaction ends."""
    upsert(connection, product, [{"id": product_id, "newest": 0}], ["id"], change=[])
    return connection.execute(select(product).where(product.c.id == product_id).with_for_update()).one()


def version_row(connection: Connection, product_id: str, number: int) -> Row[Any]:
    """Return one version, which must exist."""
    query = select(version).where(version.c.product == product_id, version.c.version == number)
    return connection.execute(query).one()


def add_version(connection: Connection, product_id: str, number: int, digest: str, text: bytes, at: datetime) -> None:
    """Keep a version of a product that was claimed, as its newest."""
    change(connection, product_id, {"newest": number})
    row = {"product": product_id, "version": number, "digest": digest, "text": text, "declared_at": at}
    connection.execute(insert(version), row)


def approve(connection: Connection, product_id: str, number: int, at: datetime) -> None:
    """Put a version in force."""
    change(connection, product_id, {"approved": number, "approved_at": at})
    chosen = (version.c.product == product_id) & (version.c.version == number)
    connection.execute(update(version).where(chosen).values(approved_at=at))


def change(connection: Connection, product_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of the product's row."""
    connection.execute(update(product).where(product.c.id == product_id).values(**values))


def day(text: str | None) -> date | None:
    """Read a stored day."""
    return None if text is None else date.fromisoformat(text)
