"""The tables of who holds and last used which right, and of access reviews, with every statement over them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Executable, Row, String, Table, Text, and_, delete, insert, select, update

from careful.kernel.database import JSONText, Moment, metadata, upsert
from careful.people.store import accounts

rights = Table(
    "people_right",
    metadata,
    Column("account", String(32), primary_key=True),
    Column("right", String(60), primary_key=True),  # resource:verb
    Column("granted_at", Moment, nullable=False),  # or renewed: 120 days count from here, or from the last use
    Column("used_at", Moment, nullable=True),
    Column("proposed_at", Moment, nullable=True),
    Column("lapsed_at", Moment, nullable=True),
)
reviews = Table(
    "people_review",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(32), nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
    Column("by", String(120), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("held", JSONText, nullable=False),
)


def of_account(connection: Connection, account: str | None = None) -> Sequence[Row[Any]]:
    """Return what is known of the rights of one, or of all."""
    query = select(rights).order_by(rights.c.account, rights.c.right)
    return connection.execute(query if account is None else query.where(rights.c.account == account)).all()


def lapsed(connection: Connection, account: str) -> frozenset[str]:
    """Return the rights that a person's roles have and that lapsed for this person."""
    query = select(rights.c.right).where(rights.c.account == account, rights.c.lapsed_at.is_not(None))
    return frozenset(connection.execute(query).scalars())


def grant(connection: Connection, account: str, names: Collection[str], now: datetime) -> None:
    """Note that a person holds these rights anew: they count from now, and none has lapsed."""
    empty = {"used_at": None, "proposed_at": None, "lapsed_at": None}
    rows = [{"account": account, "right": one, "granted_at": now, **empty} for one in sorted(names)]
    if rows:
        upsert(connection, rights, rows, ["account", "right"])


def forget(connection: Connection, account: str, but: Collection[str] = ()) -> None:
    """Forget the rights of a person, but for these."""
    connection.execute(delete(rights).where(rights.c.account == account, rights.c.right.not_in(list(but))))


def use(connection: Connection, account: str, right: str, now: datetime) -> None:
    """Note that a person used a right: that withdraws a proposal to take it away."""
    mine = and_(rights.c.account == account, rights.c.right == right)
    if not connection.execute(update(rights).where(mine).values(used_at=now, proposed_at=None)).rowcount:
        row = {"account": account, "right": right, "granted_at": now, "used_at": now}
        connection.execute(insert(rights).values(**row, proposed_at=None, lapsed_at=None))


def mark(connection: Connection, account: str, names: Collection[str], **values: datetime | None) -> None:
    """Set the moments of some of a person's rights."""
    mine = and_(rights.c.account == account, rights.c.right.in_(list(names)))
    connection.execute(update(rights).where(mine).values(**values))


def add_review(connection: Connection, **row: Any) -> None:  # noqa: ANN401 (columns of any type)
    """Keep what was decided of one person's rights."""
    connection.execute(insert(reviews).values(**row))


def list_reviews(connection: Connection, most: int) -> Sequence[Row[Any]]:
    """Return decisions, the newest first."""
    return connection.execute(select(reviews).order_by(reviews.c.at.desc(), reviews.c.id).limit(most)).all()


def boxes(connection: Connection) -> Sequence[Row[Any]]:
    """Return everybody's id, roles and until when they are auditors."""
    query: Executable = select(accounts.c.id, accounts.c.roles, accounts.c.auditor_until)
    return connection.execute(query).all()
