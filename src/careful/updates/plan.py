"""What to do next with a rollout. Pure: `plan` sees a situation and returns an immutable plan; `execute` is its hand.

The rules, each a property in tests/updates/test_plan.py:

1. A wave opens only when the one before has ended and at least one of its devices proved healthy ("installed" is no
   proof), and no wave is over its limit of failures.
2. A device that is silent past its deadline has failed.
3. A wave with more failed or silent devices than allowed halts the rollout, with the numbers as reason. Halted stays
   halted, and offers nothing, until a person resumes.
4. Nothing is offered to a device that may not have it (see `objection`), nor more often than `attempts`.
5. What failed within the limits is tried again once its wave is proven; what still fails waits for a person's word.
6. A wave whose devices were all accounted for proves nothing: it is refilled from the next.
7. A rollout ends when every device in it runs the release or is accounted for, and not before.
8. A plan carries the generation it was made for. Executing it twice, or late, does nothing.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from careful.kernel.errors import Invalid
from careful.updates.model import Limits, Member, RolloutState
from careful.updates.versions import is_newer

MOST_WAVES = 20
_REFILL = 2
_SPEC = re.compile(r"([0-9]{1,7})(%?)")
_ALL = ("100%", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a release demands of a device: its version must rise, its security version must not fall."""

    product: str
    version: str
    hardware: tuple[str, ...]
    security_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is known of a device: `security_version` is that of the release it runs, 0 where unknown."""

    device: str
    product: str
    hardware: str
    state: str
    version: str | None
    security_version: int = 0


def objection(device: Candidate, offer: Offer) -> str:
    """Return why `device` may never be offered `offer` as things stand, or "" when it may."""
    rules = (
        (device.state == "retired", "retired"),
        (device.product != offer.product, f"it is a {device.product}"),
        (device.hardware not in offer.hardware, f"not made for hardware {device.hardware}"),
        (device.version == offer.version, "runs it already"),
        (
            device.version is not None and not is_newer(offer.version, device.version),
            f"runs {device.version}, which is not older",
        ),
        (
            device.security_version > offer.security_version,
            f"runs security version {device.security_version}, which is higher",
        ),
    )
    return next((why for applies, why in rules if applies), "")


def hindrance(device: Candidate) -> str:
    """Return why `device` cannot be offered anything for now, or "" when it can."""
    return f"the device is {device.state}" if device.state not in {"made", "enrolled", "active"} else ""


def check_waves(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the waves as asked for. Raises Invalid unless each is a number or a percentage and the last is all."""
    if not 1 <= len(asked) <= MOST_WAVES:
        raise Invalid(f"A rollout has 1 to {MOST_WAVES} waves.", where="waves")
    for one in asked:
        found = _SPEC.fullmatch(one)
        if one not in _ALL and (found is None or int(found[1]) == 0 or (found[2] and int(found[1]) > 100)):  # noqa: PLR2004 (per cent)
            raise Invalid(f"{one!r} is no wave.", do="Say a number of devices, a percentage, or all.", where="waves")
    if asked[-1] not in _ALL:
        raise Invalid("The last wave must be all devices that are left.", do="End with 100%.", where="waves")
    return tuple(asked)


def cut_waves(devices: Iterable[str], asked: Sequence[str], first: Sequence[str], salt: str) -> tuple[Member, ...]:
    """Deal devices into waves: a number or percentage of all for each, what is left for the last.

    `first` come first, in their order; the others in an order that is fixed for a `salt` and like no order of theirs.
    """
    known = set(devices)
    head = [device for device in dict.fromkeys(first) if device in known]
    tail = sorted(known - set(head), key=lambda device: hashlib.sha256(f"{salt}/{device}".encode()).digest())
    queue = head + tail
    members: list[Member] = []
    for number, spec in enumerate(asked, start=1):
        size = len(queue) if spec in _ALL else _size(spec, len(known))
        members += [Member(device=device, wave=number) for device in queue[:size]]
        queue = queue[size:]
    return tuple(members)


