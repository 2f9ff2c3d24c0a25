"""The tables of receipts and of the processes that hold customers' keys, and every statement over them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Row, String, Table, insert, or_, select, update

from careful.customer_data.model import Receipt, Release
from careful.kernel.database import JSONText, Moment, metadata, upsert

_SILENT = timedelta(days=90)
receipt = Table(
    "customer_data_receipt",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("device", String(64), nullable=False, index=True),
    Column("product", String(64), nullable=False),
    Column("customer", String(32), nullable=False),
    Column("why", String(16), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("epoch", Integer, nullable=True),
    Column("due", Moment, nullable=True),
    Column("records", BigInteger, nullable=False),
    Column("swept_at", Moment, nullable=True),
    Column("destroyed_at", Moment, nullable=True),
    Column("reads", BigInteger, nullable=False),
    Column("exports", JSONText, nullable=False),
    Column("holders", JSONText, nullable=False),  # who held keys at that moment
)
holder = Table(
    "customer_data_holder",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("seen", Moment, nullable=False),
)
release = Table(
    "customer_data_release",
    metadata,
    Column("customer", String(32), primary_key=True),
    Column("holder", String(32), primary_key=True),
    Column("at", Moment, nullable=False),
)


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a receipt."""
    connection.execute(insert(receipt), dict(row))


def change(connection: Connection, one: str, **values: Any) -> None:  # noqa: ANN401 (columns of any type)
    """Note what came true since."""
    connection.execute(update(receipt).where(receipt.c.id == one).values(**values))


def find(connection: Connection, one: str) -> Receipt | None:
    """Return a receipt."""
    row = connection.execute(select(receipt).where(receipt.c.id == one)).one_or_none()
    return None if row is None else _as_receipt(connection, row)


def listed(connection: Connection, *, device: str | None = None, most: int = 200) -> list[Receipt]:
    """Return receipts, the newest first."""
    query = select(receipt).order_by(receipt.c.at.desc(), receipt.c.id).limit(most)
    rows = connection.execute(query if device is None else query.where(receipt.c.device == device)).all()
    return [_as_receipt(connection, row) for row in rows]


def to_sweep(connection: Connection, again_since: datetime | None) -> list[Row[Any]]:
    """Return receipts whose records are not all gone; with `again_since` those since then too, for what came late."""
    wanted = receipt.c.swept_at.is_(None)
    query = select(receipt).where(wanted if again_since is None else or_(wanted, receipt.c.at > again_since))
    return list(connection.execute(query.order_by(receipt.c.at).limit(1000)))


def not_destroyed(connection: Connection, epochs: Sequence[int]) -> list[str]:
    """Return the receipts that wait for the end of one of these epochs."""
    query = select(receipt.c.id).where(receipt.c.epoch.in_(epochs), receipt.c.destroyed_at.is_(None))
    return list(connection.execute(query).scalars())


def count_since(connection: Connection, device: str, since: datetime) -> int:
    """Count the receipts of a device since a moment."""
    query = select(receipt.c.id).where(receipt.c.device == device, receipt.c.at > since)
    return len(connection.execute(query).all())


def see(connection: Connection, one: str, now: datetime) -> None:
    """Note that a process holds keys; forget those of whom nothing was heard for long: they ended without a word."""
    connection.execute(holder.delete().where(holder.c.seen < now - _SILENT))
    upsert(connection, holder, [{"id": one, "seen": now}], ["id"])


def gone(connection: Connection, one: str) -> None:
    """Note that a process ended, and its keys with it."""
    connection.execute(holder.delete().where(holder.c.id == one))


def holders_since(connection: Connection, since: datetime) -> list[str]:
    """Return who has held keys since a moment."""
    return sorted(connection.execute(select(holder.c.id).where(holder.c.seen > since)).scalars())


def let_go(connection: Connection, customers: Sequence[str], one: str, now: datetime) -> None:
    """Note that a process has let go of customers' keys."""
    rows = [{"customer": customer, "holder": one, "at": now} for customer in customers]
    upsert(connection, release, rows, ["customer", "holder"], change=[])


def _as_receipt(connection: Connection, row: Row[Any]) -> Receipt:
    found = select(release.c.holder, release.c.at).where(release.c.customer == row.customer)
    done = {one.holder: one.at for one in connection.execute(found)} if row.customer else {}
    silent = set(row.holders) - set(done)
    seen = select(holder.c.id, holder.c.seen).where(holder.c.id.in_(silent))
    heard = {one.id: one.seen for one in connection.execute(seen)} if silent else {}
    releases = tuple(Release(one, done.get(one), heard.get(one)) for one in sorted({*row.holders, *done}))
    return Receipt(
        row.id, row.device, row.product, row.customer, row.why, row.at, row.epoch, row.due, row.records, row.swept_at,
        row.destroyed_at, row.reads, tuple(row.exports), releases,
    )  # fmt: skip
