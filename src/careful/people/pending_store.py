"""The tables of acts that wait for a second person, and every statement over them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, String, Table, Text, insert, select, update

from careful.kernel.database import JSONText, Moment, metadata
from careful.people.pending import Pending

approvals = Table(
    "people_approval",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("what", JSONText, nullable=False),
    Column("ground", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", String(120), nullable=False),
    Column("asked_at", Moment, nullable=False, index=True),
    Column("lapses_at", Moment, nullable=False),
    Column("agreed", JSONText, nullable=False),
    Column("state", String(10), nullable=False, index=True),
    Column("ended_at", Moment, nullable=True),
    Column("ended_by", String(120), nullable=False),
    Column("outcome", Text, nullable=False),
)
set_up = Table(
    "people_set_up",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("ended_at", Moment, nullable=False),  # since when there were, once, two people for this kind of act
)


def add(connection: Connection, one: Pending) -> None:
    """Keep an act that was asked for."""
    row = {column.name: getattr(one, column.name) for column in approvals.columns}
    connection.execute(insert(approvals).values(row | {"what": dict(one.what), "agreed": list(one.agreed)}))


def get(connection: Connection, approval: str, *, lock: bool = False) -> Pending | None:
    """Return one act; with `lock` nobody else can change it until the transaction ends."""
    query = select(approvals).where(approvals.c.id == approval)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _pending(row)


def same_waiting(connection: Connection, digest: str) -> Pending | None:
    """Return what waits already for the very same act."""
    query = select(approvals).where(approvals.c.digest == digest, approvals.c.state.in_(("waiting", "agreed")))
    row = connection.execute(query.order_by(approvals.c.asked_at).limit(1)).one_or_none()
    return None if row is None else _pending(row)


def listed(connection: Connection, states: Sequence[str] | None, most: int) -> list[Pending]:
    """Return acts, the newest first."""
    query = select(approvals).order_by(approvals.c.asked_at.desc(), approvals.c.id).limit(most)
    if states is not None:
        query = query.where(approvals.c.state.in_(states))
    return [_pending(row) for row in connection.execute(query)]


def late(connection: Connection, now: datetime) -> list[str]:
    """Return the ids of what waits and has lapsed."""
    query = select(approvals.c.id).where(approvals.c.state == "waiting", approvals.c.lapses_at <= now)
    return list(connection.execute(query.order_by(approvals.c.id)).scalars())


def change(connection: Connection, approval: str, values: Mapping[str, Any]) -> None:
    """Set columns of one act."""
    connection.execute(update(approvals).where(approvals.c.id == approval).values(**values))


def set_up_ended(connection: Connection) -> frozenset[str]:
    """Return for which kinds of acts there were two people once."""
    return frozenset(connection.execute(select(set_up.c.kind)).scalars())


def end_set_up(connection: Connection, kinds: Sequence[str], now: datetime) -> None:
    """Note for which kinds there are two people for the first time."""
    if kinds:
        connection.execute(insert(set_up), [{"kind": kind, "ended_at": now} for kind in kinds])


def _pending(row: Any) -> Pending:  # noqa: ANN401 (a row)
    values = {column.name: getattr(row, column.name) for column in approvals.columns}
    return Pending(**(values | {"agreed": tuple(row.agreed)}))
