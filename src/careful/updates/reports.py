"""Orders to devices, and what devices say about them (hawkBit DDI feedback).

An order ends exactly once: by the device's closing report, by its deadline, or because it was withdrawn. What comes
after that is answered 410, kept as evidence while there is room, and changes nothing. What a word means is decided in
`conversation.py`, on an order that nobody else can change meanwhile; all that follows from it is in one transaction.

A report of success is a claim. It is believed once the device also says that it runs the version: SWUpdate calls a
skipped update a success, and another client says so before it has restarted.
"""

from contextlib import suppress

from careful import devices
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, TooMany
from careful.kernel.work import Work, World
from careful.updates import conversation, delta_words, drills, fates, manifest, manifests, queries, store, windows
from careful.updates.conversation import Turn
from careful.updates.events import DeviceFailed, DeviceSilent, DeviceUpdated
from careful.updates.model import Gone, NotAllowed, Order, OrderState, Report

MOST_STATUSES = 1000
MOST_ATTRIBUTES = 100
_MOST_LATE = 20
RETRY_SECONDS = 3600
_REASON = 200


def retrieved(world: World, device: str, action: int) -> Order:
    """Note that a device read its order, once, and return it. Raises NotFound unless polls tell it to carry it out."""
    with world.look() as connection:
        order = its_order(queries.read_order(connection, action), device)
    if conversation.on_read(order.standing, held=_held(world, order)) == Turn("taken", order.standing):
        return order
    with world.change(Actor("device", device)) as work:
        order = its_order(queries.read_order(work.connection, action, hold=True), device)
        turn = conversation.on_read(order.standing, held=_held(world, order))
        if turn.says != "taken":
            raise NotFound(f"Action {action} is not to be carried out now.", do="Poll; the answer says what is.")
        if turn.to != order.standing:
            store.turn_order(work.connection, action, state="retrieved", retrieved_at=work.now)
            if order.window:  # it has begun, and must find its order again to report its end
                store.turn_device(work.connection, device, window="")
    return order


def _held(world: World, order: Order) -> bool:
    return not windows.is_open(order.window, world.clock.now())


def feedback(world: World, device: str, action: int, report: Report) -> None:
    """Take a device's report about its order. The same report again changes nothing.

    Raises NotFound (no such order of this device, or its owner has not agreed), Gone (the order is over), TooMany (over
    1000 reports; one that ends the order is taken all the same).
    """
    with world.change(Actor("device", device)) as work:
        order = its_order(queries.read_order(work.connection, action, hold=True), device)
        turn = conversation.on_report(order.standing, report)
        if turn.says == "unknown":
            raise NotFound(f"Action {action} waits for the owner's word.", do=f"Give it at confirmationBase/{action}.")
        if turn.says == "taken":
            _take(work, order, report)
        else:
            keep_late(work, action, report)
    if turn.says == "over":
        raise Gone(f"Action {action} is over; it was {order.state}.")


def _take(work: Work, order: Order, report: Report) -> None:
    """Keep a report and let it act on order and rollout, or on none of them."""
    ended = conversation.ending(report)
    last = queries.last_status(work.connection, order.id)
    if last is None or last.report != report:
        if last is not None and last.number >= MOST_STATUSES and ended is None:
            raise TooMany(f"Action {order.id} has {MOST_STATUSES} reports already.", retry_after=RETRY_SECONDS)
        store.add_status(work.connection, order.id, work.now, report, late=False)
        delta_words.take(work, order, report)
    if ended is None:
        step = fates.progress(order.progress, report)
        store.turn_order(work.connection, order.id, state="running", detail=_reason(report), progress=step)
        return
    proven = ended == "succeeded" and devices.runs(work, order.device, order.version)
    end(work, order, ended, _reason(report), report, proven=proven)


def keep_late(work: Work, action: int, report: Report) -> None:
    """Keep what was said of an order that is over, while there is room."""
    if queries.status_count(work.connection, action) < MOST_STATUSES + _MOST_LATE:
        store.add_status(work.connection, action, work.now, report, late=True)


def answer_cancel(world: World, device: str, action: int, report: Report) -> None:
    """Take a device's answer to a cancellation: `closed` drops the order, failure or `rejected` goes on with it.

    Raises NotFound, Gone (the order is over), NotAllowed (nobody asked to cancel it), TooMany.
    """
    with world.change(Actor("device", device)) as work:
        order = its_order(queries.read_order(work.connection, action, hold=True), device)
        turn = conversation.on_cancel_answer(order.standing, report)
        if turn.says == "taken":
            _take_cancel_answer(work, order, report, turn)
        elif turn.says == "over":
            keep_late(work, action, report)
    if turn.says == "over":
        raise Gone(f"Action {action} is over; it was {order.state}.")
    if turn.says == "not asked":
        raise NotAllowed(f"Nobody asked to cancel action {action}.")


def _take_cancel_answer(work: Work, order: Order, report: Report, turn: Turn) -> None:
    last = queries.last_status(work.connection, order.id)
    if turn.to == order.standing and last is not None and last.number >= MOST_STATUSES:
        raise TooMany(f"Action {order.id} has {MOST_STATUSES} reports already.", retry_after=RETRY_SECONDS)
    store.add_status(work.connection, order.id, work.now, report, late=False)
    if not turn.to.is_open:
        end(work, order, "cancelled", _reason(report) or "cancelled")
    elif not turn.to.cancelling:
        store.turn_order(work.connection, order.id, cancelling=False, state=turn.to.state)
        store.turn_device(work.connection, order.device, cancelling=False)


