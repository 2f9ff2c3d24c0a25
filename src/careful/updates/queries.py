"""What one may ask about rollouts and orders. Numbers come from counts in the database, never from lists."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from careful.kernel.clock import from_iso
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.updates import store
from careful.updates.model import (
    OPEN_ORDER,
    AutoConfirm,
    Limits,
    Member,
    Order,
    Policy,
    Poll,
    Report,
    Rollout,
    RolloutDetail,
    RolloutState,
    Rule,
    Status,
    Wave,
)

_MOST_STATUSES = 100
_MOST_ORDERS = 200
_MOST_ROLLOUTS = 12


def rollouts(world: World, product: str | None = None) -> list[Rollout]:
    """Return rollouts, oldest first: of one product, or all."""
    query = select(store.rollout).order_by(store.rollout.c.number)
    if product is not None:
        query = query.where(store.rollout.c.product == product)
    with world.look() as connection:
        rows = connection.execute(query).all()
        counts = _counts(connection, [row.id for row in rows])
    return [_as_rollout(row, counts.get(row.id, {})) for row in rows]


def rollout(world: World, rollout_id: str) -> RolloutDetail:
    """Return one rollout with each of its devices. Raises NotFound."""
    with world.look() as connection:
        found = read_rollout(connection, rollout_id)
        listed = members(connection, rollout_id)
    left = tuple(
        one.device for one in listed if one.state in {"failed", "silent"} and one.attempts >= found.limits.attempts
    )
    return RolloutDetail(rollout=found, members=listed, left=left)


def read_rollout(connection: Connection, rollout_id: str) -> Rollout:
    """Return one rollout with its counts. Raises NotFound."""
    row = connection.execute(select(store.rollout).where(store.rollout.c.id == rollout_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no rollout {rollout_id!r}.", do="See: careful rollout list")
    return _as_rollout(row, _counts(connection, [rollout_id]).get(rollout_id, {}))


def live(connection: Connection, product: str | None = None, *states: RolloutState) -> list[str]:
    """Return the ids of rollouts in `states` (running or halted unless said), oldest first."""
    query = (
        select(store.rollout.c.id)
        .where(store.rollout.c.state.in_(states or ("running", "halted")))
        .order_by(store.rollout.c.number)
    )
    if product is not None:
        query = query.where(store.rollout.c.product == product)
    return list(connection.execute(query).scalars())


def releases_under_way(connection: Connection) -> list[str]:
    """Return the releases of rollouts that are not over."""
    query = select(store.rollout.c.release).where(store.rollout.c.state.in_(("running", "halted"))).distinct()
    return list(connection.execute(query).scalars())


def members(connection: Connection, rollout_id: str) -> tuple[Member, ...]:
    """Return the devices of a rollout, wave by wave."""
    query = (
        select(store.member)
        .where(store.member.c.rollout == rollout_id)
        .order_by(store.member.c.wave, store.member.c.place)
    )
    return tuple(store.as_member(row) for row in connection.execute(query))


def waves_of(connection: Connection, rollout_id: str, devices: Sequence[str]) -> dict[int, list[str]]:
    """Return wave -> those of `devices` that are in it."""
    table, found = store.member.c, dict[int, list[str]]()
    for start in range(0, len(devices), 500):
        part = devices[start : start + 500]
        query = select(table.wave, table.device).where(table.rollout == rollout_id, table.device.in_(part))
        for row in connection.execute(query):
            found.setdefault(row.wave, []).append(row.device)
    return dict(sorted(found.items()))


def next_deadline(connection: Connection, rollout_id: str) -> datetime | None:
    """Return when the next order of a rollout is due, if any is under way."""
    query = select(store.member.c.deadline).where(
        store.member.c.rollout == rollout_id,
        store.member.c.state.in_(("offered", "installed", "deferred")),
        store.member.c.deadline.is_not(None),
    )
    return connection.execute(query.order_by(store.member.c.deadline).limit(1)).scalar_one_or_none()


def member_of(connection: Connection, device: str) -> list[tuple[str, Member]]:
    """Return a device's place in each rollout that it is or was in, newest first."""
    query = (
        select(store.member)
        .join(store.rollout, store.rollout.c.id == store.member.c.rollout)
        .where(store.member.c.device == device)
        .order_by(store.rollout.c.number.desc())
    )
    return [(row.rollout, store.as_member(row)) for row in connection.execute(query)]


