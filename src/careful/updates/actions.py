"""What one may do with rollouts: start, halt, resume, account for a device. Each verb is one transaction."""

from careful import releases
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import Work, World
from careful.updates import plan, queries, store
from careful.updates.events import (
    DeviceAccounted,
    RolloutHalted,
    RolloutResumed,
)
from careful.updates.model import REASON_LIMIT, Limits, Offer, Rollout

_NAMED = 1000
_LONGEST_DEADLINE = 90 * 86_400
_MOST_ATTEMPTS = 10


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


def offer_of(release: releases.Release, *, downgrade: bool = False) -> Offer:
    """Return what a release demands of devices."""
    return Offer(
        product=release.product,
        version=release.version,
        hardware=release.hardware,
        security_version=release.security_version,
        downgrade=downgrade,
    )


def halt(world: World, actor: Actor, rollout_id: str, reason: str) -> None:
    """Stop a rollout: no further device gets the release, and devices under way are asked to drop it.

    Raises NotFound, Invalid (no reason), Refused (it does not run).
    """
    why = reason_of(reason)
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
    why = reason_of(reason)
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
    why = reason_of(reason)
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


def reason_of(text: str) -> str:
    """Return a reason as it is kept. Raises Invalid where there is none, or too much."""
    reason = " ".join(text.split())
    if not 0 < len(reason) <= REASON_LIMIT:
        raise Invalid(
            f"A reason of 1 to {REASON_LIMIT} characters is needed.", do="Say why, in a sentence.", where="reason"
        )
    return reason
