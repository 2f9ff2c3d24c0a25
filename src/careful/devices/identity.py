"""Who is there: looked up at every request and every connection, so that what was ended is refused at once.

TLS has shown that the peer holds the certificate's key. Here the certificate is found by its SHA-256 among those we
issued, and its time, its line and the device's state are checked. TLS itself does not check the time: a device that
slept past its certificate's end must still reach renewal, and nothing else.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from careful.devices import queries, store
from careful.devices.authority import authority_chain
from careful.devices.certificates import digest
from careful.devices.events import DeviceActivated, TargetTokenSet
from careful.devices.live import lock_live
from careful.devices.model import Device, Identity, Standing, after, connects
from careful.devices.tokens import token_digest
from careful.kernel.actors import Actor
from careful.kernel.errors import Forbidden, Unauthenticated
from careful.kernel.work import Work, World


def identify(world: World, certificate_der: bytes) -> Identity:
    """Return who holds this certificate, noting its first use: the device becomes active, older certificates end.

    Raises Unauthenticated for a certificate that is not ours, not valid yet or expired, and Forbidden for one that was
    ended or whose device may not connect.
    """
    sha256 = digest(certificate_der)
    with world.look() as connection:
        shown = queries.standing(connection, sha256)
    if shown is None:
        raise Unauthenticated("This certificate is not one of ours.", do="Enrol first.")
    _check(shown, world.clock.now())
    if not shown.used:
        _first_use(world, shown, sha256)
    return Identity(shown.device, shown.product, shown.hardware, "active", sha256)


def _check(shown: Standing, now: datetime) -> None:
    if shown.ended_why is not None:
        raise Forbidden(f"This certificate was {shown.ended_why}.", do="Enrol again with a new token.")
    if not connects(shown.state):
        raise Forbidden(f"The device is {shown.state}.", do="Ask its maker.")
    if now > shown.not_after:
        raise Unauthenticated("This certificate has expired.", do="Renew it at /.well-known/est/simplereenroll.")
    if now < shown.not_before:
        raise Unauthenticated("This certificate is not valid yet.", do="Set the clocks of device and server.")


def _first_use(world: World, shown: Standing, sha256: str) -> None:
    with world.change(Actor("device", shown.device)) as work:
        store.lock_device(work.connection, shown.device)
        again = queries.standing(work.connection, sha256) or shown
        _check(again, work.now)  # what ended it may have come in between
        store.mark_used(work.connection, sha256, work.now)
        if store.end_certificates(work.connection, shown.device, "superseded", work.now, below=shown.number):
            store.next_number(work.connection, "revocations")
        activate(work, shown.device)


def activate(work: Work, device_id: str) -> None:
    """Note that a device has shown who it is: one that was made or enrolled becomes active."""
    found = store.lock_device(work.connection, device_id)
    if found is None:
        return
    device, life = found
    new = after(life, "use")
    if new is not None and new != life:
        store.set_life(work.connection, device_id, new)
        work.record(DeviceActivated(device=device_id, product=device.product))


def admit(world: World, known: Device) -> Identity:
    """Return a device that somebody spoke for without its certificate. Raises Forbidden where it may not connect."""
    if not connects(known.state):
        raise Forbidden(f"The device is {known.state}.", do="Ask its maker.")
    if known.state == "made":
        with world.change(Actor("device", known.id)) as work:
            activate(work, known.id)
    return Identity(known.id, known.product, known.hardware, "active", "")


def identify_by_token(world: World, device: str, target_token: str) -> Identity:
    """Return the device that polls with a target token instead of a certificate (hawkBit DDI).

    Raises Unauthenticated where device and token do not belong together, Forbidden where the device may not connect.
    """
    with world.look() as connection:
        found = queries.by_target_token(connection, device)
    if found is None or not found[1] or not hmac.compare_digest(found[1], token_digest(target_token)):
        raise Unauthenticated(
            "Device and target token do not belong together.",
            do="Send Authorization: TargetToken …, as made by: careful device target-token DEVICE",
        )
    return admit(world, found[0])


def identify_by_proxy(world: World, device: str, authorities: Sequence[str]) -> Identity:
    """Return the device for which a proxy that the operator trusts says that it showed a certificate of this name.

    `authorities`: SHA-256 digests of the certificates of whoever issued it; one must be ours. Whether the certificate
    was revoked is for the proxy to check (`/crl`): it alone has seen it. Raises Unauthenticated, Forbidden.
    """
    said = {one.replace(":", "").strip().lower() for one in authorities}
    if not said & {digest(one) for one in authority_chain(world)}:
        raise Unauthenticated(
            "The proxy names no authority of ours as the issuer of the device's certificate.",
            do="Send its SHA-256 as X-Authority.",
        )
    with world.look() as connection:
        found = queries.by_target_token(connection, device)
    if found is None:
        raise Unauthenticated(f"There is no device {device[:64]!r}.", do="Enrol first.")
    if found[0].certificate_sha256 is None:  # it never had one, or all of them were revoked
        raise Unauthenticated(f"{device} has no certificate that is in force.", do="Enrol again with a new token.")
    return admit(world, found[0])


def set_target_token(world: World, actor: Actor, device: str) -> str:
    """Make a target token for a device and return it, the only time; an earlier one ends.

    Raises NotFound, and Refused for a retired device.
    """
    token = secrets.token_urlsafe(32)
    with world.change(actor) as work:
        one = lock_live(work, device)
        store.add_cut(work.connection, device, work.now)  # who still remembers the earlier one forgets it
        store.set_device(work.connection, device, target_token_sha256=token_digest(token))
        work.record(TargetTokenSet(device=device, product=one.product))
    return token
