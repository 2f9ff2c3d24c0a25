"""The tables of deltas and of what devices say of them, and the statements that read and write it."""

from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Float, Index, Row, String, Table, Text, func, select, update

from careful.kernel.database import Moment, metadata, upsert
from careful.updates.delta_plan import Delta

delta = Table(
    "updates_delta",
    metadata,
    Column("release", String(32), primary_key=True),
    Column("base", String(32), primary_key=True),
    Column("product", String(64), nullable=False),
    Column("format", String(16), nullable=False),
    Column("state", String(10), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("sha1", String(40), nullable=False),
    Column("md5", String(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("base_sha256", String(64), nullable=False),
    Column("base_size", BigInteger, nullable=False),
    Column("full_sha256", String(64), nullable=False),
    Column("full_size", BigInteger, nullable=False),
    Column("version", String(64), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("published_at", Moment, nullable=True),
    Index("ix_updates_delta_of_product", "product", "state"),
)
word = Table(
    "updates_delta_word",
    metadata,
    Column("release", String(32), primary_key=True),
    Column("base", String(32), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
)


def add(connection: Connection, one: Delta) -> bool:
    """Insert what became of a pair, unless something is known of it; tell whether it was new."""
    there = select(delta.c.release).where(delta.c.release == one.release, delta.c.base == one.base)
    if connection.execute(there).first() is not None:
        return False
    row = {name: value for name, value in asdict(one).items() if name in delta.c}
    upsert(connection, delta, [row], ["release", "base"], change=[])
    return True


def forget(connection: Connection, release: str) -> int:
    """Remove what is known about a release's deltas that came to nothing, so that they are tried again."""
    gone = delta.delete().where(delta.c.release == release, delta.c.state != "ready").returning(delta.c.base)
    bases = list(connection.execute(gone).scalars())
    connection.execute(word.delete().where(word.c.release == release, word.c.base.in_(bases)))
    return len(bases)


def say(connection: Connection, one: Delta, device: str, kind: str, reason: str, at: datetime) -> None:
    """Keep what a device says of a delta (`kind` is empty where it worked); its last word counts."""
    row = {"release": one.release, "base": one.base, "device": device, "kind": kind, "reason": reason, "at": at}
    upsert(connection, word, [row], ["release", "base", "device"])


def tallies(connection: Connection, release: str) -> dict[str, tuple[int, dict[str, int]]]:
    """Return base -> on how many devices its delta worked, and on how many it failed, by kind."""
    query = (
        select(word.c.base, word.c.kind, func.count())
        .where(word.c.release == release)
        .group_by(word.c.base, word.c.kind)
    )
    found: dict[str, tuple[int, dict[str, int]]] = {}
    for base, kind, count in connection.execute(query):
        worked, failed = found.get(base, (0, {}))
        found[base] = (worked, {**failed, kind: count}) if kind else (count, failed)
    return found


def told(connection: Connection, release: str) -> list[Delta]:
    """Return the deltas to a release, with what devices said of each."""
    counted = tallies(connection, release)
    found = []
    for one in read(connection, release=release):
        worked, failed = counted.get(one.base, (0, {}))
        found.append(replace(one, worked=worked, fell_back=failed))
    return found


def stop(connection: Connection, one: Delta, reason: str) -> bool:
    """Offer a delta to nobody any more; tell whether it was offered."""
    pair = (delta.c.release == one.release, delta.c.base == one.base, delta.c.state == "ready")
    return connection.execute(update(delta).where(*pair).values(state="stopped", reason=reason)).rowcount == 1


def read(connection: Connection, **where: str) -> list[Delta]:
    """Return the deltas with these values, oldest first."""
    query = select(delta).order_by(delta.c.made_at, delta.c.base)
    for name, value in where.items():
        query = query.where(delta.c[name] == value)
    return [as_delta(row) for row in connection.execute(query)]


def unpublished(connection: Connection) -> list[Delta]:
    """Return those that are ready and that no device can see yet."""
    query = select(delta).where(delta.c.state == "ready", delta.c.published_at.is_(None)).order_by(delta.c.made_at)
    return [as_delta(row) for row in connection.execute(query)]


def set_published(connection: Connection, release: str, bases: Collection[str], at: datetime) -> None:
    """Note that devices can see these."""
    changed = update(delta).where(delta.c.release == release, delta.c.base.in_(bases)).values(published_at=at)
    connection.execute(changed)


def as_delta(row: Row[Any]) -> Delta:
    """Map a row of `delta`."""
    return Delta(**{column.name: getattr(row, column.name) for column in delta.c})