def _size(spec: str, total: int) -> int:
    return math.ceil(total * int(spec[:-1]) / 100) if spec.endswith("%") else int(spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a decision depends on.

    `held`: devices that cannot be offered anything for now, with the reason; `gone`: those that never will be;
    `running`: those that report the release already. `opened`: when each wave opened, by number.
    """

    rollout: str
    generation: int
    state: RolloutState
    limits: Limits
    now: datetime
    opened: Mapping[int, datetime]
    members: tuple[Member, ...]
    held: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)
    running: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do, all of it or nothing. `left`: devices that only a person's word can settle now."""

    rollout: str
    generation: int
    confirm: tuple[str, ...] = ()
    drop: tuple[tuple[str, str], ...] = ()
    silent: tuple[str, ...] = ()
    halt: str = ""
    opens: int = 0
    refill: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    finish: bool = False
    left: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not (
            self.confirm
            or self.drop
            or self.silent
            or self.halt
            or self.opens
            or self.refill
            or self.offers
            or self.finish
        )


def plan(situation: Situation) -> Plan:
    """Decide what to do next."""
    if situation.state not in {"running", "halted"}:
        return Plan(rollout=situation.rollout, generation=situation.generation)
    told, members = _take_in(situation)
    left = tuple(one.device for one in members if _is_left(one, situation.limits))
    told = replace(told, left=left, finish=all(one.state in {"confirmed", "accounted"} for one in members))
    if told.finish or situation.state == "halted":
        return told
    halt = _over_limit(situation, members)
    return replace(told, halt=halt) if halt else _go_on(situation, members, told)


def _take_in(situation: Situation) -> tuple[Plan, tuple[Member, ...]]:
    """Note what became true by itself: devices that run the release, are gone, or let their deadline pass."""
    confirm, drop, silent, members = [], [], [], []
    for one in situation.members:
        now = one
        if one.state in {"confirmed", "accounted"}:
            pass
        elif one.device in situation.running and (one.state != "offered" or _is_late(one, situation)):
            # A device with an order under way says itself when it is healthy; its version alone is no proof of that.
            # One that says so, and now reports the version, has proved it.
            confirm.append(one.device)
            now = replace(one, state="confirmed")
        elif one.device in situation.gone:
            drop.append((one.device, situation.gone[one.device]))
            now = replace(one, state="accounted")
        elif _is_late(one, situation):
            silent.append(one.device)
            attempts = one.attempts if one.state in {"offered", "installed"} else one.attempts + 1
            now = replace(one, state="silent", attempts=attempts)
        members.append(now)
    base = Plan(
        rollout=situation.rollout,
        generation=situation.generation,
        confirm=tuple(confirm),
        drop=tuple(drop),
        silent=tuple(silent),
    )
    return base, tuple(members)


def _is_late(one: Member, situation: Situation) -> bool:
    if one.state in {"offered", "installed"}:
        return one.deadline is not None and one.deadline <= situation.now
    opened = situation.opened.get(one.wave)
    if one.state != "waiting" or opened is None or one.device not in situation.held:
        return False
    return max(opened, one.changed_at or opened) + situation.limits.deadline <= situation.now


def is_failure(one: Member) -> bool:
    """Tell whether a device counts as failed: nobody has yet gone on knowing of it."""
    return one.state in {"failed", "silent"} and not one.excused


def may_retry(one: Member, limits: Limits) -> bool:
    """Tell whether a failed or silent device may be tried once more."""
    return one.state in {"failed", "silent"} and one.attempts < limits.attempts


def _is_left(one: Member, limits: Limits) -> bool:
    return one.state in {"failed", "silent"} and one.attempts >= limits.attempts


def _over_limit(situation: Situation, members: Sequence[Member]) -> str:
    limits = situation.limits
    for wave in sorted(situation.opened):
        mine = [one for one in members if one.wave == wave and one.state != "accounted"]
        failed = sum(is_failure(one) for one in mine)
        if failed >= limits.min_failures and failed * 100 > limits.max_failures_percent * len(mine):
            silent = sum(is_failure(one) and one.state == "silent" for one in mine)
            return (
                f"{failed} of {len(mine)} devices in wave {wave} failed, {silent} of them by silence; "
                f"at most {limits.max_failures_percent:g} % may."
            )
    return ""


def _go_on(situation: Situation, members: Sequence[Member], told: Plan) -> Plan:
    current = max(situation.opened, default=0)
    opens, retry = 0, False
    mine = [one for one in members if one.wave == current]
    if current == 0:
        opens = 1
    elif not any(one.state in {"waiting", "offered", "installed"} for one in mine):
        proven = any(one.state == "confirmed" for one in mine)
        at_stake = [one for one in mine if is_failure(one)]
        if not proven and at_stake:
            return replace(told, halt=f"None of the {len(at_stake)} devices in wave {current} proved healthy.")
        retry = True
        later = [one for one in members if one.wave > current]
        if proven and later:
            opens = min(one.wave for one in later)
        elif later:
            return replace(told, refill=_refill(later))
    open_to = max(current, opens)
    offers = tuple(
        one.device
        for one in members
        if one.device not in situation.held
        and one.wave <= open_to
        and (one.state == "waiting" or (retry and is_failure(one) and may_retry(one, situation.limits)))
        and one.attempts < situation.limits.attempts
    )
    return replace(told, opens=opens, offers=offers)


def _refill(later: Sequence[Member]) -> tuple[str, ...]:
    """Move up few: the wave lost all its devices, so that more care is due and not less."""
    following = min(one.wave for one in later)
    return tuple([one.device for one in later if one.wave == following][:_REFILL])
