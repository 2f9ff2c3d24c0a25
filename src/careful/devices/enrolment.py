"""How a device gets its name: a one-time token and a request signed by its own key, or the certificate it has.

Tokens are stored as digests, bound to a product and mostly to one device, end after a while and work once, even when
two ask in the same moment. A device whose answer was lost asks again with the key of its first request: ten seconds
later that is taken as the same use, until the certificate has been used or the token has expired.

Whatever is refused changes nothing, is counted under a reason, and is told to the ledger at most once a minute for each
reason. Who fails too often is held back, by source and by the token's first characters; both are remembered as keyed
digests for ten minutes only.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from careful import products
from careful.devices import authority, queries, store
from careful.devices.attempts import hold_back, names_of, note
from careful.devices.certificates import Issuer, Request, build_device, digest, read_request, to_der
from careful.devices.events import DeviceEnrolled, DeviceRenewed
from careful.devices.model import Certificate, Device, Life, after, connects
from careful.devices.tokens import new_device, token_digest
from careful.kernel.actors import Actor
from careful.kernel.errors import CarefulError, Forbidden, NotFound, Refused, TooMany, Unauthenticated, Unavailable
from careful.kernel.work import Work, World

_CERTIFICATES_AN_HOUR = 10
REPEAT_AFTER = timedelta(seconds=10)
"""Sooner, a second request under one token is more likely two devices with one image than a lost answer."""
_BACKDATE_MARGIN = timedelta(minutes=10)
_LABEL = 64


def enrol(world: World, token: str, csr_der: bytes, label: str | None, source: str) -> list[bytes]:
    """Give a certificate to whoever holds a one-time token: [certificate] as DER (RFC 7030, section 4.2.1).

    `label` is the product in the address, if any; `source` is where the request came from, for holding back alone.
    Raises TooMany while held back, Unauthenticated for a token that is unknown, used or expired, Forbidden for one that
    is good for something else, TooLarge or Invalid for a bad request, Refused for a key, serial number or device that
    may not enrol. `where` is the reason under which it was counted.
    """
    who = names_of(world, source, token)
    hold_back(world, who)
    try:
        request = read_request(csr_der)
        return _enrol(world, token, request, label)
    except Unavailable:
        raise  # a fault of ours is no failure of the one who asks
    except CarefulError as refusal:
        note(world, refusal, who)
        raise


def re_enrol(world: World, certificate_der: bytes, csr_der: bytes, label: str | None = None) -> list[bytes]:
    """Give the next certificate of its line to a device that shows the present one: [certificate] as DER (4.2.2).

    The present one may have expired up to `renew_grace_days` ago. It stays good until the new one is used once.
    Raises as `enrol` does.
    """
    try:
        request = read_request(csr_der)
        return _re_enrol(world, digest(certificate_der), request, label)
    except Unavailable:
        raise
    except CarefulError as refusal:
        note(world, refusal, ())
        raise


def _enrol(world: World, token: str, request: Request, label: str | None) -> list[bytes]:
    signing = _Signing(world, authority.issuer(world))
    sha256 = token_digest(token)
    # What is recorded is recorded only when all of it held, so the name that the request claims is the actor's.
    with world.change(Actor("device", request.name)) as work:
        held = store.find_token(work.connection, sha256)
        if held is None:
            raise Unauthenticated("This enrolment token is not known.", do="Ask for a new one.", where="token.unknown")
        if label is not None and label != held.product:
            raise Forbidden(f"This token is not for {label[:_LABEL]!r}.", where="token.product")
        if held.device is not None and held.device != request.name:
            raise Forbidden("This token is for another device than the request names.", where="token.device")
        repeated = held.used_by == request.name and _repeats(work, request, held.ended_at, held.expires)
        if not repeated and not store.take_token(work.connection, sha256, request.name, work.now):
            used = held.ended_at is not None
            raise Unauthenticated(
                f"This enrolment token {'has been used' if used else 'has expired'}.",
                do="Ask for a new one: careful device token",
                where="token.used" if used else "token.expired",
            )
        device, life = _admit(work, request, held.product, held.hardware, named=repeated or held.device is not None)
        issued = _issue(work, signing, device, request)
        store.set_life(work.connection, device.id, life)
        work.record(
            DeviceEnrolled(
                device=device.id, product=device.product, certificate=issued.sha256, not_after=issued.not_after
            )
        )
    return [issued.der]


def _repeats(work: Work, request: Request, spent: datetime, expires: datetime) -> bool:
    """Tell whether a token spent by this device is shown once more because the answer to its use was lost."""
    newest = next(iter(store.line_of(work.connection, request.name)), None)
    untouched = newest is not None and newest.first_used is None and newest.ended_at is None
    if newest is None or not untouched or newest.key_sha256 != request.key_sha256:
        return False
    if not spent + REPEAT_AFTER <= work.now < expires:
        return False
    _check_pace(work, request.name)
    return True


def _admit(work: Work, request: Request, product: str, hardware: str, *, named: bool) -> tuple[Device, Life]:
    """Return the device with its new life. A batch token makes devices and never takes over one that is there."""
    found = store.lock_device(work.connection, request.name)
    if found is None:
        store.add_devices(work.connection, [new_device(request.name, product, hardware, work.now)])
        found = store.lock_device(work.connection, request.name)
    elif not named:
        raise Refused("This name is taken by another device.", do="Choose another name.", where="device.taken")
    if found is None:
        raise NotFound("The device vanished while it enrolled.", where="device.state")
    device, life = found
    new = after(life, "enrol")
    if new is None:
        raise Refused(f"The device is {device.state}.", do="Ask its maker.", where="device.state")
    if request.serial and not store.claim_serial(work.connection, device, request.serial):
        raise Refused("This serial number is another device's.", where="serial.seen")
    return device, new


def _re_enrol(world: World, sha256: str, request: Request, label: str | None) -> list[bytes]:
    signing = _Signing(world, authority.issuer(world))
    with world.look() as connection:
        known = queries.by_certificate(connection, sha256)
    if known is None:
        raise Unauthenticated("This certificate is not one of ours.", where="certificate.unknown")
    actor = Actor("device", known[1].id)
    with world.change(actor) as work:
        store.lock_device(work.connection, known[1].id)
        found = queries.by_certificate(work.connection, sha256)
        present, device = found or known
        late = _may_renew(present, device, work.now, timedelta(days=world.settings.renew_grace_days))
        if label is not None and label != device.product:
            raise Forbidden(f"This device is not of {label[:_LABEL]!r}.", where="certificate.product")
        if request.name != device.id or request.serial not in (None, device.serial):
            raise Forbidden("The request names another subject than the certificate.", where="csr.subject")
        _check_pace(work, device.id)
        store.mark_used(work.connection, sha256, work.now)
        issued = _issue(work, signing, device, request)
        work.record(
            DeviceRenewed(
                device=device.id,
                product=device.product,
                certificate=issued.sha256,
                replaces=sha256,
                not_after=issued.not_after,
                late=late,
            )
        )
    return [issued.der]


def _may_renew(present: Certificate, device: Device, now: datetime, grace: timedelta) -> bool:
    """Tell whether the certificate has expired but may be renewed still; raise where it may not be."""
    if present.ended_at is not None:
        raise Forbidden(f"This certificate was {present.ended_why}.", where=f"certificate.{present.ended_why}")
    if not connects(device.state):
        raise Forbidden(f"The device is {device.state}.", do="Ask its maker.", where="device.state")
    if now > present.not_after + grace:
        raise Unauthenticated(
            "This certificate expired too long ago to be renewed.",
            do="Enrol again with a new token.",
            where="certificate.expired",
        )
    return now > present.not_after


def _check_pace(work: Work, device: str) -> None:
    since = work.now - timedelta(hours=1) - _BACKDATE_MARGIN
    if sum(one.not_before > since for one in store.line_of(work.connection, device)) >= _CERTIFICATES_AN_HOUR:
        raise TooMany("This device asks for certificates too often.", retry_after=3600, where="rate")


@dataclass(frozen=True, slots=True)
class _Signing:
    world: World
    issuer: Issuer

    @property
    def life(self) -> timedelta:
        return timedelta(days=self.world.settings.certificate_days)

    def mud_url(self, product: str) -> str:
        """Return where the product's MUD file is; nothing where there is none, or where it is not served over https."""
        site = self.world.settings.public_url
        if not site.startswith("https:"):
            return ""
        with suppress(NotFound):
            found = products.get(self.world, product)
            return products.mud_url(site, product) if products.ways(found.declaration)[0] else ""
        return ""


