"""What to do next with a rollout. Pure: `plan` sees a situation and returns an immutable plan; `execute` is its hand.

The rules, each a property in tests/updates/test_plan.py:

1. A wave opens only when the one before has ended and at least one of its devices proved healthy ("installed" is no
   proof), and no wave is over its limit of failures. A wave with a success threshold opens the next when so many of
   all its devices have proved healthy, though some are still under way, and never before.
2. A device that is silent past its deadline has failed.
3. A wave with more failed or silent devices than allowed halts the rollout, with the numbers as reason. Halted stays
   halted, and offers nothing, until a person resumes.
4. Nothing is offered to a device that may not have it (`fitting.objection`), nor more often than `attempts`.
5. What failed within the limits is tried again once its wave is proven; what still fails waits for a person's word.
6. A wave whose devices were all accounted for proves nothing: it is refilled from the next.
7. A rollout ends when every device in it runs the release or is accounted for, and not before.
8. A plan carries the generation it was made for. Executing it twice, or late, does nothing.
9. Who is kept from it by its owner, its window or its battery is waited for as long as its wave waits, and then
   deferred: that is neither proof nor failure, and it is offered the release when that has ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from careful.updates.model import Limits, Member, RolloutState, Rule

_REFILL = 2
_PENDING = frozenset({"waiting", "offered", "installed"})
_ENDED = frozenset({"confirmed", "accounted"})
_UNANSWERED = "its owner has not agreed yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a decision depends on.

    `held`: devices that cannot be offered anything for now, with the reason; `kept`: those that a circumstance keeps
    from it, with the reason; `gone`: those that never will be. `running`: those that report the release already.
    `asking`: those whose order waits for their owner; `ordered`: those with an order that does not; `waits`: those of
    them that wait for power or their window, as they say. `opened`: when each wave opened, by number; `rules`: how each
    is proven.
    """

    rollout: str
    generation: int
    state: RolloutState
    limits: Limits
    now: datetime
    opened: Mapping[int, datetime]
    members: tuple[Member, ...]
    rules: Mapping[int, Rule] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)
    running: frozenset[str] = frozenset()
    waits: Mapping[str, str] = field(default_factory=dict)
    asking: frozenset[str] = frozenset()
    ordered: frozenset[str] = frozenset()

    def patience(self, wave: int) -> timedelta:
        """Return after how long a device of a wave is silent."""
        return patience(self.limits, self.rules.get(wave))


