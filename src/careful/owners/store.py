"""The tables of owners: codes, claims, one-time links, sessions, tries; and every statement over them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from careful.kernel.database import Moment, metadata, upsert
from careful.owners.model import Claim, Session

code = Table(
    "owners_code",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("last_mail", String(64), nullable=False),  # whose claim ended without the end of the customer's time
)
owner = Table(
    "owners_owner",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("mail", String(64), nullable=False, unique=True),
    Column("since", Moment, nullable=False),
)
claim = Table(
    "owners_claim",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("owner", String(32), nullable=False, index=True),
    Column("since", Moment, nullable=False),
)
link = Table(
    "owners_link",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("browser", String(64), nullable=False),
    Column("mail", String(64), nullable=False),
    Column("device", String(64), nullable=False),  # "" unless it claims one
    Column("address", String(254), nullable=False),  # "" unless it claims one; gone with the link
    Column("expires_at", Moment, nullable=False, index=True),
)
session = Table(
    "owners_session",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("owner", String(32), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)
attempt = Table(
    "owners_attempt",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("who", String(64), nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
)
_CLAIMED = select(claim.c.device, claim.c.owner, owner.c.mail, claim.c.since).join(owner, owner.c.id == claim.c.owner)


def put_codes(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the digests of codes; an earlier one of the same device is void."""
    upsert(connection, code, [dict(row) for row in rows], ["device"], change=["digest", "made_at"])


def codes(connection: Connection, devices: Collection[str]) -> dict[str, str]:
    """Return the digests of the codes of these devices."""
    rows = connection.execute(select(code.c.device, code.c.digest).where(code.c.device.in_(devices)))
    return {row.device: row.digest for row in rows}


def code_of(connection: Connection, device: str) -> Row[Any] | None:
    """Return a device's code."""
    return connection.execute(select(code).where(code.c.device == device)).one_or_none()


def note_last(connection: Connection, device: str, mail: str) -> None:
    """Note whose the device was; "" once that person's time with it is over."""
    connection.execute(update(code).where(code.c.device == device).values(last_mail=mail))


def owner_of_mail(connection: Connection, mail: str) -> str | None:
    """Return the owner with this address."""
    return connection.execute(select(owner.c.id).where(owner.c.mail == mail)).scalar_one_or_none()


def add_owner(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add an owner; one with that address who came meanwhile is left as it is."""
    upsert(connection, owner, [row], ["mail"], change=[])


def drop_owner(connection: Connection, one: str) -> None:
    """Forget an owner to whom nothing belongs."""
    connection.execute(delete(owner).where(owner.c.id == one))


def claims(connection: Connection, *, of: str | None = None) -> list[Claim]:
    """Return claims, of one owner or all, by device."""
    query = _CLAIMED.order_by(claim.c.device)
    rows = connection.execute(query if of is None else query.where(claim.c.owner == of))
    return [Claim(*row) for row in rows]


def claim_of(connection: Connection, device: str) -> Claim | None:
    """Return whose a device is."""
    row = connection.execute(_CLAIMED.where(claim.c.device == device)).one_or_none()
    return None if row is None else Claim(*row)


def add_claim(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Add a claim; false where the device is somebody's."""
    if claim_of(connection, row["device"]) is not None:
        return False
    connection.execute(insert(claim), dict(row))
    return True


def drop_claim(connection: Connection, device: str) -> None:
    """End a claim."""
    connection.execute(delete(claim).where(claim.c.device == device))


def add_link(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a one-time link."""
    connection.execute(insert(link), dict(row))


def find_link(connection: Connection, one: str) -> Row[Any] | None:
    """Return a link by its id."""
    return connection.execute(select(link).where(link.c.id == one)).one_or_none()


def take_link(connection: Connection, digest: str, browser: str, now: datetime) -> Row[Any] | None:
    """Burn a link and return it: once, in time, in the browser that asked."""
    place = (link.c.digest == digest, link.c.browser == browser, link.c.expires_at > now)
    return connection.execute(delete(link).where(*place).returning(link)).one_or_none()


def add_session(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a session."""
    connection.execute(insert(session), dict(row))


def find_session(connection: Connection, digest: str) -> Session | None:
    """Return a session."""
    query = select(session.c.id, session.c.owner, owner.c.mail, session.c.created_at, session.c.seen_at)
    query = query.join(owner, owner.c.id == session.c.owner).where(session.c.digest == digest)
    row = connection.execute(query).one_or_none()
    return None if row is None else Session(*row)


def see(connection: Connection, one: str, now: datetime) -> None:
    """Note that a session is in use."""
    connection.execute(update(session).where(session.c.id == one).values(seen_at=now))


def end_sessions(connection: Connection, of: str, only: str | None = None) -> list[str]:
    """End an owner's sessions; return which."""
    query = delete(session).where(session.c.owner == of)
    if only is not None:
        query = query.where(session.c.id == only)
    return list(connection.execute(query.returning(session.c.id)).scalars())


def note_attempts(connection: Connection, who: Sequence[str], now: datetime) -> None:
    """Count a try under each of these names."""
    connection.execute(insert(attempt), [{"who": one, "at": now} for one in who])


def attempts(connection: Connection, who: str, since: datetime, most: int) -> list[datetime]:
    """Return when there were tries under a name, the newest first."""
    query = select(attempt.c.at).where(attempt.c.who == who, attempt.c.at > since)
    return list(connection.execute(query.order_by(attempt.c.at.desc()).limit(most)).scalars())


def count_old(connection: Connection, *, now: datetime, attempts: datetime, created: datetime, seen: datetime) -> int:
    """Count what time has ended."""
    return sum(
        connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
        for table, condition in _old(now, attempts, created, seen)
    )


def forget_old(connection: Connection, *, now: datetime, attempts: datetime, created: datetime, seen: datetime) -> int:
    """Delete what time has ended; return how much."""
    return sum(
        connection.execute(delete(table).where(condition)).rowcount
        for table, condition in _old(now, attempts, created, seen)
    )


def _old(now: datetime, attempts: datetime, created: datetime, seen: datetime) -> list[tuple[Table, Any]]:
    return [
        (link, link.c.expires_at <= now),
        (attempt, attempt.c.at <= attempts),
        (session, (session.c.created_at <= created) | (session.c.seen_at <= seen)),
    ]
