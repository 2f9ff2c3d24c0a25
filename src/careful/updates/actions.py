"""What one may do with rollouts: start, halt, resume, account for a device. Each verb is one transaction."""

from collections.abc import Sequence

from careful import devices, releases
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.updates import plan, publishing, queries, store
from careful.updates.events import (
    DeviceAccounted,
    RolloutHalted,
    RolloutResumed,
    RolloutStarted,
    RolloutSuperseded,
)
from careful.updates.model import REASON_LIMIT, Limits, Rollout
from careful.updates.plan import Candidate, Offer

WAVES = ("2", "10%", "100%")
_NAMED = 1000
_LONGEST_DEADLINE = 90 * 86_400
_MOST_ATTEMPTS = 10


def start_rollout(
    world: World,
    actor: Actor,
    product: str,
    version: str,
    *,
    waves: Sequence[str] = WAVES,
    deadline_minutes: float = 60.0,
    deadline_seconds: float | None = None,
    max_failures_percent: float = 10.0,
    min_failures: int = 1,
    attempts: int = 2,
    first: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> str:
    """Start a rollout of a published release and return its id. The planner does the rest.

    `waves`: numbers of devices or percentages of all, the last one 100%. `first`: devices for the first waves, in
    order. `exclude`: devices that are left out. A halted rollout of the product ends with this one.
    Raises NotFound, Invalid, and Refused where the release is not published, another rollout runs, or no device fits.
    """
    limits = check_limits(
        Limits(
            max_failures_percent=max_failures_percent,
            min_failures=min_failures,
            deadline_seconds=deadline_minutes * 60 if deadline_seconds is None else deadline_seconds,
            attempts=attempts,
        )
    )
    asked = plan.check_waves(waves)
    release = releases.get(world, product, version)
    if release.state != "signed" or not publishing.is_published(world, release):
        raise Refused(
            f"{product} {version} is not published; devices would refuse it.",
            do=f"Run: careful release sign {product} {version} && careful release publish {product} {version}",
        )
    fitting = fitting_devices(world, release)
    chosen = [device for device in fitting if device not in set(exclude)]
    if not chosen:
        raise Refused(f"No device of {product} is there to take {version}.", do=f"See: careful device list {product}")
    members = plan.cut_waves(chosen, asked, first, f"{product}/{version}")
    rollout_id = new_id()
    with world.change(actor) as work:
        _end_others(work, product, rollout_id)
        values = {
            "id": rollout_id,
            "product": product,
            "version": version,
            "release": release.id,
            "state": "running",
            "reason": "",
            "limits": queries.limits_as(limits),
            "generation": 1,
            "asked": list(asked),
            "opened": {},
            "excluded": sorted(set(exclude))[:_NAMED],
            "started_at": work.now,
        }
        store.add_rollout(work.connection, values, members)
        work.record(
            RolloutStarted(rollout=rollout_id, product=product, version=version, devices=len(members), waves=asked)
        )
    return rollout_id


def check_limits(limits: Limits) -> Limits:
    """Return limits that make sense. Raises Invalid."""
    if not 0 <= limits.max_failures_percent <= 100:  # noqa: PLR2004 (per cent)
        raise Invalid("At most 0 to 100 per cent of a wave may fail.", where="max_failures_percent")
    if limits.min_failures < 1:
        raise Invalid("The least number of failures that halt is 1.", where="min_failures")
    if not 1 <= limits.deadline_seconds <= _LONGEST_DEADLINE:
        raise Invalid("A deadline is 1 second to 90 days.", where="deadline")
    if not 1 <= limits.attempts <= _MOST_ATTEMPTS:
        raise Invalid(f"A device is tried 1 to {_MOST_ATTEMPTS} times.", where="attempts")
    return limits


def offer_of(release: releases.Release) -> Offer:
    """Return what a release demands of devices."""
    return Offer(
        product=release.product,
        version=release.version,
        hardware=release.hardware,
        security_version=release.security_version,
    )


def candidates(world: World, product: str, wanted: Sequence[str] | None = None) -> list[Candidate]:
    """Return what is known of a product's devices: of all, or of the few that are `wanted`."""
    known = {one.version: one.security_version for one in releases.list_for(world, product)}
    found: list[devices.Device] = []
    if wanted is None:
        page = devices.list_devices(world, product=product, limit=_NAMED)
        while page:
            found += page
            page = devices.list_devices(world, product=product, after=page[-1].id, limit=_NAMED)
    else:
        found = [devices.get(world, device) for device in wanted]
    return [
        Candidate(
            device=one.id,
            product=one.product,
            hardware=one.hardware,
            state=one.state,
            version=one.version,
            security_version=known.get(one.version or "", 0),
        )
        for one in found
    ]


def fitting_devices(world: World, release: releases.Release) -> list[str]:
    """Return the devices that may be offered a release: in use, right hardware, something older on them."""
    offer = offer_of(release)
    return [
        one.device
        for one in candidates(world, release.product)
        if one.state in {"enrolled", "active", "quarantined"} and not plan.objection(one, offer)
    ]


def _end_others(work: Work, product: str, by: str) -> None:
    for other in queries.live(work.connection, product, "running", "halted"):
        found = queries.read_rollout(work.connection, other)
        if found.state == "running":
            raise Refused(
                f"{product} {found.version} is being rolled out already ({other}).",
                do=f"Halt it first: careful rollout halt {other} --reason TEXT",
            )
        store.lock_rollout(work.connection, other)
        taken = store.withdraw(work.connection, other, work.now, all_open=True)
        store.take_back(work.connection, other, taken, work.now)
        store.set_rollout(work.connection, other, state="superseded", finished_at=work.now, reason=f"replaced by {by}")
        work.record(RolloutSuperseded(rollout=other, by=by))


def halt(world: World, actor: Actor, rollout_id: str, reason: str) -> None:
    """Stop a rollout: no further device gets the release, and devices under way are asked to drop it.

    Raises NotFound, Invalid (no reason), Refused (it does not run).
    """
    why = _reason(reason)
    with world.change(actor) as work:
        found = _locked(work, rollout_id)
        if found.state != "running":
            raise Refused(f"Rollout {rollout_id} is {found.state}.")
        stop(work, rollout_id, why)


def stop(work: Work, rollout_id: str, why: str) -> None:
    """Halt a locked rollout: take back what no device has read, ask the others to drop it."""
    taken = store.withdraw(work.connection, rollout_id, work.now)
    store.take_back(work.connection, rollout_id, taken, work.now)
    store.ask_to_cancel(work.connection, rollout_id)
    store.set_rollout(work.connection, rollout_id, state="halted", reason=why)
    work.record(RolloutHalted(rollout=rollout_id, reason=why))


def resume(world: World, actor: Actor, rollout_id: str, reason: str) -> None:
    """Let a halted rollout go on.

    Failed and silent devices are tried again while they have attempts left; the others are excused from the limits,
    and wait for a word about them (`account`). Raises NotFound, Invalid (no reason), Refused (it is not halted).
    """
    why = _reason(reason)
    with world.change(actor) as work:
        found = _locked(work, rollout_id)
        if found.state != "halted":
            raise Refused(f"Rollout {rollout_id} is {found.state}.", do="Only a halted rollout can be resumed.")
        stuck = [one for one in queries.members(work.connection, rollout_id) if plan.is_failure(one)]
        again = [one.device for one in stuck if plan.may_retry(one, found.limits)]
        left = [one.device for one in stuck if not plan.may_retry(one, found.limits)]
        store.set_member(work.connection, rollout_id, again, store.MISSED, state="waiting", changed_at=work.now)
        store.set_member(work.connection, rollout_id, left, store.MISSED, excused=True)
        store.set_rollout(work.connection, rollout_id, state="running", reason="")
        work.record(
            RolloutResumed(rollout=rollout_id, reason=why, retried=tuple(again[:_NAMED]), left=tuple(left[:_NAMED]))
        )


def account(world: World, actor: Actor, rollout_id: str, device: str, reason: str) -> None:
    """Say why a failed or silent device stays behind; the rollout no longer waits for it.

    Raises NotFound, Invalid (no reason), Refused where the device has neither failed nor fallen silent.
    """
    why = _reason(reason)
    with world.change(actor) as work:
        found = _locked(work, rollout_id)
        mine = [one for name, one in queries.member_of(work.connection, device) if name == rollout_id]
        if not mine:
            raise NotFound(f"{device} is not in rollout {rollout_id}.", do=f"See: careful rollout show {rollout_id}")
        if found.state not in {"running", "halted"}:
            raise Refused(f"Rollout {rollout_id} is {found.state}.")
        changed = store.set_member(
            work.connection,
            rollout_id,
            [device],
            store.MISSED,
            state="accounted",
            detail=why,
            changed_at=work.now,
        )
        if not changed:
            raise Refused(f"{device} is {mine[0].state}; only failed or silent devices are accounted for.")
        work.record(DeviceAccounted(rollout=rollout_id, device=device, reason=why))


def _locked(work: Work, rollout_id: str) -> Rollout:
    if not store.lock_rollout(work.connection, rollout_id):
        raise NotFound(f"There is no rollout {rollout_id!r}.", do="See: careful rollout list")
    return queries.read_rollout(work.connection, rollout_id)


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 0 < len(reason) <= REASON_LIMIT:
        raise Invalid(
            f"A reason of 1 to {REASON_LIMIT} characters is needed.", do="Say why, in a sentence.", where="reason"
        )
    return reason
