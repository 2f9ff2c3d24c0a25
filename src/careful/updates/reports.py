"""Orders to devices, and what devices say about them (hawkBit DDI feedback).

An order ends exactly once: by the device's closing report, by its deadline, or because it was withdrawn. What comes
after that is answered 410, kept as evidence while there is room, and changes nothing.

A report of success is a claim. It is believed once the device also says that it runs the version: SWUpdate calls a
skipped update a success, and another client says so before it has restarted.
"""

from careful import devices
from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound, TooMany
from careful.kernel.work import Work, World
from careful.updates import drills, fates, queries, store
from careful.updates.events import DeviceFailed, DeviceSilent, DeviceUpdated
from careful.updates.model import Gone, NotAllowed, Order, OrderState, Report

MOST_STATUSES = 1000
_MOST_LATE = 20
_RETRY_SECONDS = 3600
_REASON = 200


def retrieved(world: World, device: str, action: int) -> Order:
    """Note that a device read its order, once, and return it. Raises NotFound unless it is open and this device's."""
    with world.look() as connection:
        order = _its_order(queries.read_order(connection, action), device)
    if not order.is_open or order.cancelling:
        raise NotFound(f"Action {action} is no longer to be carried out.")
    if order.state == "offered":
        with world.change(Actor("device", device)) as work:
            store.turn_order(work.connection, action, was=("offered",), state="retrieved", retrieved_at=work.now)
    return order


def feedback(world: World, device: str, action: int, report: Report) -> None:
    """Take a device's report about its order. The same report again changes nothing.

    Raises NotFound (no such order of this device), Gone (the order is over), TooMany (over 1000 reports).
    """
    with world.look() as connection:
        order = _its_order(queries.read_order(connection, action), device)
    ended = _ending(report)
    proven = ended == "succeeded" and devices.get(world, device).version == order.version
    with world.change(Actor("device", device)) as work:
        taken = order.is_open and _take(work, order, report, ended, proven=proven)
        if not taken and queries.status_count(work.connection, action) < MOST_STATUSES + _MOST_LATE:
            store.add_status(work.connection, action, work.now, report, late=True)
    if not taken:
        raise Gone(f"Action {action} is over; it was {order.state}.")


def _take(work: Work, order: Order, report: Report, ended: OrderState | None, *, proven: bool) -> bool:
    """Keep a report and let it act; tell whether the order was still open."""
    if ended is None:
        step = fates.progress(order.progress, report)
        if not store.turn_order(work.connection, order.id, state="running", detail=_reason(report), progress=step):
            return False
    elif not end(work, order, ended, _reason(report), report, proven=proven):
        return False
    last = queries.last_status(work.connection, order.id)
    if last is not None and last.report == report:
        return True
    if last is not None and last.number >= MOST_STATUSES:
        raise TooMany(f"Action {order.id} has {MOST_STATUSES} reports already.", retry_after=_RETRY_SECONDS)
    store.add_status(work.connection, order.id, work.now, report, late=False)
    return True


def answer_cancel(world: World, device: str, action: int, report: Report) -> None:
    """Take a device's answer to a cancellation: `closed` drops the order, failure or `rejected` goes on with it.

    Raises NotFound, Gone (the order is over), NotAllowed (nobody asked to cancel it).
    """
    with world.look() as connection:
        order = _its_order(queries.read_order(connection, action), device)
    if not order.is_open:
        raise Gone(f"Action {action} is over; it was {order.state}.")
    if not order.cancelling:
        raise NotAllowed(f"Nobody asked to cancel action {action}.")
    with world.change(Actor("device", device)) as work:
        store.add_status(work.connection, action, work.now, report, late=False)
        if report.execution == "closed" and report.finished != "failure":
            end(work, order, "cancelled", _reason(report) or "cancelled")
        elif report.execution in {"closed", "rejected"}:
            store.turn_order(work.connection, action, cancelling=False, state="running")
            store.turn_device(work.connection, device, cancelling=False)


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


def _its_order(order: Order | None, device: str) -> Order:
    if order is None or order.device != device:
        raise NotFound("There is no such action for this device.")
    return order


def _ending(report: Report) -> OrderState | None:
    """Return how a report ends its order, if it does: only `closed` and `canceled` do (DDI, execution)."""
    if report.execution == "closed":
        return "failed" if report.finished == "failure" else "succeeded"
    return "cancelled" if report.execution == "canceled" else None


def _reason(report: Report) -> str:
    """Return the line that says most: a refusal or roll-back, else the last one; printable and short."""
    lines = [line for line in report.details if line.strip()]
    told = next((line for line in lines if line.lower().startswith(("refused:", "rolled back"))), None)
    chosen = told or (lines[-1] if lines else "")
    return "".join(letter if letter.isprintable() else " " for letter in chosen)[:_REASON].strip()


def describe(world: World, device: str, mode: str, data: dict[str, str]) -> None:
    """Keep what a device says about itself (DDI configData), and its version where it names one.

    `mode` is merge, replace or remove. Raises TooMany above 100 attributes.
    """
    version = data.get("version", "") if mode != "remove" else ""
    with world.change(Actor("device", device)) as work:
        kept = {} if mode == "replace" else queries.read_attributes(work.connection, device)
        if mode == "remove":
            kept = {key: value for key, value in kept.items() if key not in data}
        else:
            kept |= data
        if len(kept) > _MOST_ATTRIBUTES:
            raise TooMany(f"A device may have {_MOST_ATTRIBUTES} attributes.", retry_after=_RETRY_SECONDS)
        # Some clients call an update done before they restart: whoever has yet to prove it is asked again.
        claimed = queries.claimed(work.connection, device)
        again = claimed is not None and claimed != version
        store.turn_device(work.connection, device, attributes=kept, wants_attributes=again)
    if version:
        devices.report_version(world, device, version, "ddi")


_MOST_ATTRIBUTES = 100
