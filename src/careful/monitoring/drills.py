"""Drills of the watch: a behaviour planted on a device of the drill's own, and what came of it, on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.monitoring import store
from careful.monitoring.events import Drilled

SEEN_SECONDS, CUT_SECONDS = 2.0, 3.0
"""How soon misbehaviour must be seen, and the device be cut off."""
_REASON = 300


@dataclass(frozen=True, slots=True)
class Drill:
    """What one drill plants: which detection must see it, and whether the device must be cut off."""

    rule: str
    cuts: bool
    says: str


DRILLS: Mapping[str, Drill] = MappingProxyType(
    {
        "exfiltration": Drill("large_transfer", True, "sends much to a destination that nobody declared"),
        "stolen-credential": Drill("two_places", True, "is copied, and the copy connects in its name"),
        "scan": Drill("scan", True, "tries forty addresses of its network"),
        "flood": Drill("flood", True, "sends as fast as it can"),
        "topic-probing": Drill("topic_probing", True, "speaks under the names of other devices"),
        "undeclared-field": Drill("undeclared_field", False, "sends a field that nobody declared"),
        "refused-logins": Drill("refused_logins", False, "fails to sign in again and again"),
        "downgrade": Drill("downgrade", False, "comes back with older software"),
        "silence": Drill("silence", False, "is not heard any more"),
    }
)
"""Kind -> what it plants."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a drill went; times in seconds, None: never."""

    kind: str
    device: str
    rule: str
    seen: float | None
    cut: float | None
    held: bool
    reason: str


def judge_drill(kind: str, device: str, seen: float | None, cut: float | None, *, cuts: bool, within: float) -> Outcome:
    """Say whether a drill held: seen within so many seconds and, where `cuts`, cut off in time. Pure."""
    plan = DRILLS[kind]
    if seen is None:
        return Outcome(kind, device, plan.rule, None, cut, False, f"It {plan.says}: noticed never.")
    if seen > within:
        return Outcome(kind, device, plan.rule, seen, cut, False, f"It {plan.says}: seen after {seen:.1f} s, too late.")
    if cuts and cut is None:
        return Outcome(kind, device, plan.rule, seen, None, False, f"It {plan.says}: seen, and never cut off.")
    if cuts and cut is not None and cut > within - SEEN_SECONDS + CUT_SECONDS:
        return Outcome(
            kind, device, plan.rule, seen, cut, False, f"It {plan.says}: cut off after {cut:.1f} s, too late."
        )
    end = f", cut off after {cut:.1f} s" if cut is not None else ""
    return Outcome(kind, device, plan.rule, seen, cut, True, f"It {plan.says}: seen after {seen:.1f} s{end}.")


def begin_drill(world: World, actor: Actor, device: str, kind: str) -> None:
    """Mark a device as a drill's: what it does counts for no share and halts no rollout. Raises Invalid."""
    if kind not in DRILLS:
        raise Invalid(f"{kind[:40]!r} is no drill.", do=f"One of: {', '.join(DRILLS)}.", where="kind")
    with world.change(actor) as work:
        store.begin_drill(work.connection, device, kind, work.now)


def end_drill(world: World, actor: Actor, outcome: Outcome) -> None:
    """Put on record how a drill went, judge its alerts, and forget what was remembered of its device."""
    with world.change(actor) as work:
        store.forget(work.connection, outcome.device, drilled=True)
        store.close_drills(work.connection, outcome.device, str(actor), work.now, outcome.reason[:_REASON])
        work.record(
            Drilled(
                kind=outcome.kind,
                device=outcome.device,
                rule=outcome.rule,
                seen_ms=_milliseconds(outcome.seen),
                cut_ms=_milliseconds(outcome.cut),
                held=outcome.held,
                reason=outcome.reason[:_REASON],
            )
        )


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
