"""Tables and SQL of the releases."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from careful.kernel.database import JSONText, Moment, metadata

releases = Table(
    "releases_release",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("product", String(64), nullable=False, index=True),
    Column("version", String(80), nullable=False),
    Column("state", String(12), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("sha1", String(40), nullable=False),
    Column("md5", String(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("filename", String(200), nullable=False),
    Column("sbom_sha256", String(64), nullable=False),
    Column("hardware", JSONText, nullable=False),
    Column("security_version", Integer, nullable=False),
    Column("fixes", JSONText, nullable=False),
    Column("notes", Text, nullable=False),
    Column("report", JSONText, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("signed_at", Moment, nullable=True),
    UniqueConstraint("product", "version", name="uq_releases_release_product_version"),
)

components = Table(
    "releases_component",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("release", String(32), nullable=False, index=True),
    Column("name", String(1000), nullable=False),
    Column("version", String(1000), nullable=False),
    Column("purl", Text, nullable=False),
    Column("cpe", Text, nullable=False),
    Column("type", String(80), nullable=False),
    Column("supplier", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("hashes", JSONText, nullable=False),
    Column("reason", Text, nullable=False),
)


def find(connection: Connection, product: str, version: str) -> Any:  # noqa: ANN401 (a row)
    """Return the row of one version, or None."""
    query = select(releases).where(releases.c.product == product, releases.c.version == version)
    return connection.execute(query).one_or_none()


def next_security_version(connection: Connection, product: str) -> int:
    """Return one more than the product's highest."""
    query = select(func.max(releases.c.security_version)).where(releases.c.product == product)
    return int(connection.execute(query).scalar() or 0) + 1


def put(connection: Connection, row: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]) -> None:
    """Store a release with its components."""
    connection.execute(insert(releases), dict(row))
    listed = [dict(part) for part in parts]
    if listed:
        connection.execute(insert(components), listed)


def set_state(connection: Connection, release: str, state: str, signed_at: datetime | None = None) -> bool:
    """Move a release to `state`; tell whether it was in another."""
    values: dict[str, Any] = {"state": state} | ({"signed_at": signed_at} if signed_at else {})
    query = update(releases).where(releases.c.id == release, releases.c.state != state)
    return bool(connection.execute(query.values(**values)).rowcount)
