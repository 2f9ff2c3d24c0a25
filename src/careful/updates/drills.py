"""Rehearsals: a real device is given a real order that it must refuse, and its answer is the evidence.

    tampered      the artifact's link serves other bytes of the same length
    rollback      the order is for an older release than the device runs
    wrong_model   the order is for another product's release
    wrong_device  the order is for what the device runs, and the director signs it for another device

A rehearsal has held when the device closes the order as failed and has said `refused: <kind>: …` (SWUpdate says it in
its own words, and often before the closing report). Success means that it accepted what it must not. Anything else
proves nothing, and is told so.
"""

from datetime import timedelta

from careful import devices, releases
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, Refused
from careful.kernel.work import Work, World
from careful.updates import director, publishing, queries, store
from careful.updates.events import DrillFailed, DrillHeld, DrillOrdered, DrillUnclear
from careful.updates.model import DIRECTED_KINDS, DRILL_KINDS, DrillKind, Order, OrderState, Report, action_number
from careful.updates.versions import is_newer, key

_DEADLINE = timedelta(minutes=15)
# A device that looks another model's image up in its own product's metadata finds it unsigned there.
_RIGHT_WORDS = {
    "tampered": ("tampered",),
    "rollback": ("rollback",),
    "wrong_model": ("wrong-model", "unsigned"),
    "wrong_device": ("wrong-device",),
}
# SWUpdate's words when an image does not have the digest in the order, or in its own signed description.
_SWUPDATE_TAMPERED = ("checksum does not match", "hash mismatch")
_REASON = 200


def drill(world: World, actor: Actor, device: str, kind: DrillKind, deadline: timedelta = _DEADLINE) -> int:
    """Give a device a deliberately wrong order and return its action id.

    Raises NotFound, Invalid (kind), Refused where the device is busy or no fitting release is published.
    """
    known_kinds = (*DRILL_KINDS, *DIRECTED_KINDS)
    if kind not in known_kinds:
        raise Invalid(f"{kind!r} is no rehearsal.", do=f"Say one of: {', '.join(known_kinds)}.", where="kind")
    known = devices.get(world, device)
    if not devices.connects(known.state):
        raise Refused(f"{device} is {known.state}; it would not answer.", do="Choose a device that is active.")
    release = _wrong_release(world, known, kind)
    with world.change(actor) as work:
        other = queries.open_order(work.connection, device)
        if other is not None:
            raise Refused(
                f"{device} is busy with action {other.id} ({other.version}).", do="Try again when that has ended."
            )
        action = action_number(store.next_number(work.connection, "action"))
        store.add_orders(
            work.connection,
            [
                {
                    "id": action,
                    "device": device,
                    "product": known.product,
                    "release": release.id,
                    "version": release.version,
                    "rollout": "",
                    "drill": kind,
                    "made_at": work.now,
                    "deadline": work.now + deadline,
                }
            ],
        )
        work.record(DrillOrdered(kind=kind, device=device, product=known.product, action=action))
    return action


def _wrong_release(world: World, device: devices.Device, kind: DrillKind) -> releases.Release:
    signed = [one for one in releases.list_for(world, None) if one.state == "signed"]
    if kind == "wrong_model":
        fitting = [one for one in signed if one.product != device.product]
        missing = f"No other product than {device.product} has a published release."
    elif kind == "rollback":
        running = device.version
        if running is None:
            raise Refused(f"{device.id} has not said what it runs.", do="Try again after its next report.")
        fitting = [one for one in signed if one.product == device.product and is_newer(running, one.version)]
        missing = f"No published release of {device.product} is older than {running}."
    elif kind == "wrong_device":
        # What it runs: a client that knows no director would change nothing.
        fitting = [one for one in signed if (one.product, one.version) == (device.product, device.version)]
        missing = f"The release that {device.id} runs is not published."
        if not director.has_one(world, device.product):
            missing, fitting = f"{device.product} has no director.", []
    else:
        # One that the device would take if it were genuine, where there is one: else it may refuse for another reason.
        mine = [one for one in signed if one.product == device.product]
        newer = [one for one in mine if device.version is None or is_newer(one.version, device.version)]
        fitting = newer or mine
        missing = f"No release of {device.product} is published."
    fitting = [one for one in fitting if publishing.is_published(world, one)]
    if not fitting:
        raise Refused(missing, do="Sign and publish one first.")
    return max(fitting, key=lambda one: key(one.version) or ((), ()))


def conclude(work: Work, order: Order, outcome: OrderState, report: Report | None) -> None:
    """Record what the device's answer to a rehearsal shows."""
    reports = [*queries.last_reports(work.connection, order.id), *([report] if report else [])]
    said = [line.strip() for one in reports for line in one.details]
    refusal = next((line for line in said if _refuses(line, order.drill)), None)
    facts = {"kind": order.drill, "device": order.device, "product": order.product}
    if outcome == "succeeded":
        work.record(DrillFailed(**facts, reason="the device reports success"))
    elif outcome == "failed" and refusal is not None:
        work.record(DrillHeld(**facts, reason=refusal[:_REASON]))
    else:
        why = {"silent": "the device did not answer in time", "cancelled": "the order was cancelled"}
        last = said[-1] if said else "the device failed without a reason"
        work.record(DrillUnclear(**facts, reason=why.get(outcome, last)[:_REASON]))


def _refuses(line: str, kind: str) -> bool:
    if kind == "tampered" and any(words in line.lower() for words in _SWUPDATE_TAMPERED):
        return True
    head, _, rest = line.partition(":")
    return head == "refused" and rest.strip().partition(":")[0] in _RIGHT_WORDS[kind]
