"""The table of what devices signed last, and the statements that read and write it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Text, select

from careful.kernel.database import Moment, metadata, upsert

table = Table(
    "updates_manifest",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("why", Text, nullable=False),
    Column("version", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("answers", String(18), nullable=False),
    Column("count", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("key_sha256", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
)


def put(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep what a device signed, in place of what it signed before."""
    upsert(connection, table, [row], ["device"])


def get(connection: Connection, device: str) -> dict[str, Any] | None:
    """Return what a device signed last, by column; None where it never did."""
    row = connection.execute(select(table).where(table.c.device == device)).one_or_none()
    return None if row is None else {column.name: getattr(row, column.name) for column in table.c}
