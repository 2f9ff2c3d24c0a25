"""What one may do in monitoring: raise alerts, cut off what must be, and say whether it was expected.

Raising is one transaction for all that fired in a second. Devices to be cut off are first written down as due, then cut
off one by one: whoever is killed in between finds them due again.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from careful import devices
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.monitoring import queries, store
from careful.monitoring.alerts import (
    ROWS_MOST,
    SCOPES,
    Expectation,
    Scope,
    Seen,
    Verdict,
    by_cause,
    harder,
    may_cut,
    named,
    shared,
)
from careful.monitoring.events import (
    AlertJudged,
    AlertRaised,
    AlertSpread,
    ExpectationEnded,
    HeldDecided,
    QuarantineHeld,
)
from careful.monitoring.model import Detection

HOUR = timedelta(hours=1)
LONGEST = timedelta(days=366)
REASON_LIMIT = 500
_AT_ONCE = 100
_PAST_MOST = 60


def raise_alerts(world: World, found: Iterable[Seen]) -> int:
    """Make alerts of what fired, one for each cause; return how many detections were news to people.

    What a person called expected is counted with that word and shown to nobody.
    """
    groups = by_cause(found)
    if not groups:
        return 0
    fleet = devices.fleet_summary(world).by_product
    strict = [one.detection.device for seen in groups.values() for one in seen if one.detection.action == "quarantine"]
    out = {one.id for one in devices.named(world, strict) if one.state == "quarantined"}
    told = 0
    with world.change(SYSTEM) as work:
        store.hold(work.connection)
        for cause, seen in groups.items():
            left = _in_its_row(work, _unexpected(work, cause, seen))
            told += len(left)
            if left:
                _raise(world, work, left, sum(fleet.get(left[0].product, {}).values()), out)
    return told


def _in_its_row(work: Work, seen: list[Seen]) -> list[Seen]:
    """Return detections of one cause under the alert that they go into: there may be so many and no more."""
    if not seen:
        return seen
    first = seen[0].detection
    if store.open_alert(work.connection, _open_cause(seen)) is not None:
        return seen
    if store.open_count(work.connection, first.rule, _product(first), drill=seen[0].drill) < ROWS_MOST:
        return seen
    crowd = shared(seen)
    return _unexpected(work, crowd[0].detection.cause, crowd)


def _product(found: Detection) -> str:
    """Return the product that a cause names: an incident of several has one row."""
    return found.cause.split("|")[1]


def _open_cause(seen: Sequence[Seen]) -> str:
    """Return what an open alert is found by: a drill's is never one with a real one, as its word says nothing of it."""
    cause = seen[0].detection.cause
    return f"drill|{cause}" if seen[0].drill else cause


def _unexpected(work: Work, cause: str, seen: Sequence[Seen]) -> list[Seen]:
    expected = queries.expectations_of(work.connection, cause)
    left = []
    for one in seen:
        word = next((word for word in expected if word.covers(one, work.now)), None)
        if word is None:
            left.append(one)
        else:
            store.count_expected(work.connection, word.id)
    return left


def _raise(world: World, work: Work, seen: Sequence[Seen], fleet: int, out: Collection[str]) -> None:
    open_cause = _open_cause(seen)
    row = store.open_alert(work.connection, open_cause)
    if row is None:
        store.add_alert(work.connection, _new(work, seen, open_cause))
        row = store.open_alert(work.connection, open_cause)
    if row is None:
        raise RuntimeError("an alert that was just added is not there")
    known = store.devices_in(work.connection, row.id, {one.detection.device for one in seen})
    fates = _fates(world, work, seen, _standing(known, out), fleet)
    held_before = store.held(work.connection, row.id)
    rows = [_device_row(work, row.id, one, known.get(one.detection.device), fates) for one in _last_of_each(seen)]
    store.put_devices(work.connection, rows)
    count = row.devices + len({one.detection.device for one in seen} - known.keys())
    action = row.action
    for one in seen:
        action = harder(action, one.detection.action)
    names, more = named(row.names, row.more, seen)
    store.change_alert(
        work.connection, row.id, devices=count, times=row.times + len(seen), last_at=work.now, action=action,
        observed=max(row.observed, *(one.detection.observed for one in seen)), names=names, more=more,
    )  # fmt: skip
    facts = {"alert": row.id, "rule": row.rule, "product": row.product}
    if not row.times:
        work.record(AlertRaised(**facts, action=action, limit_from=row.limit_from, devices=count, drill=seen[0].drill))
    elif len(str(count)) > len(str(row.devices)):
        work.record(AlertSpread(**facts, devices=count))
    held = [device for device, fate in fates.items() if fate == "held"]
    if held and not held_before:
        work.record(QuarantineHeld(**facts, devices=len(held)))


