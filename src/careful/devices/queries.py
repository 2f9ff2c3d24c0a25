"""What one may ask about devices. Lists are paged by key; numbers about the fleet come from indexes alone."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, asc, bindparam, desc, func, or_, select, tuple_, type_coerce

from careful.devices import store, traits_store
from careful.devices.certificates import Revoked
from careful.devices.model import STATES, Certificate, Cut, Device, Fleet, Probe, RefusalCount, SortBy, Standing, State
from careful.kernel.errors import NotFound
from careful.kernel.work import World

PAGE = 100
OTHER_DEVICE = "other-device"
TAKEN_OVER = "taken-over"
"""The kind of refusal of who asks over HTTPS for another device."""
_PAGE_LIMIT = 1000
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_CUTS_AT_ONCE = 10_000
_ENDING_SOON = timedelta(days=7)
_ALIVE: tuple[State, ...] = ("made", "enrolled", "active", "quarantined")


def get(world: World, device: str) -> Device:
    """Return one device. Raises NotFound."""
    with world.look() as connection:
        row = connection.execute(select(store.device).where(store.device.c.id == device)).one_or_none()
    if row is None:
        raise NotFound(f"There is no device {device!r}.", do="See: careful device list")
    return store.as_device(row)


def list_devices(
    world: World,
    *,
    product: str | None = None,
    version: str | None = None,
    state: State | None = None,
    after: str | None = None,
    limit: int = PAGE,
    by: SortBy = "id",
    down: bool = False,
    region: str | None = None,
    tag: str | None = None,
) -> list[Device]:
    """Return devices in the order of `by`, at most `limit` (1 to 1000) after the device `after`.

    `version` "" means none reported yet; `tag` is one that they have. Moments that are not known count as long ago.
    """
    table = store.device.c
    value = table.id if by == "id" else func.coalesce(table[by], type_coerce(_LONG_AGO, store.device.c[by].type))
    way = desc if down else asc
    query = select(store.device).order_by(way(value), way(table.id)).limit(max(1, min(limit, _PAGE_LIMIT)))
    if product is not None:
        query = query.where(table.product == product)
    if version is not None:
        query = query.where(table.version.is_(None) if version == "" else table.version == version)
    if state is not None:
        query = query.where(table.state == state)
    if region is not None:
        query = query.where(table.id.in_(traits_store.in_region(region)))
    if tag is not None:
        query = query.where(table.id.in_(traits_store.tagged(tag)))
    if after is not None:
        mark = select(value).where(table.id == after).scalar_subquery()
        place, there = tuple_(value, table.id), tuple_(mark, after)
        query = query.where(place < there if down else place > there)
    with world.look() as connection:
        return [store.as_device(row) for row in connection.execute(query)]


def named(world: World, ids: Sequence[str]) -> list[Device]:
    """Return the devices with these ids, in the order of ids; those that are not known are left out."""
    found: list[Device] = []
    with world.look() as connection:
        for start in range(0, len(ids), _PAGE_LIMIT):
            query = select(store.device).where(store.device.c.id.in_(ids[start : start + _PAGE_LIMIT]))
            found.extend(store.as_device(row) for row in connection.execute(query))
    return sorted(found, key=lambda one: one.id)


def all_of(world: World, product: str) -> Iterator[Device]:
    """Yield every device of a product, page by page."""
    page = list_devices(world, product=product, limit=_PAGE_LIMIT)
    while page:
        yield from page
        page = list_devices(world, product=product, after=page[-1].id, limit=_PAGE_LIMIT)


def on_versions(world: World, product: str, versions: Sequence[str]) -> list[str]:
    """Return the ids of the product's devices, retired ones apart, that last reported one of `versions`."""
    if not versions:
        return []
    table = store.device.c
    query = select(table.id).where(
        table.product == product, table.version.in_(sorted(set(versions))), table.state.in_(_ALIVE)
    )
    with world.look() as connection:
        return list(connection.execute(query).scalars())


def count_by_version(world: World, product: str) -> dict[str, int]:
    """Count the product's devices, retired ones apart, by reported version; "" is those that reported none."""
    table = store.device.c
    query = (
        select(table.version, func.count())
        .where(table.product == product, table.state.in_(_ALIVE))
        .group_by(table.version)
    )
    with world.look() as connection:
        counted = {version or "": int(number) for version, number in connection.execute(query)}
    return dict(sorted(counted.items()))


