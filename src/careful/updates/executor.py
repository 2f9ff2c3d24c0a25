"""The planner's hand: looks at each rollout, asks `plan` what to do, and does it in one transaction.

A step of a reconciler: it takes no input, may run twice and anywhere, and goes on after a crash where things stand.
What a device itself reports (its version) is taken from the ledger, so that it counts whichever way it came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from careful import products, releases
from careful.kernel.actors import SYSTEM
from careful.kernel.clock import iso
from careful.kernel.work import Work, World
from careful.updates import (
    actions,
    fitting,
    fleet_queries,
    observed,
    plan,
    queries,
    reports,
    store,
    waiting,
    watching,
    windows,
)
from careful.updates.events import DeviceAccounted, RolloutFinished, WaveOpened, WaveRefilled
from careful.updates.model import Candidate, Rollout, Rule, Wave, action_number
from careful.updates.plan import Plan, Situation

_AT_ONCE = 2000
_LOOK_AGAIN = timedelta(minutes=1)
"""After how long it is asked again whether a device is still kept from its update."""


def advance(world: World) -> int:
    """Do what is next for every rollout and rehearsal; return how much was done."""
    done = observed.take_reports(world) + watching.watch(world)
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
    now = world.clock.now()
    blind = Situation(
        rollout=rollout_id,
        generation=found.generation,
        state=found.state,
        limits=found.limits,
        now=now,
        opened={wave.number: wave.opened_at for wave in found.waves if wave.opened_at},
        members=members,
        rules={wave.number: wave.rule for wave in found.waves},
    )
    first = plan.plan(blind)
    due = [one.device for one in members if one.state == "deferred" and (one.deadline is None or one.deadline <= now)]
    named = {*first.offers[:_AT_ONCE], *first.silent, *first.refill, *first.left, *due[:_AT_ONCE]}
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
    """Tell from numbers alone that there is nothing to plan: devices are under way, none waits or is late.

    This is how a large rollout spends nearly all of its time; its devices need not be read then. Failures within the
    limits change nothing while their wave is under way.
    """
    if deadline is not None and deadline <= now:
        return False
    if found.state == "halted":
        return found.count("waiting", "deferred", "offered", "installed", "failed", "silent") > 0
    opened = [wave for wave in found.waves if wave.opened_at]
    if not opened or any(wave.counts.get("waiting") for wave in opened) or any(_over(found, wave) for wave in opened):
        return False
    last, more = opened[-1], any(wave.size for wave in found.waves if not wave.opened_at)
    counted = last.size - last.counts.get("accounted", 0)
    success = last.rule.success_percent
    proven = success is not None and last.counts.get("confirmed", 0) * 100 >= success * counted
    if any(last.counts.get(state) for state in ("offered", "installed")):
        return not (more and proven)
    # What is left is deferred, and is looked at again by itself.
    waits = bool(last.counts.get("deferred")) and not found.count("failed", "silent")
    return waits and not (more and (proven or success is None) and last.counts.get("confirmed"))


def _over(found: Rollout, wave: Wave) -> bool:
    failed = wave.counts.get("failed", 0) + wave.counts.get("silent", 0)
    counted = wave.size - wave.counts.get("accounted", 0)
    return failed >= found.limits.min_failures and failed * 100 > found.limits.max_failures_percent * counted


def _with_facts(world: World, found: Rollout, blind: Situation, named: Sequence[str] | None) -> Situation:
    """Add what the registry knows about the devices in question (None: about all)."""
    release = releases.by_id(world, found.release)
    offer = actions.offer_of(release, downgrade=found.policy.downgrade)
    known = fleet_queries.candidates(world, found.product, named)
    with world.look() as connection:
        names = [one.device for one in known]
        busy = queries.busy(connection, names)
        mine = fleet_queries.orders_of(connection, found.id, names)
        said = fleet_queries.said_at(connection, [one.id for one in mine.values() if waiting.is_said(one)])
    withdrawn = release.state != "signed"
    held: dict[str, str] = {}
    gone: dict[str, str] = {}
    kept: dict[str, str] = {}
    for one in known:
        hindered = fitting.hindrance(one)
        objection = fitting.objection(one, offer)
        if one.state == "retired":
            gone[one.device] = "retired"
        elif hindered or withdrawn or objection:
            held[one.device] = hindered or objection or "the release was withdrawn"
        elif one.device in busy and one.device not in mine:
            held[one.device] = "it has another order"
        elif why := fitting.circumstance(one, found.policy, blind.now):
            kept[one.device] = why
    asking = frozenset(name for name, order in mine.items() if order.waits_for_owner)
    places = {one.device: one for one in blind.members if one.device in mine}
    urgency = found.policy.urgency
    waits = {
        name: waiting.excuse(mine[name], place, said.get(mine[name].id), urgency, blind.patience(place.wave), blind.now)
        for name, place in places.items()
    }
    return replace(
        blind,
        held=held,
        waits=waits,
        kept=kept,
        gone=gone,
        running=frozenset(one.device for one in known if one.version == found.version),
        asking=asking,
        ordered=frozenset(mine) - asking,
    )


def execute(world: World, found: Rollout, decided: Plan) -> int:
    """Carry out a plan, unless the rollout has moved on since it was made; return how much changed."""
    if max(len(decided.silent), len(decided.defer)) > _AT_ONCE:
        # Note some now, the rest next time; what follows from all of them waits.
        silent, defer = decided.silent[:_AT_ONCE], decided.defer[:_AT_ONCE]
        decided = replace(decided, silent=silent, defer=defer, halt="", opens=0, refill=(), offers=())
    terms = _terms(world, found, decided.offers) if decided.offers else None
    with world.change(SYSTEM) as work:
        if not store.next_generation(work.connection, found.id, decided.generation):
            return 0
        done = _note(work, found, decided) + _wait(work, found, decided)
        if decided.halt:
            actions.stop(work, found.id, decided.halt)
            done += 1
        if decided.refill:
            wave = found.open_waves
            moved = store.set_member(work.connection, found.id, decided.refill, store.UNSETTLED, wave=wave)
            work.record(WaveRefilled(rollout=found.id, wave=wave, devices=tuple(moved)))
            done += 1
        if decided.opens:
            done += _open(work, found, decided.opens)
        if terms is not None:
            done += _offer(work, found, decided.offers, terms)
        if decided.finish:
            done += _finish(work, found)
        return done


def _note(work: Work, found: Rollout, decided: Plan) -> int:
    """Write down what became true by itself."""
    under_way = {one.device: one for one in queries.open_orders(work.connection, found.id)}
    done = 0
    for device in decided.confirm:
        done += observed.confirm(work, found, device, under_way.get(device))
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


def _wait(work: Work, found: Rollout, decided: Plan) -> int:
    """Wait no longer for those that a circumstance keeps from it, and again for those whose owner agreed."""
    done = 0
    again = work.now + _LOOK_AGAIN
    for device, reason in decided.defer:
        values = {"state": "deferred", "detail": reason, "deadline": again}
        done += len(store.set_member(work.connection, found.id, [device], store.NOT_BEGUN, **values))
    for device in decided.wake:
        deadline = work.now + found.limits.deadline
        values = {"state": "offered", "detail": "", "deadline": deadline, "changed_at": work.now}
        done += len(store.set_member(work.connection, found.id, [device], ("deferred",), **values))
    return done


def _open(work: Work, found: Rollout, number: int) -> int:
    opened = {str(wave.number): iso(wave.opened_at) for wave in found.waves if wave.opened_at}
    store.set_rollout(work.connection, found.id, opened={**opened, str(number): iso(work.now)})
    size = sum(wave.size for wave in found.waves if wave.number == number)
    work.record(WaveOpened(rollout=found.id, wave=number, devices=size))
    return 1


def _offer(work: Work, found: Rollout, chosen: Sequence[str], terms: "Terms") -> int:
    busy = queries.busy(work.connection, chosen)
    waves = queries.waves_of(work.connection, found.id, [device for device in chosen if device not in busy])
    rows: list[dict[str, object]] = []
    for wave, devices in waves.items():
        told = {device: terms.of(device, found.waves[wave - 1].rule, work.now) for device in devices}
        by_deadline: dict[datetime, list[str]] = {}
        for device, row in told.items():
            by_deadline.setdefault(row["deadline"], []).append(device)
        for deadline, together in by_deadline.items():
            taken = store.offer_to(work.connection, found.id, together, work.now, deadline)
            rows += [{"device": device, **told[device]} for device in taken]
    if not rows:
        return 0
    first = store.next_number(work.connection, "action", len(rows))
    common = {"product": found.product, "release": found.release, "version": found.version, "rollout": found.id}
    fresh = {**common, "drill": "", "made_at": work.now}
    rows.sort(key=lambda row: str(row["device"]))
    made = [{"id": action_number(first + place), **fresh, **row} for place, row in enumerate(rows)]
    store.add_orders(work.connection, made)
    return len(rows)


def _terms(world: World, found: Rollout, chosen: Sequence[str]) -> "Terms":
    support = products.get(world, found.product).declaration.support
    return Terms(
        rollout=found,
        devices={one.device: one for one in fleet_queries.candidates(world, found.product, chosen)},
        may_postpone=support is not None and support.user_can_postpone is True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms each device of a rollout gets its order."""

    rollout: Rollout
    devices: Mapping[str, Candidate]
    may_postpone: bool

    def of(self, device: str, rule: Rule, now: datetime) -> dict[str, Any]:
        """Return what an order made now says of time, consent and power."""
        policy, one = self.rollout.policy, self.devices.get(device)
        zone = one.zone if one is not None and one.zone else policy.zone
        window = f"{policy.window} {zone}" if policy.window else ""
        conditions = {"min-battery": str(policy.min_battery)} if policy.min_battery else {}
        if policy.mains:
            conditions["power"] = "mains"
        return {
            "deadline": windows.opens(window, now) + plan.patience(self.rollout.limits, rule),
            "forced_from": fitting.latest(now, policy.urgency) if self.may_postpone else None,
            "window": window,
            "needs_confirmation": one is not None and one.consent == "ask",
            "conditions": conditions,
        }


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


def _end_drills(world: World) -> int:
    with world.look() as connection:
        overdue = queries.overdue_drills(connection, world.clock.now())
    if not overdue:
        return 0
    with world.change(SYSTEM) as work:
        return sum(reports.end(work, one, "silent", "no answer before the deadline") for one in overdue)
