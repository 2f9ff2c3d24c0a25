"""Tables and SQL of API tokens, of trust in issuers of workload identity, and of what was presented once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, String, Table, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from careful.kernel.database import JSONText, Moment, metadata
from careful.people.store import accounts

tokens = Table(
    "people_token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("scopes", JSONText, nullable=False),
    Column("issued_by", String(120), nullable=False),
    Column("account", String(32), nullable=True, index=True),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=True),
    Column("revoked_at", Moment, nullable=True),
    Column("product", String(64), nullable=True),  # a token of a CI job is for one product alone
    Column("trust", String(32), nullable=True, index=True),  # by which trust it was exchanged, and for whom
    Column("subject", String(300), nullable=True),
)
trusts = Table(
    "people_trust",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("issuer", String(200), nullable=False, index=True),
    Column("audience", String(200), nullable=False),
    Column("claims", JSONText, nullable=False),
    Column("scopes", JSONText, nullable=False),
    Column("product", String(64), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("made_by", String(120), nullable=False),
    Column("account", String(32), nullable=True, index=True),
    Column("made_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=True),
    Column("ended_at", Moment, nullable=True),
)
presented = Table(
    "people_presented",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of issuer and jti
    Column("expires_at", Moment, nullable=False, index=True),
)

Values = Mapping[str, Any]
Found = Row[Any]


def add_token(connection: Connection, values: Values) -> None:
    """Insert a token."""
    connection.execute(insert(tokens).values(**values))


def token_row(connection: Connection, digest: str) -> Found | None:
    """Return a token with the state and roles of the account behind it, if there is one, and the end of its trust."""
    query = (
        select(tokens, accounts.c.state, accounts.c.roles, trusts.c.ended_at)
        .select_from(
            tokens.outerjoin(accounts, tokens.c.account == accounts.c.id).outerjoin(
                trusts, tokens.c.trust == trusts.c.id
            )
        )
        .where(tokens.c.digest == digest)
    )
    row: Found | None = connection.execute(query).one_or_none()
    return row


def token_by_id(connection: Connection, token: str) -> Found | None:
    """Return a token's row by its id."""
    row: Found | None = connection.execute(select(tokens).where(tokens.c.id == token)).one_or_none()
    return row


def note_use(connection: Connection, token: str, now: datetime, before: datetime) -> bool:
    """Note that a token was used, unless that was noted after `before`, perhaps by a request at the same time."""
    due = (tokens.c.id == token) & or_(tokens.c.used_at.is_(None), tokens.c.used_at <= before)
    return connection.execute(update(tokens).where(due).values(used_at=now)).rowcount == 1


def revoke(connection: Connection, token: str, now: datetime) -> bool:
    """Revoke a token; False when it is none or was revoked before."""
    good = (tokens.c.id == token) & tokens.c.revoked_at.is_(None)
    return connection.execute(update(tokens).where(good).values(revoked_at=now)).rowcount == 1


def good_tokens(connection: Connection, now: datetime, *, account: str = "", trust: str = "") -> list[str]:
    """Return the ids of the tokens of a person or of a trust that still work."""
    mine = tokens.c.account == account if account else tokens.c.trust == trust
    good = mine & tokens.c.revoked_at.is_(None) & (tokens.c.expires_at > now)
    return list(connection.execute(select(tokens.c.id).where(good).order_by(tokens.c.id)).scalars())


def add_trust(connection: Connection, values: Values) -> None:
    """Insert a trust."""
    connection.execute(insert(trusts).values(**values))


def count_trusts(connection: Connection) -> int:
    """Count those in force."""
    return connection.execute(select(func.count()).select_from(trusts).where(trusts.c.ended_at.is_(None))).scalar_one()


def trusts_in_force(connection: Connection, issuer: str) -> list[Found]:
    """Return the trusts in an issuer that have not ended, with the state and roles of whoever made each."""
    query = (
        select(trusts, accounts.c.state, accounts.c.roles)
        .select_from(trusts.outerjoin(accounts, trusts.c.account == accounts.c.id))
        .where(trusts.c.issuer == issuer, trusts.c.ended_at.is_(None))
        .order_by(trusts.c.made_at, trusts.c.id)
    )
    return list(connection.execute(query).all())


def trusts_of(connection: Connection, account: str) -> list[str]:
    """Return the ids of the trusts that a person made and that have not ended."""
    mine = (trusts.c.account == account) & trusts.c.ended_at.is_(None)
    return list(connection.execute(select(trusts.c.id).where(mine).order_by(trusts.c.id)).scalars())


def trust_row(connection: Connection, trust: str) -> Found | None:
    """Return a trust's row."""
    row: Found | None = connection.execute(select(trusts).where(trusts.c.id == trust)).one_or_none()
    return row


def change_trust(connection: Connection, trust: str, values: Values) -> bool:
    """Set columns of a trust that has not ended; False when there is none."""
    good = (trusts.c.id == trust) & trusts.c.ended_at.is_(None)
    return connection.execute(update(trusts).where(good).values(**values)).rowcount == 1


def present(connection: Connection, digest: str, expires_at: datetime) -> bool:
    """Note what was presented; False when it was presented before, also by a request at the same time."""
    new = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    noted = new(presented).values(digest=digest, expires_at=expires_at).on_conflict_do_nothing()
    return connection.execute(noted.returning(presented.c.digest)).first() is not None


def count_past(connection: Connection, now: datetime, jobs_before: datetime) -> int:
    """Count what `forget_past` would forget."""
    return sum(
        connection.execute(select(func.count()).select_from(table).where(over)).scalar_one()
        for table, over in _past(now, jobs_before)
    )


def forget_past(connection: Connection, now: datetime, jobs_before: datetime) -> int:
    """Forget what was presented and has expired, and the old tokens of jobs; return how many rows went."""
    return sum(connection.execute(delete(table).where(over)).rowcount for table, over in _past(now, jobs_before))


def _past(now: datetime, jobs_before: datetime) -> list[tuple[Table, Any]]:
    return [
        (presented, presented.c.expires_at <= now),
        (tokens, tokens.c.trust.is_not(None) & (tokens.c.expires_at <= jobs_before)),
    ]