def keys_of(world: World, device: str) -> frozenset[str]:
    """Return the SHA-256 of each key (SubjectPublicKeyInfo) for which a device has a certificate that is in force."""
    now = world.clock.now()
    listed = certificates_of(world, device)
    return frozenset(one.key_sha256 for one in listed if one.ended_at is None and one.not_after > now)


def count_seen(world: World, product: str, since: datetime) -> int:
    """Count the product's devices, retired ones apart, that were seen since a moment."""
    table = store.device.c
    query = select(func.count()).where(table.product == product, table.state.in_(_ALIVE), table.last_seen >= since)
    with world.look() as connection:
        return int(connection.execute(query).scalar_one())


def seen_after(world: World, of: Sequence[str], since: datetime) -> list[Device]:
    """Return the devices of some products that were seen since a moment and may connect."""
    table = store.device.c
    query = select(store.device).where(table.product.in_(of), table.last_seen >= since, table.state == "active")
    with world.look() as connection:
        return [store.as_device(row) for row in connection.execute(query)]


def fleet_summary(world: World) -> Fleet:
    """Return the fleet in numbers, with certificates that end within a week or have ended in use."""
    table = store.device.c
    now = world.clock.now()
    connected = table.state.in_(("enrolled", "active"))
    with world.look() as connection:
        rows = connection.execute(
            select(table.product, table.state, func.count()).group_by(table.product, table.state)
        ).all()
        ended = connection.execute(select(func.count()).where(connected, table.certificate_until <= now)).scalar_one()
        soon = connection.execute(
            select(func.count()).where(
                connected, table.certificate_until > now, table.certificate_until <= now + _ENDING_SOON
            )
        ).scalar_one()
    by_product: dict[str, dict[State, int]] = {}
    for product, state, number in sorted(rows):
        by_product.setdefault(product, dict.fromkeys(STATES, 0))[state] = int(number)
    return Fleet(by_product, sum(int(row[2]) for row in rows), ending_soon=soon, ended=ended)


def certificates_of(world: World, device: str) -> list[Certificate]:
    """Return the device's certificates, newest first."""
    with world.look() as connection:
        return store.line_of(connection, device)


_ITS_DEVICE = store.certificate.join(store.device, store.device.c.id == store.certificate.c.device)
_SHOWN = store.certificate.c.sha256 == bindparam("digest")
# The order of columns is that of the dataclasses' fields. Built once: `standing` is asked at every request.
_BY_CERTIFICATE = (
    select(
        *(store.certificate.c[name] for name in Certificate.__slots__),
        *(store.device.c[name] for name in Device.__slots__),
    )
    .select_from(_ITS_DEVICE)
    .where(_SHOWN)
)
_SPLIT = len(Certificate.__slots__)
_STANDING = (
    select(
        *(store.device.c[name] for name in ("id", "product", "hardware", "state")),
        store.certificate.c.number,
        store.certificate.c.first_used.is_not(None),
        *(store.certificate.c[name] for name in ("not_before", "not_after", "ended_why")),
    )
    .select_from(_ITS_DEVICE)
    .where(_SHOWN)
)


def standing(connection: Connection, sha256: str) -> Standing | None:
    """Return what decides whether a certificate opens a door, by its digest."""
    found: Sequence[Any] | None = connection.execute(_STANDING, {"digest": sha256}).one_or_none()
    return None if found is None else Standing(*found)


def by_certificate(connection: Connection, sha256: str) -> tuple[Certificate, Device] | None:
    """Return whose certificate this is, by its digest."""
    found = connection.execute(_BY_CERTIFICATE, {"digest": sha256}).one_or_none()
    return None if found is None else (Certificate(*found[:_SPLIT]), Device(*found[_SPLIT:]))


def by_target_token(connection: Connection, device: str) -> tuple[Device, str] | None:
    """Return the device with the digest of its target token ("" where it has none)."""
    row = connection.execute(select(store.device).where(store.device.c.id == device)).one_or_none()
    return None if row is None else (store.as_device(row), row.target_token_sha256 or "")


def cut_list(world: World, since: int) -> list[Cut]:
    """Return the cuts above number `since`, oldest first. A gateway asks every second with the last number it saw."""
    query = select(store.cut).where(store.cut.c.number > since).order_by(store.cut.c.number).limit(_CUTS_AT_ONCE)
    with world.look() as connection:
        return [Cut(row.number, row.device) for row in connection.execute(query)]


def last_cut(world: World) -> int:
    """Return the number of the last cut, where a gateway that starts now begins to ask."""
    with world.look() as connection:
        return int(connection.execute(select(func.coalesce(func.max(store.cut.c.number), 0))).scalar_one())


