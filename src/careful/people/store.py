"""Tables and SQL of people. Secrets are here only as digests, slow hashes, or under a key kept elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Executable,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from careful.kernel.database import JSONText, Moment, metadata, upsert

_ATTEMPTS_LOCK = 0x54525953  # "TRYS": the advisory lock that keeps parallel attempts from passing a limit together

accounts = Table(
    "people_account",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("email", String(254), nullable=False, unique=True),
    Column("roles", JSONText, nullable=False),
    Column("state", String(10), nullable=False),
    Column("handle", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("password_hash", String(200), nullable=True),
    Column("totp_sealed", LargeBinary, nullable=True),
    Column("totp_step", BigInteger, nullable=False),
    Column("auditor_until", Moment, nullable=True),  # an auditor is one for a time only
)
passkeys = Table(
    "people_passkey",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the credential id, which may be 1,023 bytes long
    Column("account", String(32), nullable=False, index=True),
    Column("credential", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("label", String(80), nullable=False),
    Column("synced", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=True),
)
recovery_codes = Table(
    "people_recovery_code",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account", String(32), nullable=False, index=True),
    Column("used_at", Moment, nullable=True),
)
links = Table(
    "people_link",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("purpose", String(12), nullable=False),
    Column("roles", JSONText, nullable=False),
    Column("account", String(32), nullable=True),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=True),
    Column("auditor_until", Moment, nullable=True),
)
sessions = Table(
    "people_session",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("account", String(32), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("proved_at", Moment, nullable=False),
    Column("browser", String(120), nullable=False),
    Column("source", String(64), nullable=False),
    Column("draft_hash", String(200), nullable=True),  # a password not yet joined by its TOTP
    Column("draft_sealed", LargeBinary, nullable=True),  # a TOTP secret not yet confirmed
)
challenges = Table(
    "people_challenge",
    metadata,
    Column("holder", String(64), primary_key=True),
    Column("purpose", String(12), primary_key=True),
    Column("challenge", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)
browsers = Table(
    "people_browser",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account", String(32), primary_key=True),
    Column("used_at", Moment, nullable=False),
)
attempts = Table(
    "people_attempt",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("bucket", String(160), nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
)
Values = Mapping[str, Any]


def add(connection: Connection, table: Table, values: Values) -> None:
    """Insert one row."""
    connection.execute(insert(table).values(**values))


def _one(connection: Connection, query: Executable) -> Row[Any] | None:
    """Return the one row, or None; its columns are the query's (too many for the type checker to follow)."""
    row: Row[Any] | None = connection.execute(query).one_or_none()
    return row


# Accounts and their factors


def account_row(connection: Connection, account: str) -> Row[Any] | None:
    """Return the account's row with its secrets, for actions only."""
    return connection.execute(select(accounts).where(accounts.c.id == account)).one_or_none()


def account_by_email(connection: Connection, email: str) -> Row[Any] | None:
    """Return the account's row by its cleaned address."""
    return connection.execute(select(accounts).where(accounts.c.email == email)).one_or_none()


def change_account(connection: Connection, account: str, values: Values) -> None:
    """Set columns of one account."""
    connection.execute(update(accounts).where(accounts.c.id == account).values(**values))


def active_roles(connection: Connection) -> list[tuple[str, list[str]]]:
    """Return id and roles of every account that may sign in."""
    rows = connection.execute(select(accounts.c.id, accounts.c.roles).where(accounts.c.state == "active"))
    return [(row.id, row.roles) for row in rows]


def pending_accounts(connection: Connection) -> list[str]:
    """Return the ids of accounts without factors."""
    return list(connection.execute(select(accounts.c.id).where(accounts.c.state == "pending")).scalars())


def take_totp_step(connection: Connection, account: str, step: int) -> bool:
    """Note that `step` is used; False when it, or a later one, was used before (also by a request at the same time)."""
    newer = update(accounts).where(accounts.c.id == account, accounts.c.totp_step < step).values(totp_step=step)
    return connection.execute(newer).rowcount == 1


