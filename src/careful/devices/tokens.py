"""One-time enrolment tokens: made by the maker, shown once, stored as digests."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from careful import products
from careful.devices import store
from careful.devices.events import TokensMade
from careful.devices.model import DEVICE_ID, NewToken, after
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, Refused
from careful.kernel.work import Work, World

TOKENS_AT_ONCE = 1000
"""Tokens that one call makes, or devices that it names; API and command line ask for no more either."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letter to misread on a label
_LENGTH = 32  # 160 bits
_LIMIT = 256


def token_digest(token: str) -> str:
    """Return what a token is stored as."""
    return hashlib.sha256(token[:_LIMIT].encode()).hexdigest()


def make_tokens(
    world: World, actor: Actor, product: str, devices: Sequence[str] | int, hardware: str
) -> list[NewToken]:
    """Make one-time enrolment tokens: one for each named device, or so many that let the request name the device.

    The text of a token is in the answer and nowhere else. An earlier unused token of a named device ends.
    Raises NotFound for a product that was never declared, Invalid for ids, hardware or counts that cannot be, Refused
    for a device of another product or hardware, or one that is quarantined or retired.
    """
    products.get(world, product)
    names: list[str | None] = [None] * _count(devices) if isinstance(devices, int) else _names(devices)
    if not DEVICE_ID.fullmatch(hardware):
        raise Invalid(f"{hardware!r} is no hardware revision.", do="Name one, such as rev-a.", where="hardware")
    made: list[NewToken] = []
    with world.change(actor) as work:
        expires = work.now + timedelta(hours=world.settings.enrolment_token_hours)
        rows = []
        named = tuple(name for name in names if name is not None)
        for name in sorted(named):  # one order for all writers, so that two never wait in a circle
            _make_room(work, product, name, hardware)
        for holder in names:
            text = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
            rows.append(
                {
                    "sha256": token_digest(text),
                    "product": product,
                    "device": holder,
                    "hardware": hardware,
                    "made_at": work.now,
                    "expires": expires,
                    "ended_at": None,
                    "used_by": None,
                }
            )
            made.append(NewToken(holder or "", text, expires))
        store.add_tokens(work.connection, rows)
        work.record(TokensMade(product=product, hardware=hardware, count=len(rows), devices=named, expires=expires))
    return made


def _count(number: int) -> int:
    if not 1 <= number <= TOKENS_AT_ONCE:
        raise Invalid(f"{number} tokens cannot be made at once.", do=f"Ask for 1 to {TOKENS_AT_ONCE}.", where="count")
    return number


def _names(devices: Sequence[str]) -> list[str | None]:
    _count(len(devices))
    if len(set(devices)) != len(devices):
        raise Invalid("A device is named twice.", where="devices")
    for name in devices:
        if not DEVICE_ID.fullmatch(name):
            raise Invalid(f"{name!r} is no device id.", do="Use 1 to 64 of A-Z a-z 0-9 _ -.", where="devices")
    return list(devices)


def _make_room(work: Work, product: str, name: str, hardware: str) -> None:
    """Make the device if it is new; end its earlier tokens if it is known."""
    found = store.lock_device(work.connection, name)
    if found is None:
        store.add_devices(work.connection, [new_device(name, product, hardware, work.now)])
        return
    device, life = found
    if device.product != product:
        raise Refused(f"{name} is a device of {device.product}, not of {product}.", do="Choose another id.")
    if device.hardware != hardware:
        raise Refused(f"{name} is {device.hardware}, not {hardware}.", do=f"Use --hardware {device.hardware}.")
    if after(life, "enrol") is None:
        raise Refused(f"{name} is {device.state} and cannot enrol.", do=f"See: careful device show {name}")
    store.end_tokens(work.connection, name, work.now)


def new_device(name: str, product: str, hardware: str, now: datetime) -> dict[str, object]:
    """Return the row of a device of which nothing is known yet."""
    empty = dict.fromkeys(
        (
            "serial",
            "before",
            "version",
            "version_at",
            "certificate_sha256",
            "certificate_until",
            "target_token_sha256",
            "last_seen",
            "owner_ref",
        )
    )
    return {"id": name, "product": product, "hardware": hardware, "state": "made", "made_at": now, **empty}
