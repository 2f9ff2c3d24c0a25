"""What planning asks of the fleet: what each device is, runs and says of itself, and what it is told already."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from careful import devices, releases
from careful.kernel.work import World
from careful.updates import store
from careful.updates.fitting import power
from careful.updates.meeting import Other
from careful.updates.model import OPEN_ORDER, Candidate, Order, Rollout
from careful.updates.worse import Watched

_AT_ONCE = 1000
_PLAIN = devices.Traits()


def candidates(world: World, product: str, wanted: Sequence[str] | None = None) -> list[Candidate]:
    """Return what is known of a product's devices: of all, or of the few that are `wanted`."""
    security = {one.version: one.security_version for one in releases.list_for(world, product)}
    found: Iterable[devices.Device] = devices.all_of(world, product) if wanted is None else devices.named(world, wanted)
    traits = devices.traits_of(world, product, wanted)
    with world.look() as connection:
        said = _told(connection, wanted)
    return [_candidate(one, security, traits.get(one.id, _PLAIN), *said.get(one.id, ({}, None))) for one in found]


def _candidate(
    one: devices.Device,
    security: Mapping[str, int],
    traits: devices.Traits,
    attributes: Mapping[str, str],
    postponed: datetime | None,
) -> Candidate:
    battery, mains = power(attributes) if attributes else (None, None)
    return Candidate(
        device=one.id,
        product=one.product,
        hardware=one.hardware,
        state=one.state,
        version=one.version,
        security_version=security.get(one.version or "", 0),
        region=traits.region,
        zone=traits.zone,
        consent=traits.consent,
        tags=traits.tags,
        battery=battery,
        mains=mains,
        postponed_until=postponed,
    )


def _told(connection: Connection, wanted: Sequence[str] | None) -> dict[str, tuple[dict[str, str], datetime | None]]:
    """Return device -> what it says of itself, and until when its owner put updates off, where anything was said."""
    table = store.device.c
    query = select(table.device, table.attributes, table.postponed_until)
    if wanted is None:
        rows = [*connection.execute(query)]
    else:
        rows = [row for part in _parts(wanted) for row in connection.execute(query.where(table.device.in_(part)))]
    return {row.device: (row.attributes, row.postponed_until) for row in rows if row.attributes or row.postponed_until}


def _parts(listed: Sequence[str]) -> list[Sequence[str]]:
    return [listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE)]


def orders_of(connection: Connection, rollout: str, wanted: Sequence[str]) -> dict[str, Order]:
    """Return device -> its open order of a rollout, for those of `wanted` that have one."""
    table = store.order.c
    mine = (table.rollout == rollout, table.state.in_(OPEN_ORDER))
    return {
        row.device: store.as_order(row)
        for part in _parts(wanted)
        for row in connection.execute(select(store.order).where(*mine, table.device.in_(part)))
    }


def said_at(connection: Connection, orders: Sequence[int]) -> dict[int, datetime]:
    """Return order -> when its device last said something of it."""
    table = store.status.c
    query = select(table.order, func.max(table.at)).group_by(table.order)
    parts = [orders[start : start + _AT_ONCE] for start in range(0, len(orders), _AT_ONCE)]
    return {row[0]: row[1] for part in parts for row in connection.execute(query.where(table.order.in_(part)))}


def last_orders(connection: Connection, rollout: str) -> dict[str, Order]:
    """Return device -> its last order of a rollout."""
    query = select(store.order).where(store.order.c.rollout == rollout).order_by(store.order.c.id)
    return {row.device: store.as_order(row) for row in connection.execute(query)}


def unsettled(connection: Connection, rollout: str) -> set[str]:
    """Return the devices of a rollout that neither run the release nor are accounted for."""
    table = store.member.c
    query = select(table.device).where(table.rollout == rollout, table.state.in_(store.UNSETTLED))
    return set(connection.execute(query).scalars())


def others(connection: Connection, product: str) -> list[Other]:
    """Return the product's rollouts that run or are halted, with what each has yet to settle."""
    table = store.rollout.c
    query = select(table.id, table.version, table.state).where(
        table.product == product, table.state.in_(("running", "halted"))
    )
    return [
        Other(rollout=row.id, version=row.version, state=row.state, unsettled=frozenset(unsettled(connection, row.id)))
        for row in connection.execute(query.order_by(table.number))
    ]


def crash_watch(world: World, found: Rollout) -> tuple[Watched, Watched]:
    """Return how a rollout's updated devices, and those of the product without the release, were seen to crash."""
    now, table = world.clock.now(), store.member.c
    rows = devices.crashes(world, found.product, found.started_at.replace(minute=0, second=0, microsecond=0))
    with_it = [one for one in rows if one.version == found.version]
    without = [one for one in rows if one.version != found.version]
    with world.look() as connection:
        query = select(table.changed_at).where(table.rollout == found.id, table.state == "confirmed")
        hours = sum((now - at).total_seconds() / 3600 for at in connection.execute(query).scalars() if at is not None)
    others = sum(n for version, n in devices.count_by_version(world, found.product).items() if version != found.version)
    since = (now - found.started_at).total_seconds() / 3600
    return _watched(hours, with_it), _watched(others * since, without)


def _watched(hours: float, rows: Sequence[devices.Crashed]) -> Watched:
    return Watched(hours=hours, crashed=len(rows), devices=len({one.device for one in rows}))


def fates_by(connection: Connection, versions: Sequence[str], product: str) -> list[Any]:
    """Return the rows of every device's place in every rollout of these versions, oldest rollout first."""
    query = (
        select(store.member, store.rollout.c.number)
        .join(store.rollout, store.rollout.c.id == store.member.c.rollout)
        .where(store.rollout.c.product == product, store.rollout.c.version.in_(sorted(versions)))
        .order_by(store.rollout.c.number)
    )
    return list(connection.execute(query))


def first_offered(connection: Connection, device: str, version: str) -> datetime | None:
    """Return when a version was first offered to a device, in whichever rollout."""
    query = (
        select(func.min(store.member.c.first_offered))
        .join(store.rollout, store.rollout.c.id == store.member.c.rollout)
        .where(store.member.c.device == device, store.rollout.c.version == version)
    )
    return connection.execute(query).scalar_one_or_none()