@dataclass(frozen=True, slots=True)
class _Issued:
    der: bytes
    sha256: str
    not_after: datetime


def _issue(work: Work, signing: _Signing, device: Device, request: Request) -> _Issued:
    """Sign and store the next certificate of the device's line."""
    if store.claim_key(work.connection, request.key_sha256, device.id) != device.id:
        raise Refused("This key is another device's.", do="Make a key of its own on each device.", where="key.seen")
    subject = Request(device.id, request.serial or device.serial, request.public_key, request.key_sha256)
    life = min(signing.life, signing.issuer.certificate.not_valid_after_utc - work.now)
    made = build_device(subject, signing.issuer, work.now, life, signing.mud_url(device.product))
    line = store.line_of(work.connection, device.id)
    der = to_der(made)
    row = {
        "sha256": digest(der),
        "device": device.id,
        "number": line[0].number + 1 if line else 1,
        "serial": f"{made.serial_number:x}",
        "key_sha256": request.key_sha256,
        "not_before": made.not_valid_before_utc,
        "not_after": made.not_valid_after_utc,
        "issued_at": work.now,
        "first_used": None,
        "ended_at": None,
        "ended_why": None,
    }
    store.add_certificate(work.connection, row)
    return _Issued(der, digest(der), made.not_valid_after_utc)
