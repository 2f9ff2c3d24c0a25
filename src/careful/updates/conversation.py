"""What a device is told about its order, and what becomes of the order by what it says. Pure.

    asked --confirmed--> offered -> retrieved -> running -> succeeded | failed | cancelled
          <---denied----     (until it runs)

At any moment exactly one of three things is told: agree to it, carry it out, or drop it; or nothing, while it waits for
its window or is over. What is told can be read, and nothing else can. An order ends once, and whatever comes after that
changes nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from careful.updates.model import OrderState, Report, Standing

Told = Literal["", "confirm", "deploy", "cancel"]
Says = Literal["taken", "unknown", "over", "not asked"]
_UNTOUCHED: tuple[OrderState, ...] = ("offered", "retrieved")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a word of the device is answered with, and where the order stands then.

    `taken` is 200, `unknown` 404, `over` 410, `not asked` 405; only `taken` may change the standing.
    """

    says: Says
    to: Standing


def told(now: Standing, *, held: bool = False) -> Told:
    """Return what polls tell: a held order (its window is not open) is told only once the device has read it."""
    if not now.is_open:
        return ""
    if now.cancelling:
        return "cancel"
    if held and now.state == "offered":
        return ""
    return "confirm" if now.waits else "deploy"


def on_read(now: Standing, *, held: bool = False) -> Turn:
    """Answer a device that reads its order."""
    if told(now, held=held) != "deploy":
        return Turn("unknown", now)
    return Turn("taken", replace(now, state="retrieved") if now.state == "offered" else now)


def on_report(now: Standing, report: Report) -> Turn:
    """Answer a report. It counts while a cancellation is asked for, too: the device may be past the point of return."""
    if not now.is_open:
        return Turn("over", now)
    if now.waits:
        return Turn("unknown", now)
    ended = ending(report)
    return Turn("taken", replace(now, state=ended or "running", cancelling=now.cancelling and ended is None))


def on_cancel_answer(now: Standing, report: Report) -> Turn:
    """Answer a device's word on a cancellation: `closed` drops the order, failure or `rejected` goes on with it.

    `canceled` is no end here (hawkBit, DdiCancelAction): it is noted, as everything else is.
    """
    if not now.is_open:
        return Turn("over", now)
    if not now.cancelling:
        return Turn("not asked", now)
    if report.execution == "closed" and report.finished != "failure":
        return Turn("taken", replace(now, state="cancelled", cancelling=False))
    if report.execution in {"closed", "rejected"}:
        return Turn("taken", replace(now, cancelling=False, state=now.state if now.waits else "running"))
    return Turn("taken", now)


def on_consent(now: Standing, *, agreed: bool) -> Turn:
    """Answer the owner's word. A refusal counts until the device has begun; said twice it changes nothing."""
    if not now.is_open:
        return Turn("over", now)
    if not now.consent or now.cancelling:
        return Turn("unknown", now)
    if agreed:
        return Turn("taken", replace(now, consent="given"))
    if now.state not in _UNTOUCHED:
        return Turn("unknown", now)
    return Turn("taken", replace(now, consent="asked", state="offered"))


def ending(report: Report) -> OrderState | None:
    """Return how a report ends its order, if it does: only `closed` and `canceled` do (DDI, execution)."""
    if report.execution == "closed":
        return "failed" if report.finished == "failure" else "succeeded"
    return "cancelled" if report.execution == "canceled" else None


def is_forced(forced_from: datetime | None, now: datetime) -> bool:
    """Tell whether the device shall not put the update off: always, or from a moment on."""
    return forced_from is None or now >= forced_from
