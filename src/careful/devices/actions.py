"""What one may do to a device.

Each verb is one transaction, and what cuts a device off also orders its live connections to end: gateways ask for those
orders once a second.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from careful.devices import store
from careful.devices.events import (
    DeviceQuarantined,
    DeviceRestored,
    DeviceRetired,
    DeviceRevoked,
    OwnerForgotten,
    VersionReported,
)
from careful.devices.model import Act, Device, Life, after
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import Work, World

VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}")
REASON_LIMIT = 500
_HOW = re.compile(r"[a-z][a-z-]{0,15}")


def quarantine(world: World, actor: Actor, device: str, reason: str) -> None:
    """Cut a device off until it is restored. Raises NotFound, Refused (already, or retired), Invalid (no reason)."""
    why = _reason(reason)
    with world.change(actor) as work:
        known = _turn(work, device, "quarantine")
        _cut(work, device)
        work.record(DeviceQuarantined(device=device, product=known.product, reason=why))


def restore(world: World, actor: Actor, device: str, reason: str) -> None:
    """Let a quarantined device speak again, with the certificate it has. Raises NotFound, Refused, Invalid."""
    why = _reason(reason)
    with world.change(actor) as work:
        known = _turn(work, device, "restore")
        store.next_number(work.connection, "revocations")
        state = _found(work, device)[1].state
        work.record(DeviceRestored(device=device, product=known.product, state=state, reason=why))


def revoke(world: World, actor: Actor, device: str, reason: str) -> None:
    """End all certificates, tokens and target tokens of a device; it comes back only by a new enrolment.

    Raises NotFound, Refused (retired), Invalid (no reason).
    """
    why = _reason(reason)
    with world.change(actor) as work:
        known = _turn(work, device, "revoke")
        ended = _end_all(work, device, "revoked")
        work.record(DeviceRevoked(device=device, product=known.product, certificates=ended, reason=why))


def retire(world: World, actor: Actor, device: str, reason: str) -> None:
    """End a device's life: its certificates and tokens end, its owner is forgotten, its name is never used again.

    Raises NotFound, Refused (already retired), Invalid (no reason).
    """
    why = _reason(reason)
    with world.change(actor) as work:
        known = _turn(work, device, "retire")
        ended = _end_all(work, device, "retired")
        if (owner := store.drop_owner(work.connection, device)) is not None:  # nobody is told of it any more
            work.record(OwnerForgotten(device=device, owner=owner, why="retired"))
        work.record(DeviceRetired(device=device, product=known.product, certificates=ended, reason=why))


def _turn(work: Work, device: str, act: Act) -> Device:
    """Move the device's state by `act`; raise where its state does not allow it."""
    known, life = _found(work, device)
    new = after(life, act)
    if new is None:
        raise Refused(f"{device} is {life.state}; it cannot be {_PAST[act]}.", do=f"See: careful device show {device}")
    store.set_life(work.connection, device, new)
    return known


_PAST: Mapping[Act, str] = {
    "quarantine": "quarantined",
    "restore": "restored",
    "revoke": "revoked",
    "retire": "retired",
}


def _found(work: Work, device: str) -> tuple[Device, Life]:
    found = store.lock_device(work.connection, device)
    if found is None:
        raise NotFound(f"There is no device {device!r}.", do="See: careful device list")
    return found


def _end_all(work: Work, device: str, why: str) -> tuple[str, ...]:
    ended = store.end_certificates(work.connection, device, why, work.now)
    store.end_tokens(work.connection, device, work.now)
    store.set_device(work.connection, device, target_token_sha256=None, certificate_sha256=None, certificate_until=None)
    _cut(work, device)
    return ended


def _cut(work: Work, device: str) -> None:
    store.add_cut(work.connection, device, work.now)
    store.next_number(work.connection, "revocations")


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 0 < len(reason) <= REASON_LIMIT:
        raise Invalid(
            f"A reason of 1 to {REASON_LIMIT} characters is needed.", do="Say why, in a sentence.", where="reason"
        )
    return reason


def report_version(world: World, device: str, version: str, how: str) -> None:
    """Note what a device says it runs (`how`: by which protocol, such as ddi). The same again changes nothing.

    Raises NotFound, and Invalid for a version that is no version or a `how` that is no short word.
    """
    _check_version(version, how)
    with world.look() as connection:
        if store.reports(connection, device, version):
            return
    with world.change(Actor("device", device)) as work:
        note_version(work, device, version, how)


def note_version(work: Work, device: str, version: str, how: str) -> None:
    """Do what `report_version` does as a part of other work, so that both come true or neither."""
    _check_version(version, how)
    known, _ = _found(work, device)
    if known.version != version:
        store.set_device(work.connection, device, version=version, version_at=work.now)
        work.record(VersionReported(device=device, product=known.product, version=version, how=how))


def product_of(work: Work, device: str) -> str:
    """Return which product a device is of, as a part of other work. Raises NotFound."""
    known, _ = _found(work, device)
    return known.product


def runs(work: Work, device: str, version: str) -> bool:
    """Tell whether the device last said that it runs this version."""
    return store.reports(work.connection, device, version)


def _check_version(version: str, how: str) -> None:
    if not VERSION.fullmatch(version):
        raise Invalid(f"{version[:64]!r} is no version.", do="Use 1 to 64 of A-Z a-z 0-9 . + ~ _ -.", where="version")
    if not _HOW.fullmatch(how):
        raise Invalid(f"{how[:16]!r} is no protocol's name.", where="how")


def seen(world: World, moments: Mapping[str, datetime]) -> None:
    """Note when devices were last heard; a gateway flushes many at once. Times only move forward."""
    if moments:
        with world.change(SYSTEM) as work:
            store.see(work.connection, moments)