def end(
    work: Work, order: Order, outcome: OrderState, detail: str, report: Report | None = None, *, proven: bool = True
) -> bool:
    """End an open order with all that follows from it; tell whether it was still open.

    A success that is not `proven` is the device's word alone: its rollout waits for the version to agree.
    """
    progress = "installed" if outcome == "succeeded" else order.progress
    if not store.turn_order(
        work.connection, order.id, state=outcome, closed_at=work.now, detail=detail, progress=progress
    ):
        return False
    now: dict[str, object] = {"action": None, "cancelling": False, "wants_attributes": True}
    if outcome == "succeeded" and not order.drill:
        now["installed"] = order.id
    store.turn_device(work.connection, order.device, **now)
    if order.drill:
        drills.conclude(work, order, outcome, report)
    elif order.rollout:
        _settle(work, order, outcome, detail, report, proven=proven)
    return True


def _settle(work: Work, order: Order, outcome: OrderState, detail: str, report: Report | None, *, proven: bool) -> None:
    """Tell the rollout how its device fared."""
    if outcome == "cancelled":
        store.take_back(work.connection, order.rollout, [order.device], work.now)
        return
    if outcome == "succeeded" and not proven:
        says = "says that it is installed, and has yet to report the version"
        mine, was = [order.device], store.UNDER_WAY
        store.set_member(work.connection, order.rollout, mine, was, state="installed", detail=says, changed_at=work.now)
        return
    kept = "" if outcome == "succeeded" else outcome
    changed = store.set_member(
        work.connection,
        order.rollout,
        [order.device],
        store.UNDER_WAY,
        state="confirmed" if outcome == "succeeded" else outcome,
        outcome=kept,
        detail=detail,
        deadline=None,
        changed_at=work.now,
    )
    if not changed:
        return
    if outcome == "succeeded":
        work.record(DeviceUpdated(rollout=order.rollout, device=order.device, version=order.version))
    elif outcome == "silent":
        work.record(DeviceSilent(rollout=order.rollout, device=order.device))
    else:
        back = any(line.lower().startswith("rolled back") for line in (report.details if report else ()))
        work.record(DeviceFailed(rollout=order.rollout, device=order.device, reason=detail, rolled_back=back))


def unproven(work: Work, rollout_id: str, device: str) -> bool:
    """Note that a device said it was done, and let its deadline pass without reporting the version."""
    reason = "says that it is installed, and never reported the version"
    changed = store.set_member(
        work.connection,
        rollout_id,
        [device],
        ("installed",),
        state="failed",
        outcome="failed",
        deadline=None,
        detail=reason,
        changed_at=work.now,
    )
    if changed:
        work.record(DeviceFailed(rollout=rollout_id, device=device, reason=reason, rolled_back=False))
    return bool(changed)


def miss(work: Work, rollout_id: str, device: str) -> int:
    """Note that a device could not be offered anything all through its deadline."""
    changed = store.set_member(
        work.connection,
        rollout_id,
        [device],
        ("waiting",),
        state="silent",
        outcome="silent",
        attempts=store.member.c.attempts + 1,
        detail="it could not be offered the release before the deadline",
        changed_at=work.now,
    )
    if changed:
        work.record(DeviceSilent(rollout=rollout_id, device=device))
    return len(changed)


def its_order(order: Order | None, device: str) -> Order:
    """Return the order if it is this device's. Raises NotFound."""
    if order is None or order.device != device:
        raise NotFound("There is no such action for this device.")
    return order


def _reason(report: Report) -> str:
    """Return the line that says most: a refusal or roll-back, else the last one; printable and short."""
    lines = [line for line in report.details if line.strip()]
    told = next((line for line in lines if line.lower().startswith(("refused:", "rolled back"))), None)
    chosen = told or (lines[-1] if lines else "")
    return "".join(letter if letter.isprintable() else " " for letter in chosen)[:_REASON].strip()


def describe(world: World, device: str, mode: str, data: dict[str, str]) -> None:
    """Keep what a device says about itself (DDI configData), and its version where it names one.

    `mode` is merge, replace or remove. A signed manifest among them is checked, and outweighs the plain version. Raises
    TooMany above 100 attributes.
    """
    signed, data = manifest.split(data)
    signed = signed if mode != "remove" else ""
    version = data.get("version", "") if mode != "remove" else ""
    keys = devices.keys_of(world, device) if signed else frozenset()
    digest = manifests.released(world, device, signed, version)
    with world.change(Actor("device", device)) as work:
        kept = {} if mode == "replace" else queries.read_attributes(work.connection, device)
        if mode == "remove":
            kept = {key: value for key, value in kept.items() if key not in data}
        else:
            kept |= data
        if len(kept) > MOST_ATTRIBUTES:
            raise TooMany(f"A device may have {MOST_ATTRIBUTES} attributes.", retry_after=RETRY_SECONDS)
        if signed:
            version = manifests.take(work, device, signed, version, keys, digest)
        # Some clients call an update done before they restart: whoever has yet to prove it is asked again.
        claimed = queries.claimed(work.connection, device)
        again = claimed is not None and claimed != version
        store.turn_device(work.connection, device, attributes=kept, wants_attributes=again)
        if version:
            # A text that is no version stays an attribute: a device that is refused here would ask for nothing else.
            with suppress(Invalid):
                devices.note_version(work, device, version, "ddi")
    crashes = data.get("crashes", "") if mode != "remove" else ""
    if crashes.isascii() and crashes.isdecimal() and len(crashes) <= 9:  # noqa: PLR2004 (as large as it may be)
        devices.report_crashes(world, {device: int(crashes)})