def _new(work: Work, seen: Sequence[Seen], open_cause: str) -> Mapping[str, object]:
    first = seen[0].detection
    return {
        "id": new_id(), "rule": first.rule, "product": _product(first), "cause": first.cause,
        "open_cause": open_cause, "says": first.says, "action": first.action, "limit": first.limit,
        "limit_from": first.limit_from, "observed": first.observed, "devices": 0, "times": 0, "first_at": work.now,
        "last_at": work.now, "state": "open", "drill": seen[0].drill, "judged_by": "", "judged_at": None, "why": "",
        "names": [], "more": 0,
    }  # fmt: skip


def _fates(world: World, work: Work, seen: Sequence[Seen], standing: Mapping[str, str], fleet: int) -> dict[str, str]:
    """Decide for each device whether it is shown, to be cut off, or held for a person."""
    settings, product = world.settings, seen[0].product
    room = may_cut(
        fleet,
        store.cut_since(work.connection, product, work.now - HOUR),
        settings.quarantine_percent,
        settings.quarantine_least,
    )
    fates: dict[str, str] = {}
    for one in seen:
        device = one.detection.device
        before = fates.get(device) or standing.get(device, "shown")
        if one.detection.action != "quarantine" or before in {"due", "cut", "held"} or not device:
            fates[device] = before
        elif one.drill:
            fates[device] = "due"
        else:
            fates[device] = "due" if room > 0 else "held"
            room -= 1
    return fates


def _standing(known: Mapping[str, store.AlertRow], out: Collection[str]) -> dict[str, str]:
    """Return what became of devices so far; who was cut off and let in again may be cut off again."""
    return {device: "shown" if row.fate == "cut" and device not in out else row.fate for device, row in known.items()}


def _last_of_each(seen: Sequence[Seen]) -> list[Seen]:
    return list({one.detection.device: one for one in seen}.values())


def _device_row(
    work: Work, alert: str, one: Seen, known: store.AlertRow | None, fates: Mapping[str, str]
) -> dict[str, object]:
    found, fate = one.detection, fates[one.detection.device]
    newly = fate == "due" and (known is None or known.fate != "due")
    return {
        "alert": alert, "device": found.device, "product": one.product, "release": one.release, "fate": fate,
        "says": found.says, "observed": found.observed, "limit": found.limit,
        "past": [round(value, 2) for value in one.past[-_PAST_MOST:]], "times": 1 + (known.times if known else 0),
        "first_at": work.now, "last_at": work.now,
        "cut_at": work.now if newly else known.cut_at if known else None, "drill": one.drill,
    }  # fmt: skip


def cut_due(world: World) -> int:
    """Cut off every device that is to be; return how many were. The gateway does it at once, the worker the rest."""
    with world.look() as connection:
        waiting = store.due(connection, _AT_ONCE)
    for row in waiting:
        # Where it is cut off already, or gone for good, nothing is due any more either.
        with contextlib.suppress(Refused, NotFound):
            devices.quarantine(world, SYSTEM, row.device, f"Watch: {row.says}"[:REASON_LIMIT])
        with world.change(SYSTEM) as work:
            store.set_fate(work.connection, row.alert, [row.device], "cut", None)
    return len(waiting)


