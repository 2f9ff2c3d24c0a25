"""The tables of products, and the statements that write them.

Every version of a product file is kept, bytes and all; the product's row says which is newest and which in force.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from careful.kernel.database import Moment, metadata, upsert
from careful.products.model import Ending

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


def put_ending(connection: Connection, product_id: str, values: Mapping[str, Any], at: datetime) -> None:
    """Announce the end of a product's support, or change the words of it."""
    fresh = {"product": product_id, "announced_at": at, "told": 0, **values}
    upsert(connection, ending, [fresh], ["product"], [*values])


def ending_of(connection: Connection, product_id: str) -> Ending | None:
    """Return the announced end of a product's support."""
    row = connection.execute(_endings().where(ending.c.product == product_id)).one_or_none()
    return None if row is None else _as_ending(row)


def endings(connection: Connection) -> list[Ending]:
    """Return every announced end."""
    return [_as_ending(row) for row in connection.execute(_endings().order_by(ending.c.product))]


def _endings() -> Select[Any]:
    columns = [one for one in ending.c if one.name != "vex"]
    return select(*columns, product.c.published_until).join(product, product.c.id == ending.c.product)


def _as_ending(row: Row[Any]) -> Ending:
    return Ending(
        product=row.product,
        until=date.fromisoformat(row.published_until or row.until),  # a promise may have moved later since
        last_version=row.last_version,
        release=row.release,
        keeps_working=row.keeps_working,
        stops_working=row.stops_working,
        announced_at=row.announced_at,
        sbom_sha256=row.sbom_sha256,
        vex_sha256=row.vex_sha256,
        kept_at=row.kept_at,
        told=row.told,
        told_at=row.told_at,
    )


def keep_papers(connection: Connection, product_id: str, sbom: str, digest: str, vex: str, at: datetime) -> bool:
    """Keep the last papers, unless they were kept; tell whether they were not."""
    here = (ending.c.product == product_id, ending.c.kept_at.is_(None))
    values = {"sbom_sha256": sbom, "vex_sha256": digest, "vex": vex, "kept_at": at}
    return connection.execute(update(ending).where(*here).values(**values)).rowcount == 1


def last_vex(connection: Connection, product_id: str) -> str | None:
    """Return the last VEX document."""
    return connection.execute(select(ending.c.vex).where(ending.c.product == product_id)).scalar_one_or_none()


def told_of_end(connection: Connection, product_id: str, stage: int, at: datetime) -> bool:
    """Note of which stage owners are told; tell whether it is a new one."""
    here = (ending.c.product == product_id, ending.c.told < stage)
    return connection.execute(update(ending).where(*here).values(told=stage, told_at=at)).rowcount == 1
