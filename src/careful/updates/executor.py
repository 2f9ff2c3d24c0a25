"""The planner's hand: looks at each rollout, asks `plan` what to do, and does it in one transaction.

A step of a reconciler: it takes no input, may run twice and anywhere, and goes on after a crash where things stand.
What a device itself reports (its version) is taken from the ledger, so that it counts whichever way it came.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from careful import releases
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.clock import iso
from careful.kernel.ledger import Entry
from careful.kernel.work import Work, World
from careful.updates import actions, plan, queries, reports, store
from careful.updates.events import (
    DeviceAccounted,
    DeviceFailed,
    DeviceUpdated,
    RolloutFinished,
    RolloutReopened,
    WaveOpened,
    WaveRefilled,
)
from careful.updates.model import Member, Order, Rollout, action_number
from careful.updates.plan import Plan, Situation
from careful.updates.versions import is_newer

_AT_ONCE = 2000
_REPORTS_AT_ONCE = 500


def advance(world: World) -> int:
    """Do what is next for every rollout and rehearsal; return how much was done."""
    done = _take_reports(world)
    with world.look() as connection:
        waiting = queries.live(connection)
    for rollout_id in waiting:
        done += _advance(world, rollout_id)
    return done + _end_drills(world)


def _advance(world: World, rollout_id: str) -> int:
    with world.look() as connection:
        found = queries.read_rollout(connection, rollout_id)
        if is_calm(found, queries.next_deadline(connection, rollout_id), world.clock.now()):
            return 0
        members = queries.members(connection, rollout_id)
    blind = Situation(
        rollout=rollout_id,
        generation=found.generation,
        state=found.state,
        limits=found.limits,
        now=world.clock.now(),
        opened={wave.number: wave.opened_at for wave in found.waves if wave.opened_at},
        members=members,
    )
    first = plan.plan(blind)
    named = {*first.offers[:_AT_ONCE], *first.silent, *first.refill, *first.left}
    if first.is_empty and not named:
        return 0
    decided = plan.plan(_with_facts(world, found, blind, sorted(named)))
    known = tuple(device for device in decided.offers if device in named)
    if decided.offers and not known:  # none of the first ones can be offered it; look at all
        decided = plan.plan(_with_facts(world, found, blind, None))
        known = decided.offers[:_AT_ONCE]
    decided = replace(decided, offers=known)
    return 0 if decided.is_empty else execute(world, found, decided)


def is_calm(found: Rollout, deadline: datetime | None, now: datetime) -> bool:
    """Tell from numbers alone that there is nothing to plan: devices are under way, and none failed, waits or is late.

    This is how a large rollout spends nearly all of its time; its devices need not be read then.
    """
    late = deadline is not None and deadline <= now
    if late or found.count("failed", "silent"):
        return False
    if found.state == "halted":
        return found.count("waiting", "offered", "installed") > 0
    opened = [wave for wave in found.waves if wave.opened_at]
    waiting = any(wave.counts.get("waiting") for wave in opened)
    return bool(opened) and not waiting and any(opened[-1].counts.get(one) for one in ("offered", "installed"))


def _with_facts(world: World, found: Rollout, blind: Situation, named: Sequence[str] | None) -> Situation:
    """Add what the registry knows about the devices in question (None: about all)."""
    offer = actions.offer_of(releases.by_id(world, found.release))
    known = actions.candidates(world, found.product, named)
    with world.look() as connection:
        busy = queries.busy(connection, [one.device for one in known])
    withdrawn = releases.by_id(world, found.release).state != "signed"
    held: dict[str, str] = {}
    gone: dict[str, str] = {}
    for one in known:
        hindered = plan.hindrance(one)
        objection = plan.objection(one, offer)
        if one.state == "retired":
            gone[one.device] = "retired"
        elif hindered or withdrawn or objection:
            held[one.device] = hindered or objection or "the release was withdrawn"
        elif one.device in busy:
            held[one.device] = "it has another order"
    return replace(
        blind, held=held, gone=gone, running=frozenset(one.device for one in known if one.version == found.version)
    )


def execute(world: World, found: Rollout, decided: Plan) -> int:
    """Carry out a plan, unless the rollout has moved on since it was made; return how much changed."""
    if len(decided.silent) > _AT_ONCE:  # note some now, the rest next time; what follows from all of them waits
        decided = replace(decided, silent=decided.silent[:_AT_ONCE], halt="", opens=0, refill=(), offers=())
    with world.change(SYSTEM) as work:
        if not store.next_generation(work.connection, found.id, decided.generation):
            return 0
        done = _note(work, found, decided)
        if decided.halt:
            actions.stop(work, found.id, decided.halt)
            done += 1
        if decided.refill:
            wave = found.open_waves
            moved = store.set_member(work.connection, found.id, decided.refill, ("waiting",), wave=wave)
            work.record(WaveRefilled(rollout=found.id, wave=wave, devices=tuple(moved)))
            done += 1
        if decided.opens:
            done += _open(work, found, decided.opens)
        if decided.offers:
            done += _offer(work, found, decided.offers)
        if decided.finish:
            done += _finish(work, found)
        return done


def _note(work: Work, found: Rollout, decided: Plan) -> int:
    """Write down what became true by itself."""
    under_way = {one.device: one for one in queries.open_orders(work.connection, found.id)}
    done = 0
    for device in decided.confirm:
        done += _confirm(work, found, device, under_way.get(device))
    for device, reason in decided.drop:
        if device in under_way:
            reports.end(work, under_way[device], "cancelled", reason)
        if store.set_member(
            work.connection, found.id, [device], store.UNSETTLED, state="accounted", detail=reason, changed_at=work.now
        ):
            work.record(DeviceAccounted(rollout=found.id, device=device, reason=reason))
            done += 1
    for device in decided.silent:
        if device in under_way:
            done += reports.end(work, under_way[device], "silent", "no answer before the deadline")
        elif not reports.unproven(work, found.id, device):
            done += reports.miss(work, found.id, device)
        else:
            done += 1
    return done


def _confirm(work: Work, found: Rollout, device: str, order: Order | None = None) -> int:
    """Note that a device reports the release as what it runs, whatever became of its order."""
    if order is not None:
        return int(reports.end(work, order, "succeeded", f"reports {found.version}"))
    changed = store.set_member(
        work.connection,
        found.id,
        [device],
        ("waiting", "deferred", "installed", "failed", "silent", "accounted"),
        state="confirmed",
        deadline=None,
        excused=False,
        outcome="",
        detail=f"reports {found.version}",
        changed_at=work.now,
    )
    if changed:
        work.record(DeviceUpdated(rollout=found.id, device=device, version=found.version))
    return len(changed)


def _open(work: Work, found: Rollout, number: int) -> int:
    opened = {str(wave.number): iso(wave.opened_at) for wave in found.waves if wave.opened_at}
    store.set_rollout(work.connection, found.id, opened={**opened, str(number): iso(work.now)})
    size = sum(wave.size for wave in found.waves if wave.number == number)
    work.record(WaveOpened(rollout=found.id, wave=number, devices=size))
    return 1


def _offer(work: Work, found: Rollout, chosen: Sequence[str]) -> int:
    busy = queries.busy(work.connection, chosen)
    free = [device for device in chosen if device not in busy]
    deadline = work.now + found.limits.deadline
    taken = store.offer_to(work.connection, found.id, free, work.now, deadline)
    if not taken:
        return 0
    first = store.next_number(work.connection, "action", len(taken))
    rows = [
        {
            "id": action_number(first + place),
            "device": device,
            "product": found.product,
            "release": found.release,
            "version": found.version,
            "rollout": found.id,
            "drill": "",
            "made_at": work.now,
            "deadline": deadline,
        }
        for place, device in enumerate(taken)
    ]
    store.add_orders(work.connection, rows)
    return len(taken)


def _finish(work: Work, found: Rollout) -> int:
    members = queries.members(work.connection, found.id)
    if any(one.state not in {"confirmed", "accounted"} for one in members):
        return 0
    store.set_rollout(work.connection, found.id, state="finished", reason="", finished_at=work.now)
    work.record(
        RolloutFinished(
            rollout=found.id,
            product=found.product,
            version=found.version,
            fixed=sum(one.state == "confirmed" for one in members),
            failed=sum(one.state == "accounted" and one.outcome == "failed" for one in members),
            silent=sum(one.state == "accounted" and one.outcome != "failed" for one in members),
        )
    )
    return 1


def _take_reports(world: World) -> int:
    """Compare what devices say they run with what we believe, from where the ledger was last read."""
    with world.look() as connection:
        after = store.get_number(connection, "ledger") - 1
        reports = ledger.read(connection, names=["devices.version_reported"], after=after, limit=_REPORTS_AT_ONCE)
    if not reports:
        return 0
    with world.change(SYSTEM) as work:
        if store.get_number(work.connection, "ledger") != after + 1:
            return 0  # another worker read them
        for entry in reports:
            _compare(work, entry)
        store.set_number(work.connection, "ledger", reports[-1].seq + 1)
    return len(reports)


def _compare(work: Work, entry: Entry) -> None:
    device, version = entry.data["device"], entry.data["version"]
    places = queries.member_of(work.connection, device)
    if not places:
        return
    rollout_id, member = places[0]
    found = queries.read_rollout(work.connection, rollout_id)
    if found.product != entry.data["product"] or found.state == "superseded":
        return
    if version == found.version:
        if member.state in {"waiting", "deferred", "installed", "failed", "silent", "accounted"}:
            store.lock_rollout(work.connection, rollout_id)
            _confirm(work, found, device)
    elif member.state == "confirmed" and member.changed_at is not None and entry.at > member.changed_at:
        _fell_back(work, found, member, version)


def _fell_back(work: Work, found: Rollout, member: Member, version: str) -> None:
    """Take in that a fixed device runs something older again: it counts as failed, and the rollout as not over."""
    if is_newer(version, found.version):
        return
    reason = f"fell back to {version}"
    store.lock_rollout(work.connection, found.id)
    changed = store.set_member(
        work.connection,
        found.id,
        [member.device],
        ("confirmed",),
        state="failed",
        outcome="failed",
        detail=reason,
        changed_at=work.now,
    )
    if not changed:
        return
    work.record(DeviceFailed(rollout=found.id, device=member.device, reason=reason, rolled_back=True))
    newest = queries.live(work.connection, found.product, "running", "halted", "finished")[-1:]
    if found.state == "finished" and newest == [found.id]:
        store.set_rollout(work.connection, found.id, state="running", finished_at=None)
        work.record(RolloutReopened(rollout=found.id, device=member.device, reason=reason))


def _end_drills(world: World) -> int:
    with world.look() as connection:
        overdue = queries.overdue_drills(connection, world.clock.now())
    if not overdue:
        return 0
    with world.change(SYSTEM) as work:
        return sum(reports.end(work, one, "silent", "no answer before the deadline") for one in overdue)