def judge(
    world: World,
    actor: Actor,
    wanted: str,
    verdict: Verdict,
    why: str,
    *,
    scope: Scope | None = None,
    value: str = "",
    days: int = 30,
) -> Expectation | None:
    """Say whether an alert was expected; it closes. `expected` with a scope also holds for what comes, for `days`.

    It changes that and nothing else: other causes, devices, releases and products are watched as before, and who was
    cut off stays so until it is let in. Raises NotFound, Refused (judged already), Invalid.
    """
    reason = _reason(why)
    if verdict == "confirmed" and scope is not None:
        raise Invalid("What is trouble is expected nowhere.", do="Leave the scope out.", where="scope")
    if not 1 <= days <= LONGEST.days:
        raise Invalid(f"Expected for 1 to {LONGEST.days} days.", do="Choose fewer days.", where="days")
    with world.change(actor) as work:
        row = store.lock_alert(work.connection, wanted)
        if row is None:
            raise queries.unknown(wanted)
        if row.state != "open":
            raise Refused(f"That alert was judged {row.state} already.", do=f"See: careful watch show {wanted}")
        store.change_alert(
            work.connection, wanted, state=verdict, open_cause=None, judged_by=str(actor), judged_at=work.now,
            why=reason,
        )  # fmt: skip
        word = _expect(work, row, scope, value, reason, days) if scope is not None else None
        work.record(
            AlertJudged(
                alert=wanted, rule=row.rule, product=row.product, verdict=verdict, scope=scope or "",
                until=word.until if word else None, reason=reason,
            )
        )  # fmt: skip
    return word


def _expect(work: Work, row: store.AlertRow, scope: Scope, value: str, why: str, days: int) -> Expectation:
    if scope not in SCOPES:
        raise Invalid(f"{scope!r} is no scope.", do=f"One of: {', '.join(SCOPES)}.", where="scope")
    given = row.product if scope == "product" else value
    among = queries.values_of(work.connection, row.id, scope)
    if scope != "product" and given not in among:
        shown = ", ".join(sorted(among)[:5]) or "none"
        raise Invalid(
            f"No {scope} {given[:64]!r} is in that alert.", do=f"Name one that is, such as: {shown}.", where="value"
        )
    word = Expectation(
        id=new_id(), alert=row.id, rule=row.rule, cause=row.cause, scope=scope, value=given, product=row.product,
        until=work.now + timedelta(days=days), why=why, by=str(work.actor), made_at=work.now, ended_at=None, times=0,
        names=tuple(row.names),
    )  # fmt: skip
    store.add_expectation(work.connection, {name: getattr(word, name) for name in word.__slots__})
    return word


def end_expectation(world: World, actor: Actor, wanted: str) -> None:
    """Expect something no longer. Raises NotFound where nothing of that id is expected now."""
    with world.change(actor) as work:
        alert = store.end_expectation(work.connection, wanted, work.now)
        if alert is None:
            raise NotFound(f"Nothing is expected under {wanted[:40]!r}.", do="Run: careful watch expected")
        work.record(ExpectationEnded(expectation=wanted, alert=alert))


def cut_held(world: World, actor: Actor, wanted: str, why: str) -> int:
    """Cut off the devices of an alert that are held for a person; return how many. Raises NotFound, Refused."""
    _reason(why)
    with world.change(actor) as work:
        row = store.lock_alert(work.connection, wanted)
        if row is None:
            raise queries.unknown(wanted)
        held = store.held(work.connection, wanted)
        if not held:
            raise Refused("No device of that alert is held.", do=f"See: careful watch show {wanted}")
        store.set_fate(work.connection, wanted, held, "due", None)
        work.record(HeldDecided(alert=wanted, product=row.product, devices=len(held)))
    while cut_due(world):
        pass
    return len(held)


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 0 < len(reason) <= REASON_LIMIT:
        raise Invalid(
            f"A reason of 1 to {REASON_LIMIT} characters is needed.", do="Say why, in a sentence.", where="why"
        )
    return reason