def claimed(connection: Connection, device: str) -> str | None:
    """Return the version that a device says it has installed, while it has yet to report it as what it runs."""
    query = (
        select(store.rollout.c.version)
        .join(store.member, store.rollout.c.id == store.member.c.rollout)
        .where(store.member.c.device == device, store.member.c.state == "installed")
        .order_by(store.rollout.c.number.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def rollouts_of(world: World, device: str) -> list[str]:
    """Return the ids of the twelve newest rollouts that a device is or was in, newest first."""
    with world.look() as connection:
        return [rollout_id for rollout_id, _ in member_of(connection, device)[:_MOST_ROLLOUTS]]


def _counts(connection: Connection, ids: Sequence[str]) -> dict[str, dict[int, dict[str, int]]]:
    table = store.member.c
    found: dict[str, dict[int, dict[str, int]]] = {}
    for start in range(0, len(ids), 500):
        query = (
            select(table.rollout, table.wave, table.state, func.count())
            .where(table.rollout.in_(ids[start : start + 500]))
            .group_by(table.rollout, table.wave, table.state)
        )
        for rollout_id, wave, state, number in connection.execute(query):
            found.setdefault(rollout_id, {}).setdefault(wave, {})[state] = int(number)
    return found


def _as_rollout(row: Row[Any], counts: dict[int, dict[str, int]]) -> Rollout:
    opened = {int(number): from_iso(at) for number, at in row.opened.items()}
    rules = [Rule(**kept) for kept in row.rules] or [Rule()] * len(row.asked)
    waves = tuple(
        Wave(number=number, asked=asked, opened_at=opened.get(number), counts=counts.get(number, {}), rule=rule)
        for number, (asked, rule) in enumerate(zip(row.asked, rules, strict=True), start=1)
    )
    return Rollout(
        id=row.id,
        product=row.product,
        version=row.version,
        release=row.release,
        state=row.state,
        reason=row.reason,
        limits=limits_from(row.limits),
        generation=row.generation,
        open_waves=max(opened, default=0),
        waves=waves,
        excluded=tuple(row.excluded),
        started_at=row.started_at,
        finished_at=row.finished_at,
        policy=policy_from(row.policy),
    )


def limits_from(kept: dict[str, Any]) -> Limits:
    """Return limits as they were stored."""
    return Limits(**kept)


def policy_from(kept: dict[str, Any]) -> Policy:
    """Return a policy as it was stored."""
    return Policy(**{**kept, "people": tuple(kept.get("people", ()))})


def policy_as(policy: Policy) -> dict[str, Any]:
    """Return a policy as it is stored."""
    return asdict(policy) | {"people": list(policy.people)}


def rule_as(rule: Rule) -> dict[str, Any]:
    """Return a wave's rule as it is stored."""
    return asdict(rule)


def limits_as(limits: Limits) -> dict[str, Any]:
    """Return limits as they are stored."""
    return asdict(limits)


def order(world: World, action: int) -> Order | None:
    """Return the order with this action id."""
    with world.look() as connection:
        return read_order(connection, action)


def read_order(connection: Connection, action: int, *, hold: bool = False) -> Order | None:
    """Return the order with this action id; with `hold` nobody else changes it until the transaction ends."""
    query = select(store.order).where(store.order.c.id == action)
    row = connection.execute(query.with_for_update() if hold else query).one_or_none()
    return None if row is None else store.as_order(row)


def order_for(world: World, device: str) -> Order | None:
    """Return the order that a device has to carry out, if any."""
    with world.look() as connection:
        return open_order(connection, device)


def open_order(connection: Connection, device: str) -> Order | None:
    """Return the open order of a device."""
    query = select(store.order).where(store.order.c.device == device, store.order.c.state.in_(OPEN_ORDER))
    row = connection.execute(query).one_or_none()
    return None if row is None else store.as_order(row)


def busy(connection: Connection, devices: Sequence[str]) -> set[str]:
    """Return those of `devices` that have an open order."""
    found: set[str] = set()
    for start in range(0, len(devices), 500):
        part = devices[start : start + 500]
        query = select(store.device.c.device).where(store.device.c.device.in_(part), store.device.c.action.is_not(None))
        found.update(connection.execute(query).scalars())
    return found


def auto_confirm(connection: Connection, device: str) -> AutoConfirm | None:
    """Return who let a device agree to every order by itself, if anybody did."""
    query = select(store.device.c.confirms).where(store.device.c.device == device)
    kept = connection.execute(query).scalar_one_or_none()
    return AutoConfirm(**{**kept, "at": from_iso(kept["at"])}) if kept else None


def orders(world: World, *, device: str | None = None, drills: bool | None = None) -> list[Order]:
    """Return at most 200 orders, newest first: of one device or all; `drills` True: rehearsals only, False: none."""
    query = select(store.order).order_by(store.order.c.id.desc()).limit(_MOST_ORDERS)
    if device is not None:
        query = query.where(store.order.c.device == device)
    if drills is not None:
        query = query.where(store.order.c.drill != "" if drills else store.order.c.drill == "")
    with world.look() as connection:
        return [store.as_order(row) for row in connection.execute(query)]


def open_orders(connection: Connection, rollout_id: str) -> list[Order]:
    """Return the open orders of a rollout."""
    query = select(store.order).where(store.order.c.rollout == rollout_id, store.order.c.state.in_(OPEN_ORDER))
    return [store.as_order(row) for row in connection.execute(query)]


def overdue_drills(connection: Connection, now: datetime) -> list[Order]:
    """Return rehearsals whose deadline has passed without an answer."""
    table = store.order.c
    query = select(store.order).where(table.state.in_(OPEN_ORDER), table.deadline <= now, table.drill != "")
    return [store.as_order(row) for row in connection.execute(query)]


def statuses(world: World, action: int) -> list[Status]:
    """Return the last hundred reports about an order, newest first."""
    query = (
        select(store.status)
        .where(store.status.c.order == action)
        .order_by(store.status.c.number.desc())
        .limit(_MOST_STATUSES)
    )
    with world.look() as connection:
        return [store.as_status(row) for row in connection.execute(query)]


def last_reports(connection: Connection, action: int) -> list[Report]:
    """Return the last ten reports about an order, oldest first."""
    query = select(store.status).where(store.status.c.order == action).order_by(store.status.c.number.desc()).limit(10)
    return [store.as_status(row).report for row in connection.execute(query)][::-1]


def last_status(connection: Connection, action: int) -> Status | None:
    """Return the newest report about an order."""
    query = select(store.status).where(store.status.c.order == action).order_by(store.status.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else store.as_status(row)


def status_count(connection: Connection, action: int) -> int:
    """Return how many reports about an order were kept."""
    query = select(store.order.c.statuses).where(store.order.c.id == action)
    return connection.execute(query).scalar_one_or_none() or 0


def poll(connection: Connection, device: str) -> Poll:
    """Return what a poll of a device is to be told."""
    row = connection.execute(select(store.device).where(store.device.c.device == device)).one_or_none()
    if row is None:
        return Poll(device=device)
    return Poll(
        device=device,
        action=row.action,
        cancelling=bool(row.cancelling),
        asking=bool(row.asking),
        forced_from=row.forced_from,
        window=row.window,
        installed=row.installed,
        wants_attributes=bool(row.wants_attributes),
        change=row.change,
    )


def changed_devices(connection: Connection, since: int) -> tuple[int, list[str]]:
    """Return the newest change number and whose polls changed after `since`."""
    query = select(store.device.c.device, store.device.c.change).where(store.device.c.change > since)
    rows = connection.execute(query.order_by(store.device.c.change)).all()
    return (rows[-1].change if rows else since), [row.device for row in rows]


def attributes(world: World, device: str) -> dict[str, str]:
    """Return what a device last said about itself (DDI configData)."""
    with world.look() as connection:
        return read_attributes(connection, device)


def read_attributes(connection: Connection, device: str) -> dict[str, str]:
    """Return what a device last said about itself."""
    query = select(store.device.c.attributes).where(store.device.c.device == device)
    return dict(connection.execute(query).scalar_one_or_none() or {})
