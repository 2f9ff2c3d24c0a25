"""The tables of customers' requests and of what they corrected, and every statement over them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from careful.customer_data.request_model import Request
from careful.kernel.database import Moment, metadata

request = Table(
    "customer_data_request",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("device", String(64), nullable=False, index=True),
    Column("product", String(64), nullable=False),
    Column("customer", String(32), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("opened_at", Moment, nullable=False, index=True),
    Column("opened_by", String(120), nullable=False),
    Column("law", String(80), nullable=False),
    Column("due", Moment, nullable=False),
    Column("longest", Moment, nullable=False),
    Column("extended_at", Moment, nullable=True),
    Column("extension", Text, nullable=False),
    Column("proof", String(10), nullable=False),
    Column("proven_at", Moment, nullable=True),
    Column("proven_by", String(120), nullable=False),
    Column("proof_note", Text, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("closed_at", Moment, nullable=True),
    Column("reason", Text, nullable=False),
    Column("receipt", String(32), nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("expires_at", Moment, nullable=True),
    Column("code", String(64), nullable=False),  # a keyed digest of the code that was sent
    Column("code_to", String(10), nullable=False),
    Column("code_until", Moment, nullable=True),
    Column("code_tries", Integer, nullable=False),
)
correction = Table(
    "customer_data_correction",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("request", String(32), nullable=False),
    Column("device", String(64), nullable=False, index=True),
    Column("customer", String(32), nullable=False),
    Column("stream", String(80), nullable=False),
    Column("field", String(80), nullable=False),
    Column("of", Moment, nullable=False),  # the reading's own moment
    Column("at", Moment, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # what they say, sealed with the customer's key
)
_NAMES = tuple(one.name for one in fields(Request))


def add(connection: Connection, one: Request) -> None:
    """Add a request."""
    row = {name: getattr(one, name) for name in _NAMES}
    connection.execute(insert(request), row | {"code": "", "code_to": "", "code_until": None, "code_tries": 0})


def change(connection: Connection, one: str, **values: Any) -> None:  # noqa: ANN401 (columns of any type)
    """Note what became of a request."""
    connection.execute(update(request).where(request.c.id == one).values(**values))


def find(connection: Connection, one: str) -> Request | None:
    """Return a request."""
    row = row_of(connection, one)
    return None if row is None else _as_request(row)


def row_of(connection: Connection, one: str, *, lock: bool = False) -> Row[Any] | None:
    """Return a request's row, with the code that was sent; `lock`: nobody else changes it meanwhile."""
    query = select(request).where(request.c.id == one)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def listed(connection: Connection, *, device: str | None = None, most: int = 200) -> list[Request]:
    """Return requests: the open ones first, by when they are due; then the newest first."""
    query = select(request) if device is None else select(request).where(request.c.device == device)
    open_ones = query.where(request.c.outcome == "").order_by(request.c.due, request.c.id).limit(most)
    closed = query.where(request.c.outcome != "").order_by(request.c.closed_at.desc(), request.c.id).limit(most)
    rows = [*connection.execute(open_ones), *connection.execute(closed)]
    return [_as_request(row) for row in rows[:most]]


def overdue(connection: Connection, now: datetime, most: int = 1000) -> list[Request]:
    """Return the requests that are open and past their time, the longest overdue first."""
    late = select(request).where(request.c.outcome == "", request.c.due < now)
    return [_as_request(row) for row in connection.execute(late.order_by(request.c.due, request.c.id).limit(most))]


def with_files(connection: Connection) -> list[Request]:
    """Return the requests whose file may still be there."""
    return [_as_request(row) for row in connection.execute(select(request).where(request.c.expires_at.is_not(None)))]


def add_correction(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add what a customer says instead of what was measured."""
    connection.execute(insert(correction), dict(row))


def corrections(connection: Connection, device: str) -> Sequence[Row[Any]]:
    """Return what was corrected of a device's readings, oldest first."""
    query = select(correction).where(correction.c.device == device).order_by(correction.c.at, correction.c.id)
    return connection.execute(query).all()


def forget_corrections(connection: Connection, device: str) -> None:
    """Delete what a customer corrected, as their time has ended."""
    connection.execute(delete(correction).where(correction.c.device == device))


def _as_request(row: Row[Any]) -> Request:
    return Request(**{name: getattr(row, name) for name in _NAMES})
