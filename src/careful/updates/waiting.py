"""Devices that say what they wait for before they carry out an order: power, battery, their window. Pure.

Our agent looks for itself before it fetches and before it installs, and says `waiting: battery at 31 %, asked for 50 %`
(DDI feedback, execution `scheduled`). That is a claim as any other. It excuses a device that would be silent only

- where the order asked for something that can be waited for,
- while the device says it anew, so that one that died while it waited is silent in the end, and
- for no longer than an owner could have put the update off.

It never counts as proof.
"""

from datetime import datetime, timedelta

from careful.updates import fitting
from careful.updates.model import Member, Order, Urgency

PREFIX = "waiting:"
_LEAST = timedelta(hours=1)
"""Our agent says it every ten minutes; a device may be out of reach for a while."""


def is_said(order: Order) -> bool:
    """Tell whether the last that the device said of its order is that it waits."""
    return order.is_open and order.detail.lower().startswith(PREFIX)


def excuse(
    order: Order, member: Member, said_at: datetime | None, urgency: Urgency, patience: timedelta, now: datetime
) -> str:
    """Return what a device waits for, in its own words, where that excuses it; else ""."""
    if not is_said(order) or said_at is None or not (order.conditions or order.window):
        return ""
    if now - said_at > max(patience, _LEAST):
        return ""
    if fitting.latest(member.first_offered or order.made_at, urgency) <= now:
        return ""
    return order.detail
