"""SQL over all ways in that one person has: naming one of them, taking every one away."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, or_, update

from careful.people import store


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
    """Remove passkeys, password, TOTP, recovery codes, trusted browsers and waiting links; return how many passkeys."""
    passkeys = store.drop_passkeys(connection, account)
    store.replace_recovery_codes(connection, account, ())
    store.forget_browsers(connection, account)
    connection.execute(delete(store.links).where(store.links.c.account == account, store.links.c.used_at.is_(None)))
    store.change_account(connection, account, {"password_hash": None, "totp_sealed": None})
    forget_attempts(connection, account)
    return passkeys
