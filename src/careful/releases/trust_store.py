"""The tables of what is asked of releases and what they showed: policy, bundle, provenance; and their statements."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Connection, Row, String, Table, select

from careful.kernel.database import JSONText, Moment, metadata, upsert

policy = Table(
    "releases_policy",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("policy", JSONText, nullable=False),
    Column("set_at", Moment, nullable=False),
)
bundle = Table(
    "releases_bundle",
    metadata,
    Column("release", String(32), primary_key=True),
    Column("facts", JSONText, nullable=False),
)
"""What the image says about itself, where it is a bundle of SWUpdate, RAUC or Mender."""

provenance = Table(
    "releases_provenance",
    metadata,
    Column("release", String(32), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("facts", JSONText, nullable=False),
    Column("added_at", Moment, nullable=False),
)
"""Who built the image and from what, as a signed attestation (kept as a file under its digest) says."""


def put(connection: Connection, table: Table, key: str, **values: Any) -> None:  # noqa: ANN401 (columns of any type)
    """Insert or replace the one row under `key`."""
    (name,) = (column.name for column in table.primary_key)
    upsert(connection, table, [{name: key, **values}], [name])


def get(connection: Connection, table: Table, key: str) -> Row[Any] | None:
    """Return the row under `key`, or None."""
    (column,) = table.primary_key
    return connection.execute(select(table).where(column == key)).one_or_none()


def all_of(connection: Connection, table: Table) -> Mapping[str, Row[Any]]:
    """Return every row by its key."""
    return {row[0]: row for row in connection.execute(select(table))}
