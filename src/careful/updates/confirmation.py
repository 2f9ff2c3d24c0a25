"""The owner's word: an order that was made with consent waits until the device, or staff for its owner, agrees to it.

A device can be set to agree by itself (auto-confirm, hawkBit DDI `confirmationBase`); an order that waits then is
agreed to at once. A refusal leaves the order waiting: the owner may still change their mind, and the rollout defers
the device meanwhile.
"""

from dataclasses import asdict

from careful.kernel.actors import Actor
from careful.kernel.clock import iso
from careful.kernel.errors import Invalid, NotFound, Refused, TooMany
from careful.kernel.work import Work, World
from careful.updates import conversation, queries, store, windows
from careful.updates.events import AutoConfirmSet, AutoConfirmUnset, OwnerAgreed, OwnerRefused
from careful.updates.model import AutoConfirm, Gone, Order, Report, Standing
from careful.updates.reports import MOST_STATUSES, RETRY_SECONDS, its_order, keep_late

_TEXT = 64
_REMARK = 512
_DETAIL = 200


def waiting_order(world: World, device: str, action: int) -> Order:
    """Return the order that waits for the owner's word. Raises NotFound where none does."""
    with world.look() as connection:
        order = its_order(queries.read_order(connection, action), device)
    held = not windows.is_open(order.window, world.clock.now())
    if conversation.told(order.standing, held=held) != "confirm":
        raise NotFound(f"Action {action} waits for nobody's word.")
    return order


def answer_consent(
    world: World, device: str, action: int, *, agreed: bool, details: tuple[str, ...] = (), code: int | None = None
) -> None:
    """Take the owner's word on an order, as the device tells it. The same word again changes nothing.

    Raises NotFound (it does not wait), Gone (the order is over), TooMany (over 1000 reports).
    """
    report = Report(execution="confirmed" if agreed else "denied", finished="none", details=details, code=code)
    _answer(world, Actor("device", device), device, action, report)


def answer_for_owner(world: World, actor: Actor, device: str, *, agreed: bool, reason: str, person: str = "") -> Order:
    """Pass on the owner's word on the order that waits for it, and return the order as it stands then.

    `reason` is how the word came (by telephone, ticket 4711): it goes into the ledger with who passed it on, which is
    the actor, or the `person` whom a command line names. Raises NotFound (nothing waits), Invalid (no reason), Gone.
    """
    why = _plain(reason, _DETAIL)
    if not why:
        raise Invalid("Say how the owner's word came.", do="Such as: by telephone, ticket 4711.", where="reason")
    with world.look() as connection:
        order = queries.open_order(connection, device)
    if order is None or not order.needs_confirmation:
        raise NotFound(f"No order of {device} waits for its owner.", do=f"See: careful device show {device}")
    by = _plain(person, _TEXT) or str(actor)
    said = f"passed on by {by}: {why}"
    report = Report(execution="confirmed" if agreed else "denied", finished="none", details=(said[:_REMARK],))
    _answer(world, actor, device, order.id, report, by=by, reason=why)
    with world.look() as connection:
        return queries.read_order(connection, order.id) or order


def _answer(
    world: World, actor: Actor, device: str, action: int, report: Report, *, by: str = "device", reason: str = ""
) -> None:
    with world.change(actor) as work:
        order = its_order(queries.read_order(work.connection, action, hold=True), device)
        turn = conversation.on_consent(order.standing, agreed=report.execution == "confirmed")
        if turn.says == "unknown":
            raise NotFound(f"Action {action} waits for nobody's word.")
        if turn.says == "over":
            keep_late(work, action, report)
        elif turn.to != order.standing or _is_news(work, order, report):
            _settle(work, order, turn.to, report)
            told = OwnerAgreed if turn.to.consent == "given" else OwnerRefused
            work.record(told(device=order.device, action=order.id, version=order.version, by=by, reason=reason))
    if turn.says == "over":
        raise Gone(f"Action {action} is over; it was {order.state}.")


def _is_news(work: Work, order: Order, report: Report) -> bool:
    """Tell whether this was not the last thing said: a refusal leaves the order as it was, and is worth knowing."""
    last = queries.last_status(work.connection, order.id)
    return report.execution == "denied" and (last is None or last.report != report)


def _settle(work: Work, order: Order, to: Standing, report: Report) -> None:
    if queries.status_count(work.connection, order.id) >= MOST_STATUSES:
        raise TooMany(f"Action {order.id} has {MOST_STATUSES} reports already.", retry_after=RETRY_SECONDS)
    store.add_status(work.connection, order.id, work.now, report, late=False)
    agreed = to.consent == "given"
    detail = "" if agreed else ": ".join(("the owner does not agree", *report.details[-1:]))[:_DETAIL]
    at = work.now if agreed else None
    store.turn_order(work.connection, order.id, confirmed_at=at, state=to.state, detail=detail)
    store.turn_device(work.connection, order.device, asking=to.waits, window=order.window)


def auto_confirm(world: World, device: str) -> AutoConfirm | None:
    """Return who let a device agree to every order by itself, if anybody did."""
    with world.look() as connection:
        return queries.auto_confirm(connection, device)


def activate_auto_confirm(world: World, actor: Actor, device: str, initiator: str = "", remark: str = "") -> None:
    """Let a device agree to every order by itself from now on, and to one that waits. Raises Refused if it does."""
    with world.change(actor) as work:
        if queries.auto_confirm(work.connection, device) is not None:
            raise Refused(f"{device} agrees to every order by itself already.", do="Deactivate that first.")
        # Held before the device's row is, as reports do it: so that two never wait in a circle.
        order = queries.open_order(work.connection, device)
        order = queries.read_order(work.connection, order.id, hold=True) if order else None
        kept = AutoConfirm(initiator=_plain(initiator, _TEXT), remark=_plain(remark, _REMARK), at=work.now)
        store.turn_device(work.connection, device, confirms={**asdict(kept), "at": iso(kept.at)})
        work.record(AutoConfirmSet(device=device))
        if order is not None and order.standing.is_open and order.standing.waits and not order.cancelling:
            store.turn_order(work.connection, order.id, confirmed_at=work.now)
            store.turn_device(work.connection, device, asking=False)
            work.record(OwnerAgreed(device=device, action=order.id, version=order.version, by="auto-confirm"))


def deactivate_auto_confirm(world: World, actor: Actor, device: str) -> None:
    """Let the owner be asked again from the next order on. A device that does not agree by itself stays as it is."""
    with world.change(actor) as work:
        if queries.auto_confirm(work.connection, device) is not None:
            store.turn_device(work.connection, device, confirms=None)
            work.record(AutoConfirmUnset(device=device))


def _plain(text: str, most: int) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[:most]).strip()
