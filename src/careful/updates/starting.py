"""Starting a rollout, and seeing beforehand what it would do: the same preparation serves both.

A downgrade, and going back from a release, are proposed with a reason and begin when a second person has agreed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from careful import releases
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.updates import actions, fitting, fleet_queries, groups, meeting, publishing, queries, store, windows
from careful.updates import waves as cutting
from careful.updates.events import (
    DevicesTakenOver,
    RolloutProposed,
    RolloutStarted,
    RolloutSuperseded,
)
from careful.updates.meeting import Meeting
from careful.updates.model import URGENCIES, Candidate, Limits, Member, Policy, Rollout, Urgency

WAVES = ("2", "10%", "100%")
_NAMED = 1000
PEOPLE = 2
_MOST_BATTERY = 100
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a rollout is asked for, checked: what `preview_rollout` and `start_rollout` are given."""

    product: str
    version: str
    waves: tuple[str, ...]
    limits: Limits
    policy: Policy
    first: tuple[str, ...]
    exclude: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWave:
    """One wave of a rollout that has not begun: how it was asked for, and its devices in order."""

    number: int
    asked: str
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a rollout would do: its waves, why it leaves out the other devices, whom it meets, and who has to wait.

    `stands_in_the_way`: why it cannot start as things are, "" where it can. `people`: how many must stand behind it.
    """

    product: str
    version: str
    waves: tuple[PlannedWave, ...]
    left_out: tuple[tuple[str, str], ...]
    waits: tuple[tuple[str, str], ...] = ()
    meets: tuple[Meeting, ...] = ()
    stands_in_the_way: str = ""
    people: int = 1
    says: tuple[str, ...] = field(default=())

    @property
    def size(self) -> int:
        """Return how many devices it would reach."""
        return sum(len(wave.devices) for wave in self.waves)


def start_rollout(
    world: World,
    actor: Actor,
    product: str,
    version: str,
    *,
    supersede: bool = False,
    **given: Any,  # noqa: ANN401 (the words of `_asked`)
) -> str:
    """Start a rollout of a published release and return its id. The planner does the rest.

    `waves`: see `waves.py`, the last one 100%. `first`: devices for the first waves, in order; `exclude`: devices that
    are left out. `group`: for which devices it is. `urgency`: feature, security or exploited. `window`, `zone`,
    `min_battery`, `mains`: when a device may install. `supersede`: what it takes over from a running rollout is meant.
    `downgrade` with a `reason`: to an older version; it begins when a second person has agreed (`confirm_rollout`).
    Raises NotFound, Invalid, and Refused where the release is not published, no device fits, or a rollout that runs
    would lose devices without a word.
    """
    asked = _asked(product, version, **given)
    release = _published(world, asked)
    chosen, _, meets = _prepare(world, asked, release)
    _check(asked, chosen, meets, supersede=supersede)
    members = _cut(asked, chosen)
    rollout_id = new_id()
    proposes = asked.policy.downgrade
    people = (str(actor),) if actor.kind == "staff" else ()
    with world.change(actor) as work:
        values = {
            "id": rollout_id,
            "product": product,
            "version": version,
            "release": release.id,
            "state": "proposed" if proposes else "running",
            "reason": asked.policy.reason if proposes else "",
            "limits": queries.limits_as(asked.limits),
            "generation": 1,
            "asked": list(asked.waves),
            "opened": {},
            "excluded": sorted(asked.exclude)[:_NAMED],
            "policy": queries.policy_as(replace(asked.policy, people=people)),
            "rules": [queries.rule_as(cutting.rule(one)) for one in asked.waves],
            "started_at": work.now,
        }
        if not proposes:
            take_over(work, rollout_id, version, meets)
        store.add_rollout(work.connection, values, members)
        if proposes:
            work.record(
                RolloutProposed(
                    rollout=rollout_id,
                    product=product,
                    version=version,
                    devices=len(members),
                    reason=asked.policy.reason,
                    people=len(people),
                )
            )
        else:
            record_start(work, queries.read_rollout(work.connection, rollout_id))
    return rollout_id


def record_start(work: Work, found: Rollout) -> None:
    """Tell the ledger that a rollout begins."""
    work.record(
        RolloutStarted(
            rollout=found.id,
            product=found.product,
            version=found.version,
            devices=found.size,
            waves=tuple(wave.asked for wave in found.waves),
            group=found.policy.group,
        )
    )


def preview_rollout(world: World, product: str, version: str, *, supersede: bool = False, **given: Any) -> Preview:  # noqa: ANN401 (the words of `_asked`)
    """Return what `start_rollout` with the same words would do; nothing is changed. Raises NotFound, Invalid."""
    asked = _asked(product, version, **given)
    release = releases.get(world, product, version)
    chosen, left_out, meets = _prepare(world, asked, release)
    members = _cut(asked, chosen)
    dealt: dict[int, list[str]] = {}
    for one in members:
        dealt.setdefault(one.wave, []).append(one.device)
    now = world.clock.now()
    why = ""
    try:
        _published(world, asked)
        _check(asked, chosen, meets, supersede=supersede)
    except Refused as refused:
        why = str(refused)
    return Preview(
        product=product,
        version=version,
        waves=tuple(
            PlannedWave(number=number, asked=spec, devices=tuple(dealt.get(number, ())))
            for number, spec in enumerate(asked.waves, start=1)
        ),
        left_out=tuple(left_out),
        waits=tuple(
            (one.device, said)
            for one in chosen
            if (said := fitting.hindrance(one) or fitting.circumstance(one, asked.policy, now) or _consent(one))
        ),
        meets=tuple(meets),
        stands_in_the_way=why,
        people=PEOPLE if asked.policy.downgrade else 1,
        says=tuple(each.says for each in meets),
    )


def _asked(
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
    group: str = "",
    urgency: Urgency = "security",
    window: str = "",
    zone: str = "UTC",
    min_battery: int = 0,
    mains: bool = False,
    watch_crashes: bool = True,
    downgrade: bool = False,
    reason: str = "",
    rolls_back: str = "",
) -> Asked:
    limits = actions.check_limits(
        Limits(
            max_failures_percent=max_failures_percent,
            min_failures=min_failures,
            deadline_seconds=deadline_minutes * 60 if deadline_seconds is None else deadline_seconds,
            attempts=attempts,
        )
    )
    if urgency not in URGENCIES:
        raise Invalid(f"{urgency[:32]!r} is no urgency.", do=f"Say one of: {', '.join(URGENCIES)}.", where="urgency")
    if not 0 <= min_battery <= _MOST_BATTERY:
        raise Invalid("A battery is at 0 to 100 per cent.", where="min_battery")
    windows.opens(f"{window} {zone}" if window else "", _ANY_TIME)
    policy = Policy(
        group=str(groups.parse(group)),
        urgency=urgency,
        window=window,
        zone=zone,
        min_battery=min_battery,
        mains=mains,
        watch_crashes=watch_crashes,
        downgrade=downgrade,
        reason=actions.reason_of(reason) if downgrade or reason else "",
        rolls_back=rolls_back,
    )
    return Asked(
        product=product,
        version=version,
        waves=cutting.check_waves(waves),
        limits=limits,
        policy=policy,
        first=tuple(first),
        exclude=frozenset(exclude),
    )


def _published(world: World, asked: Asked) -> releases.Release:
    release = releases.get(world, asked.product, asked.version)
    if release.state != "signed" or not publishing.is_published(world, release):
        raise Refused(
            f"{asked.product} {asked.version} is not published; devices would refuse it.",
            do=f"Run: careful release sign {asked.product} {asked.version} && "
            f"careful release publish {asked.product} {asked.version}",
        )
    return release


def _prepare(
    world: World, asked: Asked, release: releases.Release
) -> tuple[list[Candidate], list[tuple[str, str]], list[Meeting]]:
    """Return the devices that would get it, of each other one why not, and which other rollouts it meets."""
    offer = actions.offer_of(release, downgrade=asked.policy.downgrade)
    chosen, left_out = groups.divide(
        fleet_queries.candidates(world, asked.product),
        lambda one: fitting.objection(one, offer) or ("not enrolled yet" if one.state == "made" else ""),
        groups.parse(asked.policy.group),
        asked.exclude,
    )
    with world.look() as connection:
        others = fleet_queries.others(connection, asked.product)
    names = [one.device for one in chosen]
    meets = meeting.meetings(asked.version, names, others, downgrade=asked.policy.downgrade)
    left = {device: each.rollout for each in meets if each.rule == "leaves to it" for device in each.devices}
    left_out += [(device, f"rollout {rollout} brings it something as new") for device, rollout in left.items()]
    return [one for one in chosen if one.device not in left], sorted(left_out), meets


def _check(asked: Asked, chosen: Sequence[Candidate], meets: Sequence[Meeting], *, supersede: bool) -> None:
    left = next((each for each in meets if each.rule == "leaves to it"), None)
    if not chosen and left is not None:
        raise Refused(
            f"{asked.product} {left.version} is being rolled out already ({left.rollout}).",
            do=f"Halt it first: careful rollout halt {left.rollout} --reason TEXT",
        )
    if not chosen:
        raise Refused(
            f"No device of {asked.product} is there to take {asked.version}.",
            do=f"See why: careful rollout start {asked.product} {asked.version} --dry-run",
        )
    taken = next((each for each in meets if each.wants_word), None)
    if taken is not None and not supersede and not asked.policy.downgrade:
        raise Refused(
            f"{asked.product} {taken.version} is being rolled out already ({taken.rollout}). {taken.says}",
            do=f"Say --supersede if it is meant, or first: careful rollout halt {taken.rollout} --reason TEXT",
        )


def _cut(asked: Asked, chosen: Sequence[Candidate]) -> tuple[Member, ...]:
    return cutting.cut_waves(
        [one.device for one in chosen], asked.waves, asked.first, f"{asked.product}/{asked.version}"
    )


def _consent(one: Candidate) -> str:
    return "its owner is asked first" if one.consent == "ask" else ""


def others(work: Work, product: str) -> list[meeting.Other]:
    """Return the product's other rollouts, held until the transaction ends."""
    for name in queries.live(work.connection, product, "running", "halted"):
        store.lock_rollout(work.connection, name)
    return fleet_queries.others(work.connection, product)


def take_over(work: Work, rollout_id: str, version: str, meets: Sequence[Meeting]) -> None:
    """Take the shared devices from the other rollouts; whoever has read an order there carries it out first."""
    for each in meets:
        if each.rule != "takes over" or not store.lock_rollout(work.connection, each.rollout):
            continue
        other = queries.read_rollout(work.connection, each.rollout)
        if other.state not in {"running", "halted"}:
            continue
        freed = store.withdraw(
            work.connection, each.rollout, work.now, of=each.devices, read_too=other.state == "halted"
        )
        store.take_back(work.connection, each.rollout, freed, work.now)
        if each.whole:
            values = {"state": "superseded", "finished_at": work.now, "reason": f"replaced by {rollout_id}"}
            store.set_rollout(work.connection, each.rollout, **values)
            work.record(RolloutSuperseded(rollout=each.rollout, by=rollout_id))
            continue
        moved = store.set_member(
            work.connection,
            each.rollout,
            each.devices,
            ("waiting", "deferred", *store.MISSED),
            state="accounted",
            detail=f"taken over by rollout {rollout_id} ({version})",
            changed_at=work.now,
        )
        work.record(DevicesTakenOver(rollout=each.rollout, by=rollout_id, devices=len(moved)))
