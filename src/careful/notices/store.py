"""Tables and SQL of the notices."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, String, Table, Text, func, insert, select, text, update

from careful.kernel.database import JSONText, Moment, metadata, upsert

advisories = Table(
    "notices_advisory",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("case", String(80), nullable=False, unique=True),
    Column("flaw", String(80), nullable=False),
    Column("product", String(32), nullable=False, index=True),
    Column("product_name", String(200), nullable=False),
    Column("model", String(200), nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("exploited", Boolean, nullable=False),
    Column("affected", JSONText, nullable=False),
    Column("fixed_in", String(80), nullable=True),
    Column("drafted_at", Moment, nullable=False),
    Column("published_at", Moment, nullable=True),
    Column("told_at", Moment, nullable=True),
    Column("csaf_sha256", String(64), nullable=True),
    Column("csaf", Text, nullable=True),
    Column("signature", Text, nullable=True),
    Column("signed_by", String(64), nullable=True),
)

signing_keys = Table(
    "notices_signing_key",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("certificate", Text, nullable=False),
    Column("since", Moment, nullable=False),
)
"""The public halves of the keys that ever signed an advisory: an old signature stays provable."""

told = Table(
    "notices_told",
    metadata,
    Column("advisory", String(40), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)
"""Which devices' owners were written to about which advisory: so that nobody is told twice by mistake."""


def hold(connection: Connection) -> None:
    """Let one at a time draft: two would take the same number. On SQLite every writing transaction is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE notices_advisory IN SHARE ROW EXCLUSIVE MODE"))


def of_case(connection: Connection, case: str) -> tuple[str, datetime | None] | None:
    """Return id and moment of publication of a case's advisory, if there is one."""
    query = select(advisories.c.id, advisories.c.published_at).where(advisories.c.case == case)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.id, row.published_at)


def next_number(connection: Connection, year: int) -> int:
    """Return the year's next free advisory number."""
    query = select(func.max(advisories.c.number)).where(advisories.c.year == year)
    return int(connection.execute(query).scalar() or 0) + 1


def write_draft(connection: Connection, advisory: str, row: Mapping[str, Any], *, new: bool) -> None:
    """Insert a draft, or write an existing one again."""
    if new:
        connection.execute(insert(advisories), {"id": advisory, **row})
    else:
        connection.execute(update(advisories).where(advisories.c.id == advisory).values(**row))


def mark_published(connection: Connection, advisory: str, at: datetime, csaf: Mapping[str, str]) -> bool:
    """Make a draft public with its columns of CSAF; tell whether it was still a draft."""
    query = update(advisories).where(advisories.c.id == advisory, advisories.c.published_at.is_(None))
    return bool(connection.execute(query.values(published_at=at, **csaf)).rowcount)


def keep_signing_key(connection: Connection, fingerprint: str, certificate: str, at: datetime) -> None:
    """Remember the public half of a key that signs, from its first signature on."""
    row = {"fingerprint": fingerprint, "certificate": certificate, "since": at}
    upsert(connection, signing_keys, [row], ["fingerprint"], change=[])


def told_devices(connection: Connection, advisory: str) -> set[str]:
    """Return the devices whose owners were written to."""
    return set(connection.execute(select(told.c.device).where(told.c.advisory == advisory)).scalars())


def mark_told(connection: Connection, advisory: str, devices: Iterable[str], at: datetime) -> None:
    """Note whose owners are written to in this transaction."""
    rows = [{"advisory": advisory, "device": device, "at": at} for device in devices]
    upsert(connection, told, rows, ["advisory", "device"], change=[])
    connection.execute(update(advisories).where(advisories.c.id == advisory).values(told_at=at))