def patience(limits: Limits, rule: Rule | None) -> timedelta:
    """Return after how long a device is silent, in a wave with this rule."""
    if rule is None or rule.deadline_seconds is None:
        return limits.deadline
    return timedelta(seconds=rule.deadline_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do, all of it or nothing. `left`: devices that only a person's word can settle now.

    `defer`: devices to wait for no longer, with the reason; `wake`: those whose owner has agreed since.
    """

    rollout: str
    generation: int
    confirm: tuple[str, ...] = ()
    drop: tuple[tuple[str, str], ...] = ()
    silent: tuple[str, ...] = ()
    defer: tuple[tuple[str, str], ...] = ()
    wake: tuple[str, ...] = ()
    halt: str = ""
    opens: int = 0
    refill: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    finish: bool = False
    left: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do."""
        noted = self.confirm or self.drop or self.silent or self.defer or self.wake
        return not (noted or self.halt or self.opens or self.refill or self.offers or self.finish)


def plan(situation: Situation) -> Plan:
    """Decide what to do next."""
    if situation.state not in {"running", "halted"}:
        return Plan(rollout=situation.rollout, generation=situation.generation)
    told, members = _take_in(situation)
    left = tuple(one.device for one in members if _is_left(one, situation.limits))
    told = replace(told, left=left, finish=all(one.state in _ENDED for one in members))
    if told.finish or situation.state == "halted":
        return told
    opened: dict[int, list[Member]] = {wave: [] for wave in sorted(situation.opened)}
    for one in members:
        if one.wave in opened:
            opened[one.wave].append(one)
    halt = _over_limit(situation, opened)
    return replace(told, halt=halt) if halt else _go_on(situation, members, opened, told)


def _take_in(situation: Situation) -> tuple[Plan, tuple[Member, ...]]:
    """Note what became true by itself: devices that run the release, are gone, or let their deadline pass."""
    confirm: list[str] = []
    drop: list[tuple[str, str]] = []
    silent: list[str] = []
    defer: list[tuple[str, str]] = []
    wake: list[str] = []
    members = list(situation.members)
    for place, one in enumerate(situation.members):
        if one.state in _ENDED:
            continue
        name = one.device
        if name in situation.running and (one.state != "offered" or _is_late(one, situation)):
            # A device with an order under way says itself when it is healthy; its version alone is no proof of that.
            # One that said so, and now reports the version, has proved it.
            confirm.append(name)
            members[place] = replace(one, state="confirmed")
        elif name in situation.gone:
            drop.append((name, situation.gone[name]))
            members[place] = replace(one, state="accounted")
        elif not _is_late(one, situation):
            continue
        elif one.state != "installed" and (why := _excuse(one, situation)):
            defer.append((name, why))
            members[place] = replace(one, state="deferred", deadline=None)
        elif one.state == "deferred":
            if name in situation.ordered:
                wake.append(name)
                members[place] = replace(one, state="offered")
        else:
            silent.append(name)
            attempts = one.attempts + (one.state == "waiting")
            members[place] = replace(one, state="silent", attempts=attempts)
    base = Plan(
        rollout=situation.rollout,
        generation=situation.generation,
        confirm=tuple(confirm),
        drop=tuple(drop),
        silent=tuple(silent),
        defer=tuple(defer),
        wake=tuple(wake),
    )
    return base, tuple(members)


def _excuse(one: Member, situation: Situation) -> str:
    """Return why a device that is late is not to blame for it, or ""."""
    if one.device in situation.asking:
        return _UNANSWERED
    if one.state == "offered" or one.device in situation.ordered:
        return situation.waits.get(one.device, "")
    held = situation.held.get(one.device, "") if one.state == "deferred" else ""
    return situation.kept.get(one.device, "") or held


def _is_late(one: Member, situation: Situation) -> bool:
    if one.state in {"offered", "installed", "deferred"}:
        return one.deadline is not None and one.deadline <= situation.now
    opened = situation.opened.get(one.wave)
    if one.state != "waiting" or opened is None:
        return False
    if one.device not in situation.held and one.device not in situation.kept:
        return False
    return max(opened, one.changed_at or opened) + situation.patience(one.wave) <= situation.now


def is_failure(one: Member) -> bool:
    """Tell whether a device counts as failed: nobody has yet gone on knowing of it."""
    return one.state in {"failed", "silent"} and not one.excused


def may_retry(one: Member, limits: Limits) -> bool:
    """Tell whether a failed or silent device may be tried once more."""
    return one.state in {"failed", "silent"} and one.attempts < limits.attempts


def _is_left(one: Member, limits: Limits) -> bool:
    return one.state in {"failed", "silent"} and one.attempts >= limits.attempts


def _over_limit(situation: Situation, opened: Mapping[int, Sequence[Member]]) -> str:
    limits = situation.limits
    for wave, members in opened.items():
        mine = sum(one.state != "accounted" for one in members)
        failed = sum(is_failure(one) for one in members)
        if failed >= limits.min_failures and failed * 100 > limits.max_failures_percent * mine:
            silent = sum(is_failure(one) and one.state == "silent" for one in members)
            return (
                f"{failed} of {mine} devices in wave {wave} failed, {silent} of them by silence; "
                f"at most {limits.max_failures_percent:g} % may."
            )
    return ""


def _go_on(situation: Situation, members: Sequence[Member], opened: Mapping[int, Sequence[Member]], told: Plan) -> Plan:
    current = max(opened, default=0)
    if current == 0:
        return replace(told, opens=1, offers=_offers(situation, members, 1, retry=False))
    mine = opened[current]
    confirmed = sum(one.state == "confirmed" for one in mine)
    at_stake = [one for one in mine if is_failure(one)]
    reached = _reached(situation.rules.get(current), confirmed, mine)
    if any(one.state in _PENDING for one in mine):
        opens = _next_wave(members, current) if reached else 0
        return replace(told, opens=opens, offers=_offers(situation, members, max(current, opens), retry=False))
    if not confirmed and at_stake:
        return replace(told, halt=f"None of the {len(at_stake)} devices in wave {current} proved healthy.")
    deferred = any(one.state == "deferred" for one in mine)
    if reached is False and not deferred and not any(may_retry(one, situation.limits) for one in at_stake):
        return replace(told, halt=_short(situation.rules[current], confirmed, mine, current))
    following = _next_wave(members, current)
    opens = following if confirmed and reached is not False else 0
    if following and not confirmed and not deferred:
        return replace(told, refill=_refill(members, following))
    return replace(told, opens=opens, offers=_offers(situation, members, max(current, opens), retry=True))


def _reached(rule: Rule | None, confirmed: int, mine: Sequence[Member]) -> bool | None:
    """Tell whether a wave met its success threshold; None where it has none, or nobody who could."""
    counted = sum(one.state != "accounted" for one in mine)
    if rule is None or rule.success_percent is None or counted == 0:
        return None
    return confirmed * 100 >= rule.success_percent * counted


def _short(rule: Rule, confirmed: int, mine: Sequence[Member], wave: int) -> str:
    counted = sum(one.state != "accounted" for one in mine)
    return f"{confirmed} of {counted} devices in wave {wave} proved healthy; at least {rule.success_percent:g} % must."


def _offers(situation: Situation, members: Sequence[Member], open_to: int, *, retry: bool) -> tuple[str, ...]:
    attempts = situation.limits.attempts
    return tuple(
        one.device
        for one in members
        if one.wave <= open_to
        and one.attempts < attempts
        and _is_ready(one, situation, retry=retry)
        and one.device not in situation.held
        and one.device not in situation.kept
    )


def _is_ready(one: Member, situation: Situation, *, retry: bool) -> bool:
    if one.state == "waiting":
        return True
    if one.state == "deferred":
        known = one.device in situation.asking or one.device in situation.ordered
        return not known and one.deadline is not None and one.deadline <= situation.now
    return retry and is_failure(one)


def _next_wave(members: Sequence[Member], current: int) -> int:
    """Return the next wave in which a device is left that is not settled yet, 0 where there is none."""
    return min((one.wave for one in members if one.wave > current and one.state not in _ENDED), default=0)


def _refill(members: Sequence[Member], following: int) -> tuple[str, ...]:
    """Move up few: the wave lost all its devices, so that more care is due and not less."""
    unsettled = [one.device for one in members if one.wave == following and one.state not in _ENDED]
    return tuple(unsettled[:_REFILL])