def refusals(world: World, device: str | None = None) -> list[RefusalCount]:
    """Return refused traffic and enrolments, latest first: of one device ("" is strangers), or of all."""
    query = select(store.refusal).order_by(store.refusal.c.last_at.desc(), store.refusal.c.device).limit(_PAGE_LIMIT)
    if device is not None:
        query = query.where(store.refusal.c.device == device)
    with world.look() as connection:
        return [
            RefusalCount(row.device, row.kind, row.detail, row.times, row.first_at, row.last_at)
            for row in connection.execute(query)
        ]


def refused_since(world: World, since: datetime) -> list[RefusalCount]:
    """Return what other processes counted after a moment: enrolments, other devices' names, sessions taken over."""
    columns = store.refusal.c
    ours = or_(columns.kind.in_((OTHER_DEVICE, TAKEN_OVER)), columns.kind.startswith("enrol."))
    query = select(store.refusal).where(columns.last_at > since, ours).limit(_PAGE_LIMIT)
    with world.look() as connection:
        return [
            RefusalCount(row.device, row.kind, row.detail, row.times, row.first_at, row.last_at)
            for row in connection.execute(query)
        ]


def untold(connection: Connection, before: datetime) -> list[Row[Any]]:
    """Return refusal counters with something that the ledger does not know and was not told since `before`."""
    waiting = (store.refusal.c.untold > 0, or_(store.refusal.c.told_at.is_(None), store.refusal.c.told_at <= before))
    return list(connection.execute(select(store.refusal).where(*waiting).limit(_PAGE_LIMIT)))


def revoked(connection: Connection, now: datetime) -> list[Revoked]:
    """Return what belongs on the revocation list: ended or on hold, and not expired."""
    table = store.certificate.c
    held = and_(table.ended_at.is_(None), store.device.c.state == "quarantined")
    query = (
        select(table.serial, table.ended_at, table.ended_why, table.issued_at)
        .join(store.device, store.device.c.id == table.device)
        .where(table.not_after > now, or_(table.ended_at.is_not(None), held))
        .order_by(table.serial)
    )
    return [
        Revoked(int(row.serial, 16), row.ended_at or now, row.ended_why or "quarantined")
        for row in connection.execute(query)
    ]


def authorities(connection: Connection) -> dict[str, bytes]:
    """Return our authorities' certificates (DER) by role: root, issuing."""
    query = select(store.authority.c.role, store.authority.c.der).order_by(store.authority.c.number)
    return {row.role: row.der for row in connection.execute(query)}


def generation(connection: Connection) -> int:
    """Return how many times the set of ended certificates has changed."""
    query = select(store.counter.c.value).where(store.counter.c.name == "revocations")
    return connection.execute(query).scalar_one_or_none() or 0


def kept_crl(connection: Connection) -> tuple[bytes, int, datetime] | None:
    """Return the newest revocation list with its generation and the moment it was made."""
    row = connection.execute(select(store.crl)).one_or_none()
    return None if row is None else (row.der, row.generation, row.made_at)


def owners(connection: Connection, devices: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return (device, reference, e-mail) for those of `devices` that have an owner to tell."""
    found: list[tuple[str, str, str]] = []
    for start in range(0, len(devices), _PAGE_LIMIT):
        part = devices[start : start + _PAGE_LIMIT]
        query = select(store.owner).where(store.owner.c.device.in_(part)).order_by(store.owner.c.device)
        found.extend((row.device, row.ref, row.email) for row in connection.execute(query))
    return found


def devices_of_owner(connection: Connection, ref: str) -> list[str]:
    """Return all devices that have the same address as the owner `ref`; none where that one is forgotten."""
    address = select(store.owner.c.email).where(store.owner.c.ref == ref).scalar_subquery()
    query = select(store.owner.c.device).where(store.owner.c.email == address).order_by(store.owner.c.device)
    return list(connection.execute(query).scalars())


def probes(world: World) -> list[Probe]:
    """Return the last answer of each interface to each credential."""
    query = select(store.probe).order_by(store.probe.c.interface, store.probe.c.credential)
    with world.look() as connection:
        return [
            Probe(row.interface, row.credential, row.expected, row.got, bool(row.held), row.at)
            for row in connection.execute(query)
        ]


def running(connection: Connection, devices: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return device -> its product and the version that it runs, for those that said one."""
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(devices), _PAGE_LIMIT):
        table = store.device.c
        query = select(table.id, table.product, table.version).where(table.id.in_(devices[start : start + _PAGE_LIMIT]))
        found.update((row.id, (row.product, row.version)) for row in connection.execute(query) if row.version)
    return found
