"""The tables of the devices domain, and every statement that writes them.

A device is one row; its certificates are a line of rows, numbered from 1. People's addresses stand in
`devices_owner` alone, so that erasing one row erases the person.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from careful.devices import gateway_tokens_store, traits_store
from careful.devices.model import Certificate, Device, Life
from careful.kernel.database import Moment, metadata, upsert

_DIGEST = String(64)
RefusalRow = Row[Any]
"""A row of `refusal`, with the same names."""

TABLES_BESIDE = (
    traits_store.traits,
    traits_store.crash,
    traits_store.crash_counter,
    gateway_tokens_store.gateway_token,
)
"""Tables of this domain that a file of their own keeps; whoever loads the domain's tables loads these as well."""

device = Table(
    "devices_device",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("product", String(64), nullable=False),
    Column("hardware", String(64), nullable=False),
    Column("serial", String(64), nullable=True),
    Column("state", String(12), nullable=False),
    Column("before", String(12), nullable=True),
    Column("version", String(64), nullable=True),
    Column("version_at", Moment, nullable=True),
    Column("certificate_sha256", _DIGEST, nullable=True),
    Column("certificate_until", Moment, nullable=True),
    Column("target_token_sha256", _DIGEST, nullable=True),
    Column("last_seen", Moment, nullable=True),
    Column("owner_ref", String(32), nullable=True),
    Column("made_at", Moment, nullable=False),
    UniqueConstraint("product", "serial"),
    # All that "which devices run these versions" asks is in this index, so the table itself is never read for it.
    Index("ix_devices_on_version", "product", "version", "state", "id"),
    Index("ix_devices_by_state", "state", "id"),
)
certificate = Table(
    "devices_certificate",
    metadata,
    Column("sha256", _DIGEST, primary_key=True),
    Column("device", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("serial", String(40), nullable=False, unique=True),
    Column("key_sha256", _DIGEST, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("not_after", Moment, nullable=False, index=True),
    Column("issued_at", Moment, nullable=False),
    Column("first_used", Moment, nullable=True),
    Column("ended_at", Moment, nullable=True),
    Column("ended_why", String(16), nullable=True),
    UniqueConstraint("device", "number"),
)
public_key = Table(
    "devices_key",
    metadata,
    Column("sha256", _DIGEST, primary_key=True),
    Column("device", String(64), nullable=False),
)
token = Table(
    "devices_token",
    metadata,
    Column("sha256", _DIGEST, primary_key=True),
    Column("product", String(64), nullable=False),
    Column("device", String(64), nullable=True, index=True),
    Column("hardware", String(64), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("used_by", String(64), nullable=True),
)
attempt = Table(
    "devices_attempt",
    metadata,
    Column("who", _DIGEST, primary_key=True),
    Column("window", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
refusal = Table(
    "devices_refusal",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("detail", String(200), nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("untold", BigInteger, nullable=False, index=True),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("told_at", Moment, nullable=True),
)
cut = Table(
    "devices_cut",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("device", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)
counter = Table(
    "devices_counter",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
authority = Table(
    "devices_authority",
    metadata,
    Column("role", String(16), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("der", LargeBinary, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("made_at", Moment, nullable=False),
)
crl = Table(
    "devices_crl",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("der", LargeBinary, nullable=False),
)
owner = Table(
    "devices_owner",
    metadata,
    Column("ref", String(32), primary_key=True),
    Column("device", String(64), nullable=False, unique=True),
    Column("email", String(320), nullable=False),
    Column("since", Moment, nullable=False),
)
probe = Table(
    "devices_probe",
    metadata,
    Column("interface", String(64), primary_key=True),
    Column("credential", String(32), primary_key=True),
    Column("expected", String(64), nullable=False),
    Column("got", Text, nullable=False),
    Column("held", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)


def as_device(row: Row[Any]) -> Device:
    """Map a row of `device`."""
    return Device(
        id=row.id,
        product=row.product,
        hardware=row.hardware,
        serial=row.serial,
        state=row.state,
        version=row.version,
        version_at=row.version_at,
        certificate_sha256=row.certificate_sha256,
        certificate_until=row.certificate_until,
        last_seen=row.last_seen,
        owner_ref=row.owner_ref,
        made_at=row.made_at,
    )


def as_certificate(row: Row[Any]) -> Certificate:
    """Map a row of `certificate`."""
    return Certificate(
        sha256=row.sha256,
        device=row.device,
        number=row.number,
        serial=row.serial,
        key_sha256=row.key_sha256,
        not_before=row.not_before,
        not_after=row.not_after,
        first_used=row.first_used,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
    )


def lock_device(connection: Connection, device_id: str) -> tuple[Device, Life] | None:
    """Return the device and its life, holding its row until the transaction ends; None where there is none."""
    row = connection.execute(select(device).where(device.c.id == device_id).with_for_update()).one_or_none()
    return None if row is None else (as_device(row), Life(row.state, row.before))


def add_devices(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add devices in state `made`; those already there stay as they are."""
    upsert(connection, device, rows, ["id"], change=[])


def set_device(connection: Connection, device_id: str, **values: object) -> None:
    """Set columns of one device."""
    connection.execute(update(device).where(device.c.id == device_id).values(**values))


def set_life(connection: Connection, device_id: str, life: Life) -> None:
    """Write a device's state."""
    set_device(connection, device_id, state=life.state, before=life.before)


def reports(connection: Connection, device_id: str, version: str) -> bool:
    """Tell whether the device already said that it runs this version."""
    same = (device.c.id == device_id, device.c.version == version)
    return connection.execute(select(device.c.id).where(*same)).first() is not None


def see(connection: Connection, moments: Mapping[str, datetime]) -> None:
    """Move `last_seen` forward; never back."""
    at = bindparam("at", type_=Moment)
    older = or_(device.c.last_seen.is_(None), device.c.last_seen < at)
    statement = update(device).where(device.c.id == bindparam("device_id"), older).values(last_seen=at)
    # One order for all writers, so that two never wait for each other in a circle.
    connection.execute(statement, [{"device_id": name, "at": moment} for name, moment in sorted(moments.items())])


def claim_key(connection: Connection, key_sha256: str, device_id: str) -> str:
    """Note that `device_id` uses this key unless another device does; return whose it is."""
    upsert(connection, public_key, [{"sha256": key_sha256, "device": device_id}], ["sha256"], change=[])
    return str(connection.execute(select(public_key.c.device).where(public_key.c.sha256 == key_sha256)).scalar_one())


def claim_serial(connection: Connection, owner_of_it: Device, serial: str) -> bool:
    """Note the device's serial number; false where it has another one, or another device of the product has this."""
    if owner_of_it.serial is not None:
        return owner_of_it.serial == serial
    next_number(connection, "serial")  # two that claim the same one at once: the second sees the first
    same = (device.c.product == owner_of_it.product, device.c.serial == serial)
    if connection.execute(select(device.c.id).where(*same)).first() is not None:
        return False
    set_device(connection, owner_of_it.id, serial=serial)
    return True


def line_of(connection: Connection, device_id: str) -> list[Certificate]:
    """Return a device's certificates, newest first."""
    query = select(certificate).where(certificate.c.device == device_id).order_by(certificate.c.number.desc())
    return [as_certificate(row) for row in connection.execute(query)]


def add_certificate(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a certificate and make it the device's newest."""
    connection.execute(insert(certificate), dict(row))
    set_device(connection, row["device"], certificate_sha256=row["sha256"], certificate_until=row["not_after"])


def mark_used(connection: Connection, sha256: str, at: datetime) -> None:
    """Note the first use of a certificate."""
    unused = certificate.c.first_used.is_(None)
    connection.execute(update(certificate).where(certificate.c.sha256 == sha256, unused).values(first_used=at))


def end_certificates(
    connection: Connection, device_id: str, why: str, at: datetime, below: int | None = None
) -> tuple[str, ...]:
    """End the device's certificates that have not ended (numbers under `below`, or all); return their digests."""
    live = [certificate.c.device == device_id, certificate.c.ended_at.is_(None)]
    if below is not None:
        live.append(certificate.c.number < below)
    query = select(certificate.c.sha256).where(*live).order_by(certificate.c.number)
    ended = tuple(connection.execute(query).scalars())
    if ended:
        connection.execute(update(certificate).where(*live).values(ended_at=at, ended_why=why))
    return ended


def add_tokens(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add enrolment tokens."""
    connection.execute(insert(token), [dict(row) for row in rows])


def find_token(connection: Connection, sha256: str) -> Row[Any] | None:
    """Return the token's row."""
    return connection.execute(select(token).where(token.c.sha256 == sha256)).one_or_none()


def take_token(connection: Connection, sha256: str, device_id: str, now: datetime) -> bool:
    """Use a token up; false where somebody else did or it has ended. Two at once: one of them wins."""
    good = (token.c.sha256 == sha256, token.c.ended_at.is_(None), token.c.expires > now)
    taken = connection.execute(update(token).where(*good).values(ended_at=now, used_by=device_id))
    return taken.rowcount == 1


def end_tokens(connection: Connection, device_id: str, now: datetime) -> None:
    """End all tokens made for one device."""
    open_ones = (token.c.device == device_id, token.c.ended_at.is_(None))
    connection.execute(update(token).where(*open_ones).values(ended_at=now))


def count_attempt(connection: Connection, who: Sequence[str], window: int) -> None:
    """Count one failed attempt under each name in `who`, and forget earlier windows."""
    connection.execute(delete(attempt).where(attempt.c.window < window - 1))
    for name in who:
        here = (attempt.c.who == name, attempt.c.window == window)
        upsert(connection, attempt, [{"who": name, "window": window, "count": 0}], ["who", "window"], change=[])
        connection.execute(update(attempt).where(*here).values(count=attempt.c.count + 1))


def attempts(connection: Connection, who: str, window: int) -> int:
    """Return the failed attempts under one name in this window and the one before."""
    recent = (attempt.c.who == who, attempt.c.window >= window - 1)
    return int(connection.execute(select(func.coalesce(func.sum(attempt.c.count), 0)).where(*recent)).scalar_one())


def count_refusal(connection: Connection, row: Mapping[str, Any]) -> Row[Any]:
    """Add to a refusal's counters (`row`: device, kind, detail, count, at) and return the whole row."""
    here = (refusal.c.device == row["device"], refusal.c.kind == row["kind"])
    empty = {"times": 0, "untold": 0, "first_at": row["at"], "last_at": row["at"], "told_at": None, "detail": ""}
    upsert(
        connection, refusal, [{"device": row["device"], "kind": row["kind"], **empty}], ["device", "kind"], change=[]
    )
    connection.execute(
        update(refusal)
        .where(*here)
        .values(
            detail=row["detail"],
            times=refusal.c.times + row["count"],
            untold=refusal.c.untold + row["count"],
            last_at=row["at"],
        )
    )
    return connection.execute(select(refusal).where(*here)).one()


def told(connection: Connection, device_id: str, kind: str, at: datetime) -> None:
    """Note that a refusal's count is in the ledger now."""
    here = (refusal.c.device == device_id, refusal.c.kind == kind)
    connection.execute(update(refusal).where(*here).values(untold=0, told_at=at))


def next_number(connection: Connection, name: str) -> int:
    """Return the next number of a series; its row stays locked until the commit, so numbers commit in order."""
    upsert(connection, counter, [{"name": name, "value": 0}], ["name"], change=[])
    connection.execute(update(counter).where(counter.c.name == name).values(value=counter.c.value + 1))
    return int(connection.execute(select(counter.c.value).where(counter.c.name == name)).scalar_one())


def add_cut(connection: Connection, device_id: str, at: datetime) -> None:
    """Order that the device's connections end."""
    number = next_number(connection, "cut")
    connection.execute(insert(cut), {"number": number, "device": device_id, "at": at})


def add_authority(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add an authority's certificate unless its place is taken."""
    upsert(connection, authority, [dict(row)], ["role", "number"], change=[])


def put_crl(connection: Connection, der: bytes, generation: int, at: datetime) -> None:
    """Keep the newest revocation list."""
    row = {"id": 1, "generation": generation, "made_at": at, "der": der}
    upsert(connection, crl, [row], ["id"])


def put_owner(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add an owner and point the device at it."""
    connection.execute(insert(owner), dict(row))
    set_device(connection, row["device"], owner_ref=row["ref"])


def drop_owner(connection: Connection, device_id: str) -> str | None:
    """Erase a device's owner; return the reference, or None where there was none."""
    ref = connection.execute(select(owner.c.ref).where(owner.c.device == device_id)).scalar_one_or_none()
    if ref is not None:
        connection.execute(delete(owner).where(owner.c.ref == ref))
        set_device(connection, device_id, owner_ref=None)
    return ref


def put_probe(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep the last answer to a probe."""
    upsert(connection, probe, [dict(row)], ["interface", "credential"])
