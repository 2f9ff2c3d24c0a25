"""How a fix spreads, and who is left: by release, by flaw, by device. Counted from the registry, never from claims."""

from datetime import datetime
from typing import Any

from careful import devices, releases
from careful.kernel.errors import NotFound
from careful.kernel.work import World
from careful.updates import fates, fitting, fleet_queries, publishing, queries, store
from careful.updates.fates import DeviceFate
from careful.updates.model import Point, RolloutDetail, Uptake
from careful.updates.stragglers import Behind, Currency, grouped, where
from careful.updates.versions import is_newer, key

_MOST_POINTS = 240


def uptake(world: World, product: str, version: str) -> Uptake:
    """Return how a version spread over its rollouts: counts after each change, at most 240 points.

    A device counts once: where it was in several rollouts of this version, the newest counts.
    """
    with world.look() as connection:
        rows = fleet_queries.fates_by(connection, [version], product)
    return _spread(product, version, rows)


def uptake_of_flaw(world: World, flaw: str, product: str | None = None) -> list[Uptake]:
    """Return how the mending of a flaw spread, for each product (or the one) with a release that says it fixes it.

    What mends it is the first such release and all that are newer; a device counts once. Raises NotFound where no
    release of any product says that it fixes the flaw; of the one that was named, there is nothing then.
    """
    found = []
    listed = releases.list_for(world, product)
    for name in sorted({one.product for one in listed if flaw in one.fixes}):
        mine = [one for one in listed if one.product == name]
        first = min((one for one in mine if flaw in one.fixes), key=lambda one: key(one.version) or ((), ()))
        versions = [first.version, *(one.version for one in mine if is_newer(one.version, first.version))]
        with world.look() as connection:
            rows = fleet_queries.fates_by(connection, versions, name)
        found.append(_spread(name, f"{first.version} or newer", rows))
    if not found and product is None:
        raise NotFound(f"No release says that it fixes {flaw[:60]}.", do="Say so with: careful release add … --fixes")
    return found


def currency(world: World, product: str) -> Currency:
    """Return how up to date a product's devices are, with those behind grouped by cause."""
    published = [
        one
        for one in releases.list_for(world, product)
        if one.state == "signed" and key(one.version) is not None and publishing.is_published(world, one)
    ]
    published.sort(key=lambda one: key(one.version) or ((), ()))
    newest = {hardware: one.version for one in published for hardware in one.hardware}
    with world.look() as connection:
        rows = fleet_queries.fates_by(connection, sorted(set(newest.values())), product)
    places = {row.device: row for row in rows}  # oldest rollout first: the newest stays
    states = {one.id: one.state for one in queries.rollouts(world, product)}
    seen = {one.id: one.last_seen for one in devices.all_of(world, product)}
    counts = dict.fromkeys(("current", "behind", "ahead", "unknown", "without"), 0)
    behind: list[Behind] = []
    for one in fleet_queries.candidates(world, product):
        if one.state == "retired":
            continue
        wanted = newest.get(one.hardware)
        how = where(one, wanted)
        counts[how] += 1
        if wanted is not None and how in {"behind", "unknown"}:
            place = places.get(one.device)
            behind.append(
                Behind(
                    device=one,
                    newest=wanted,
                    last_seen=seen.get(one.device),
                    member=store.as_member(place) if place else None,
                    rollout=place.rollout if place else "",
                    state=states[place.rollout] if place else "running",
                )
            )
    return Currency(product=product, newest=newest, causes=grouped(behind, world.clock.now()), **counts)


def fates_of(world: World, rollout_id: str) -> list[DeviceFate]:
    """Return what has become of a rollout's release on each of its devices, wave by wave. Raises NotFound."""
    found = queries.rollout(world, rollout_id)
    with world.look() as connection:
        orders = fleet_queries.last_orders(connection, rollout_id)
    known = {one.id: one for one in devices.named(world, [member.device for member in found.members])}
    kept = _waits(world, found)
    return [
        fates.fate(
            member,
            orders.get(member.device),
            known[member.device].version if member.device in known else None,
            known[member.device].last_seen if member.device in known else None,
            kept.get(member.device, ""),
        )
        for member in found.members
    ]


def _waits(world: World, found: RolloutDetail) -> dict[str, str]:
    """Return device -> what it waits for, of those whose wave is open and that were offered nothing yet."""
    opened = {wave.number for wave in found.rollout.waves if wave.opened_at}
    waiting = [one.device for one in found.members if one.state == "waiting" and one.wave in opened]
    told = fleet_queries.candidates(world, found.rollout.product, waiting) if waiting else []
    now, policy = world.clock.now(), found.rollout.policy
    return {one.device: fitting.hindrance(one) or fitting.circumstance(one, policy, now) for one in told}


def _spread(product: str, version: str, rows: list[Any]) -> Uptake:
    latest = {row.device: store.as_member(row) for row in rows}
    steps: list[tuple[datetime, str, int]] = []
    for one in latest.values():
        if one.first_offered is not None:
            steps.append((one.first_offered, "offered", 1))
        if one.changed_at is not None and one.state not in {"waiting", "deferred", "offered", "installed"}:
            if one.first_offered is not None:
                steps.append((one.changed_at, "offered", -1))
            steps.append((one.changed_at, one.outcome if one.state == "accounted" else one.state, 1))
    return Uptake(product=product, version=version, total=len(latest), points=_points(steps))


def _points(steps: list[tuple[datetime, str, int]]) -> tuple[Point, ...]:
    counts = {"confirmed": 0, "offered": 0, "silent": 0, "failed": 0}
    points: dict[datetime, Point] = {}
    for at, what, by in sorted(steps):
        if what in counts:
            counts[what] += by
        points[at] = Point(
            at=at,
            fixed=counts["confirmed"],
            offered=counts["offered"],
            silent=counts["silent"],
            failed=counts["failed"],
        )
    listed = list(points.values())
    every = -(-len(listed) // _MOST_POINTS)
    return tuple(listed[len(listed) - 1 :: -every][::-1]) if listed else ()