def take_recovery_code(connection: Connection, account: str, digest: str, now: datetime) -> bool:
    """Burn a recovery code; False when it is none of the account's unused ones."""
    burned = (
        update(recovery_codes)
        .where(
            recovery_codes.c.account == account, recovery_codes.c.digest == digest, recovery_codes.c.used_at.is_(None)
        )
        .values(used_at=now)
    )
    return connection.execute(burned).rowcount == 1


def replace_recovery_codes(connection: Connection, account: str, digests: Iterable[str]) -> None:
    """Forget the account's recovery codes and keep these instead."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account == account))
    rows = [{"digest": digest, "account": account, "used_at": None} for digest in digests]
    if rows:
        connection.execute(insert(recovery_codes), rows)


def passkey_row(connection: Connection, passkey: str) -> Row[Any] | None:
    """Return a passkey's row by the digest of its credential id."""
    return connection.execute(select(passkeys).where(passkeys.c.id == passkey)).one_or_none()


def credentials_of(connection: Connection, account: str) -> list[bytes]:
    """Return the credential ids of one account."""
    return list(connection.execute(select(passkeys.c.credential).where(passkeys.c.account == account)).scalars())


def use_passkey(connection: Connection, passkey: str, seen: int, counter: int, now: datetime) -> bool:
    """Move the counter on; False when another request moved it meanwhile."""
    moved = (
        update(passkeys)
        .where(passkeys.c.id == passkey, passkeys.c.counter == seen)
        .values(counter=counter, used_at=now)
    )
    return connection.execute(moved).rowcount == 1


def drop_passkeys(connection: Connection, account: str, only: str | None = None) -> int:
    """Remove one or all passkeys of an account; return how many went."""
    gone = delete(passkeys).where(passkeys.c.account == account)
    if only is not None:
        gone = gone.where(passkeys.c.id == only)
    return connection.execute(gone).rowcount


# Links


def take_link(connection: Connection, digest: str, now: datetime) -> Row[Any] | None:
    """Burn a link and return it; None when it is unknown, used or too old."""
    if connection.execute(update(links).where(_redeemable(digest, now)).values(used_at=now)).rowcount != 1:
        return None
    return connection.execute(select(links).where(links.c.digest == digest)).one()


def waiting_link(connection: Connection, digest: str, now: datetime) -> Row[Any] | None:
    """Return a link that could be redeemed now."""
    return connection.execute(select(links).where(_redeemable(digest, now))).one_or_none()


def _redeemable(digest: str, now: datetime) -> ColumnElement[bool]:
    return (links.c.digest == digest) & links.c.used_at.is_(None) & (links.c.expires_at > now)


def void_links(connection: Connection, purpose: str, account: str | None) -> None:
    """Forget unused links of this purpose (and, if given, for this account): a new one takes their place."""
    stale = delete(links).where(links.c.purpose == purpose, links.c.used_at.is_(None))
    connection.execute(stale if account is None else stale.where(links.c.account == account))


# Sessions


def session_row(connection: Connection, digest: str) -> Row[Any] | None:
    """Return a session with its account's name, roles and state."""
    query = (
        select(sessions, accounts.c.name, accounts.c.roles, accounts.c.state)
        .join_from(sessions, accounts, sessions.c.account == accounts.c.id)
        .where(sessions.c.digest == digest)
    )
    return _one(connection, query)


def draft_row(connection: Connection, session: str) -> Row[Any] | None:
    """Return what a session holds of a password and TOTP not yet confirmed."""
    return _one(connection, select(sessions.c.draft_hash, sessions.c.draft_sealed).where(sessions.c.id == session))


def change_session(connection: Connection, session: str, values: Values) -> None:
    """Set columns of one session."""
    connection.execute(update(sessions).where(sessions.c.id == session).values(**values))


def end_sessions(connection: Connection, account: str, *, only: str | None = None, but: str | None = None) -> list[str]:
    """Remove sessions of an account: one, all, or all but one; return the ids that ended."""
    chosen = sessions.c.account == account
    if only is not None:
        chosen &= sessions.c.id == only
    if but is not None:
        chosen &= sessions.c.id != but
    ended = list(connection.execute(select(sessions.c.id).where(chosen)).scalars())
    connection.execute(delete(sessions).where(chosen))
    return ended


