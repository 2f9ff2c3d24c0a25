"""The tables of who holds and last used which right, and of access reviews, with every statement over them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Executable, Row, String, Table, Text, delete, select

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


def grant(connection: Connection, account: str, names: Collection[str], now: datetime) -> None:
    """Note that a person holds these rights anew: they count from now, and none has lapsed."""
    empty = {"used_at": None, "proposed_at": None, "lapsed_at": None}
    rows = [{"account": account, "right": one, "granted_at": now, **empty} for one in sorted(names)]
    if rows:
        upsert(connection, rights, rows, ["account", "right"])


def forget(connection: Connection, account: str, but: Collection[str] = ()) -> None:
    """Forget the rights of a person, but for these."""
    connection.execute(delete(rights).where(rights.c.account == account, rights.c.right.not_in(list(but))))


def boxes(connection: Connection) -> Sequence[Row[Any]]:
    """Return everybody's id, roles and until when they are auditors."""
    query: Executable = select(accounts.c.id, accounts.c.roles, accounts.c.auditor_until)
    return connection.execute(query).all()
