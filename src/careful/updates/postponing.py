"""Putting an update off: the owner's right, within a limit that is the shorter the more urgent the update is.

The limit counts from when the version was first offered to the device, so that asking again and again gains nothing.
Whether a product's owners may do so at all is what its declaration says (`support.user_can_postpone`).
"""

from dataclasses import dataclass
from datetime import datetime

from careful import devices, products
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, Refused
from careful.kernel.work import World
from careful.updates import fitting, fleet_queries, queries, store
from careful.updates.events import UpdatePostponed
from careful.updates.model import Urgency

_OFFERED = frozenset({"waiting", "deferred", "offered"})


def postpone(world: World, actor: Actor, device: str, until: datetime) -> datetime:
    """Put the update that a device was offered off until a moment, or until the limit if that is sooner; return it.

    Raises NotFound, Invalid (a moment that is past), Refused where the product's owners may not, nothing is offered,
    the device has begun, or the limit is reached.
    """
    known = devices.get(world, device)
    support = products.get(world, known.product).declaration.support
    if support is None or support.user_can_postpone is not True:
        raise Refused(
            f"Owners of {known.product} cannot put updates off.", do="Declare support.user_can_postpone: true."
        )
    with world.change(actor) as work:
        places = [
            (rollout, member)
            for rollout, member in queries.member_of(work.connection, device)
            if member.state in _OFFERED
        ]
        if not places or not store.lock_rollout(work.connection, places[0][0]):
            raise Refused(f"{device} is offered nothing.", do=f"See: careful device show {device}")
        found = queries.read_rollout(work.connection, places[0][0])
        order = queries.open_order(work.connection, device)
        if order is not None and order.state != "offered":
            raise Refused(f"{device} has begun with {order.version}.", do="Let it finish.")
        offered = fleet_queries.first_offered(work.connection, device, found.version) or work.now
        limit = fitting.latest(offered, found.policy.urgency)
        if until <= work.now:
            raise Invalid(f"{until:%Y-%m-%d %H:%M} UTC is past.", where="until")
        if limit <= work.now:
            raise Refused(
                f"{found.version} was first offered on {offered:%Y-%m-%d}; it can be put off no longer.",
                do=f"A {found.policy.urgency} update can be put off for {_days(found.policy.urgency)}.",
            )
        chosen = min(until, limit)
        if order is not None and order.rollout == found.id:
            freed = store.withdraw(work.connection, found.id, work.now, of=[device])
            store.take_back(work.connection, found.id, freed, work.now)
        store.turn_device(work.connection, device, postponed_until=chosen)
        said = UpdatePostponed(device=device, product=known.product, version=found.version, until=chosen)
        work.record(said)
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponable:
    """What a device's owner may put off: which version, until when at most, and how urgent it is."""

    version: str
    until: datetime
    urgency: Urgency


def postponable(world: World, device: str) -> Postponable | None:
    """Return what may be put off for a device's owner now, None where nothing may. Raises NotFound."""
    known = devices.get(world, device)
    support = products.get(world, known.product).declaration.support
    if support is None or support.user_can_postpone is not True:
        return None
    now = world.clock.now()
    with world.look() as connection:
        places = [(rollout, one) for rollout, one in queries.member_of(connection, device) if one.state in _OFFERED]
        order = queries.open_order(connection, device)
        if not places or (order is not None and order.state != "offered"):
            return None
        found = queries.read_rollout(connection, places[0][0])
        offered = fleet_queries.first_offered(connection, device, found.version) or now
    limit = fitting.latest(offered, found.policy.urgency)
    return Postponable(version=found.version, until=limit, urgency=found.policy.urgency) if limit > now else None


def _days(urgency: str) -> str:
    days = fitting.PATIENCE[urgency].days  # type: ignore[index]  # an urgency that a rollout has
    return f"{days} day{'s' if days != 1 else ''}"
