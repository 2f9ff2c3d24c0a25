"""Whether a device may be offered a release, and what keeps it from it for now. Pure.

objection      never, as things stand: another model, other hardware, nothing older on it
hindrance      not now, and that is its fault: quarantined
circumstance   not now, and nobody is at fault: its owner wants it later, its battery is low
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from careful.updates.model import Candidate, Offer, Policy, Urgency
from careful.updates.versions import is_newer

PATIENCE: Mapping[Urgency, timedelta] = {
    "feature": timedelta(days=30),
    "security": timedelta(days=7),
    "exploited": timedelta(days=1),
}
"""For how long in all an owner may put an update off, from when it was first offered."""


def objection(device: Candidate, offer: Offer) -> str:
    """Return why `device` may never be offered `offer` as things stand, or "" when it may."""
    rules = (
        (device.state == "retired", "retired"),
        (device.product != offer.product, f"it is a {device.product}"),
        (device.hardware not in offer.hardware, f"not made for hardware {device.hardware}"),
        (device.version == offer.version, "runs it already"),
        (_wrong_way(device.version, offer), f"runs {device.version}, which is not {_WAY[offer.downgrade]}"),
        (
            # It counts up with every release, so that a downgrade is against it by its nature: two people answer for
            # that, and a device which keeps the floor refuses all the same.
            not offer.downgrade and device.security_version > offer.security_version,
            f"runs security version {device.security_version}, which is higher",
        ),
    )
    return next((why for applies, why in rules if applies), "")


_WAY = {False: "older", True: "newer"}


def _wrong_way(running: str | None, offer: Offer) -> bool:
    if running is None:
        return offer.downgrade
    return not (is_newer(running, offer.version) if offer.downgrade else is_newer(offer.version, running))


def hindrance(device: Candidate) -> str:
    """Return why `device` cannot be offered anything for now, or "" when it can."""
    return f"the device is {device.state}" if device.state not in {"made", "enrolled", "active"} else ""


def circumstance(device: Candidate, policy: Policy, now: datetime) -> str:
    """Return what keeps a device from an update for now though nothing is wrong with it, or ""."""
    if device.consent == "declined":
        return "its owner wants no updates"
    if device.postponed_until is not None and device.postponed_until > now:
        return f"its owner postponed it until {device.postponed_until:%Y-%m-%d %H:%M} UTC"
    if policy.mains and device.mains is False:
        return "it is not plugged in"
    if device.mains is not True and device.battery is not None and device.battery < policy.min_battery:
        return f"its battery is at {device.battery} %, and {policy.min_battery} % are needed"
    return ""


def power(attributes: Mapping[str, str]) -> tuple[int | None, bool | None]:
    """Return per cent of battery and whether it is plugged in, from what a device says of itself.

    It says `battery` (0 to 100) and `power` (mains or battery).
    """
    said = attributes.get("battery", "").removesuffix("%").strip()
    battery = int(said) if said.isascii() and said.isdecimal() and len(said) <= 3 and int(said) <= 100 else None  # noqa: PLR2004 (per cent)
    return battery, {"mains": True, "battery": False}.get(attributes.get("power", ""))


def latest(first_offered: datetime, urgency: Urgency) -> datetime:
    """Return until when an owner may put an update off: the more urgent it is, the sooner."""
    return first_offered + PATIENCE[urgency]
