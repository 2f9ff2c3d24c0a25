"""SQL over all ways in that one person has: naming one of them, identities elsewhere, taking every one away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Row, String, Table, delete, exists, insert, or_, select, update

from careful.kernel.database import Moment, metadata
from careful.people import secrets, store

identities = Table(
    "people_identity",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of issuer and subject: what our own addresses name
    Column("issuer", String(200), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("account", String(32), nullable=False, index=True),
    Column("maps", Boolean, nullable=False),  # the provider made the account, so its groups give the roles
    Column("linked_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=True),
)


def _id(issuer: str, subject: str) -> str:
    return secrets.digest(f"{issuer}\n{subject}")


def identity_row(connection: Connection, issuer: str, subject: str) -> Row[Any] | None:
    """Return the link of an identity to an account."""
    return connection.execute(select(identities).where(identities.c.id == _id(issuer, subject))).one_or_none()


def identities_of(connection: Connection, account: str) -> list[Row[Any]]:
    """Return the identities of an account, oldest first."""
    mine = select(identities).where(identities.c.account == account)
    return list(connection.execute(mine.order_by(identities.c.linked_at, identities.c.id)))


def add_identity(
    connection: Connection, issuer: str, subject: str, account: str, now: datetime, *, maps: bool = False
) -> None:
    """Link an identity to an account."""
    row = {"id": _id(issuer, subject), "issuer": issuer, "subject": subject, "account": account, "maps": maps}
    connection.execute(insert(identities).values(**row, linked_at=now, used_at=None))


def use_identity(connection: Connection, issuer: str, subject: str, now: datetime) -> None:
    """Note that somebody came in by it."""
    connection.execute(update(identities).where(identities.c.id == _id(issuer, subject)).values(used_at=now))


def drop_identities(connection: Connection, account: str, only: str | None = None) -> int:
    """Remove one or all identities of an account; return how many went."""
    gone = delete(identities).where(identities.c.account == account)
    return connection.execute(gone if only is None else gone.where(identities.c.id == only)).rowcount


def local_administrators(connection: Connection) -> set[str]:
    """Return the administrators who can sign in without any identity provider."""
    mine = store.accounts.c
    local = or_(mine.password_hash.is_not(None), exists().where(store.passkeys.c.account == mine.id))
    rows = connection.execute(select(mine.id, mine.roles).where(mine.state == "active", local))
    return {row.id for row in rows if "administrator" in row.roles}


def change_passkey(connection: Connection, account: str, passkey: str, values: Mapping[str, Any]) -> int:
    """Set columns of one passkey of an account; return how many there were."""
    mine = (store.passkeys.c.account == account) & (store.passkeys.c.id == passkey)
    return connection.execute(update(store.passkeys).where(mine).values(**values)).rowcount


def forget_attempts(connection: Connection, account: str) -> None:
    """Forget the failed attempts at an account."""
    mine = or_(
        store.attempts.c.bucket == f"strangers:{account}", store.attempts.c.bucket.startswith(f"known:{account}:")
    )
    connection.execute(delete(store.attempts).where(mine))


def drop_all(connection: Connection, account: str) -> int:
    """Remove passkeys, password, TOTP, recovery codes, trusted browsers, identities and waiting links.

    Return how many passkeys went.
    """
    passkeys = store.drop_passkeys(connection, account)
    store.replace_recovery_codes(connection, account, ())
    store.forget_browsers(connection, account)
    drop_identities(connection, account)
    connection.execute(delete(store.links).where(store.links.c.account == account, store.links.c.used_at.is_(None)))
    store.change_account(connection, account, {"password_hash": None, "totp_sealed": None})
    forget_attempts(connection, account)
    return passkeys