def count_old(connection: Connection, **spans: datetime) -> int:
    """Count the sessions, challenges and known browsers that time has ended."""
    return sum(
        connection.execute(select(func.count()).select_from(table).where(over)).scalar_one()
        for table, over in _old(**spans)
    )


def forget_old(connection: Connection, **spans: datetime) -> int:
    """Sweep out what `count_old` counts; return how many rows went."""
    return sum(connection.execute(delete(table).where(over)).rowcount for table, over in _old(**spans))


def _old(
    *, created_before: datetime, seen_before: datetime, browsers_before: datetime, now: datetime
) -> list[tuple[Table, ColumnElement[bool]]]:
    return [
        (sessions, or_(sessions.c.created_at <= created_before, sessions.c.seen_at <= seen_before)),
        (challenges, challenges.c.expires_at <= now),
        (browsers, browsers.c.used_at <= browsers_before),
    ]


def put_challenge(connection: Connection, holder: str, purpose: str, challenge: bytes, expires_at: datetime) -> None:
    """Keep the one open challenge of this browser and purpose."""
    row = {"holder": holder, "purpose": purpose, "challenge": challenge, "expires_at": expires_at}
    upsert(connection, challenges, [row], ["holder", "purpose"])


def take_challenge(connection: Connection, holder: str, purpose: str, now: datetime) -> bytes | None:
    """Return the open challenge and forget it: it is good for one answer."""
    mine = (challenges.c.holder == holder) & (challenges.c.purpose == purpose)
    row = connection.execute(
        select(challenges).where(mine, challenges.c.expires_at > now).with_for_update()
    ).one_or_none()
    connection.execute(delete(challenges).where(mine))
    return None if row is None else bytes(row.challenge)


def lock_attempts(connection: Connection) -> None:
    """Let one request count at a time (SQLite's writers are alone anyway)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ATTEMPTS_LOCK})


def attempts_in(connection: Connection, buckets: Sequence[str], since: datetime) -> dict[str, list[datetime]]:
    """Return when somebody tried, by bucket."""
    found: dict[str, list[datetime]] = {bucket: [] for bucket in buckets}
    query = select(attempts.c.bucket, attempts.c.at).where(attempts.c.bucket.in_(buckets), attempts.c.at > since)
    for row in connection.execute(query):
        found[row.bucket].append(row.at)
    return found


def add_attempts(connection: Connection, buckets: Iterable[str], now: datetime, forget_before: datetime) -> None:
    """Count one attempt in each bucket, and forget the very old ones."""
    connection.execute(delete(attempts).where(attempts.c.at < forget_before))
    connection.execute(insert(attempts), [{"bucket": bucket, "at": now} for bucket in buckets])


def forgive(connection: Connection, buckets: Iterable[str], at: datetime) -> None:
    """Take one attempt back from each bucket: it succeeded."""
    for bucket in buckets:
        newest = (
            select(func.max(attempts.c.id)).where(attempts.c.bucket == bucket, attempts.c.at == at).scalar_subquery()
        )
        connection.execute(delete(attempts).where(attempts.c.id == newest))


def knows_browser(connection: Connection, digest: str, account: str, since: datetime) -> bool:
    """Tell whether this browser signed in to this account after `since`."""
    query = select(browsers.c.used_at).where(
        browsers.c.digest == digest, browsers.c.account == account, browsers.c.used_at > since
    )
    return connection.execute(query).first() is not None


def remember_browser(connection: Connection, digest: str, account: str, now: datetime) -> None:
    """Note that this browser signed in to this account."""
    upsert(connection, browsers, [{"digest": digest, "account": account, "used_at": now}], ["digest", "account"])


def forget_browsers(connection: Connection, account: str) -> None:
    """Treat every browser as a stranger to this account again."""
    connection.execute(delete(browsers).where(browsers.c.account == account))
