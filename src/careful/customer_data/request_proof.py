"""Proving that a request comes from the customer: nothing is handed out or changed before.

A code goes to the device, over the connection that it alone can make, or to the owner's address; a device can sign with
its own key; else a person judges, and says why. A code lives a quarter of an hour and stands five tries.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.message import EmailMessage
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from careful import devices
from careful.customer_data import requests_store as store
from careful.customer_data.events import RequestCodeFailed, RequestProven
from careful.customer_data.request_model import Request, check_open
from careful.kernel import smtp
from careful.kernel.actors import Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused
from careful.kernel.mailboxes import send_down
from careful.kernel.outbox import Message
from careful.kernel.work import Work, World

CODE_KIND = "customer_data.code"
CODE_TOPIC = "down/request-code"
CODE_LIVES = timedelta(minutes=15)
TRIES = 5
NOTE_LONGEST = 300
_DIGITS = 8


def send_code(world: World, actor: Actor, one: str, to: Literal["device", "mail"]) -> Request:
    """Send a new code to the device or to the owner's address; one that was sent before is void.

    Raises NotFound, Refused for a closed or proven request, or where there is no address.
    """
    code = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
    with world.change(actor) as work:
        found = waiting(work, one)
        if to == "mail":
            if not devices.owner_contacts(world, [found.device]):
                raise Refused(f"There is no owner's address for {found.device}.", do="Send the code to the device.")
            # The address is looked up when it is sent: it lies in one table only.
            work.post(CODE_KIND, {"device": found.device, "request": one, "code": code})
        store.change(
            work.connection, one, code=_digest(world, one, code), code_to=to, code_until=work.now + CODE_LIVES,
            code_tries=0,
        )  # fmt: skip
    if to == "device":
        said = json.dumps({"code": code, "request": one, "kind": found.kind})
        send_down(world, found.device, CODE_TOPIC, said.encode())
    return found


def prove_by_code(world: World, actor: Actor, one: str, code: str) -> Request:
    """Take the code that was sent. Raises Forbidden for another, and Refused where it is void: send a new one."""
    wrong = False
    with world.change(actor) as work:
        found = waiting(work, one)
        row = store.row_of(work.connection, one)
        if row is None or not row.code or work.now > row.code_until:
            raise Refused("No code is out for this request.", do=f"Send one: careful data request code {one}")
        if hmac.compare_digest(row.code, _digest(world, one, "".join(code.split()))):
            _prove(work, found, row.code_to, "")
        else:
            wrong, tries = True, row.code_tries + 1
            store.change(work.connection, one, code_tries=tries, code="" if tries >= TRIES else row.code)
            if tries >= TRIES:
                work.record(RequestCodeFailed(request=one, device=found.device, product=found.product, tries=tries))
    if wrong:
        raise Forbidden("That is not the code that was sent.", do="Try again; after five tries send a new one.")
    return find_request(world, one)


def challenge(one: str) -> bytes:
    """Return what a device signs to prove a request."""
    return f"careful customer request {one}".encode()


def prove_by_signature(world: World, actor: Actor, one: str, public_key: bytes, signature: bytes) -> Request:
    """Take the signature of `challenge` by the device's own key (PEM or DER). Raises Forbidden, Invalid, NotFound."""
    with world.change(actor) as work:
        found = waiting(work, one)
        _check_signature(public_key, signature, challenge(one), devices.keys_of(world, found.device))
        _prove(work, found, "signature", "")
    return find_request(world, one)


def prove_by_staff(world: World, actor: Actor, one: str, reason: str) -> Request:
    """Take a person's word that it is the customer; they say by what. Raises Invalid without a reason."""
    with world.change(actor) as work:
        _prove(work, waiting(work, one), "staff", said(reason))
    return find_request(world, one)


def prove_by_claim(world: World, actor: Actor, one: str) -> Request:
    """Take an owner's session for proof; whoever calls checked that the device is theirs (`workflows/ownership`)."""
    if actor.kind != "owner":
        raise Forbidden("Only a device's owner proves so.", do=f"Use: careful data request code {one} --to device")
    with world.change(actor) as work:
        found = waiting(work, one)
        if found.opened_by != str(actor):
            raise Forbidden("That request is somebody else's.")
        _prove(work, found, "claim", "")
    return find_request(world, one)


def said(reason: str) -> str:
    """Return a reason, cut of spaces. Raises Invalid for none, or a long one."""
    text = " ".join(reason.split())
    if not 1 <= len(text) <= NOTE_LONGEST:
        raise Invalid(f"Say why, in 1 to {NOTE_LONGEST} characters.", where="reason")
    return text


def waiting(work: Work, one: str) -> Request:
    """Return a request that nobody has proven yet, locked. Raises NotFound, Refused."""
    found = locked(work, one)
    check_open(found)
    if found.proven_at is not None:
        raise Refused(f"Request {one} is proven already.", do=f"Answer it: careful data request answer {one}")
    return found


def find_request(world: World, one: str) -> Request:
    """Return a request. Raises NotFound."""
    with world.look() as connection:
        return _known(store.find(connection, one), one)


def locked(work: Work, one: str) -> Request:
    """Return a request that nobody else changes meanwhile. Raises NotFound."""
    store.row_of(work.connection, one, lock=True)
    return _known(store.find(work.connection, one), one)


def _known(found: Request | None, one: str) -> Request:
    if found is not None:
        return found
    raise NotFound(f"There is no request {one[:40]!r}.", do="See: careful data request list")


def request_handlers() -> Mapping[str, Callable[[World, Message], None]]:
    """Return who delivers what is posted here."""
    return {CODE_KIND: deliver_code}


def deliver_code(world: World, message: Message) -> None:
    """Send one code. Raises Unavailable when the mail server does not take it."""
    contacts = devices.owner_contacts(world, [str(message.payload["device"])])
    if not contacts:
        return  # forgotten meanwhile: there is nobody to send it to
    settings, mail = world.settings, EmailMessage()
    mail["From"], mail["To"] = settings.mail_from, contacts[0].email
    mail["Subject"] = "Your code"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(
        f"{settings.maker_name} was asked for something about your device's data (request"
        f" {message.payload['request']}).\n\nThe code that proves it was you: {message.payload['code']}\n"
        "It is good for 15 minutes. If you did not ask, do nothing, and give it to nobody.\n"
    )
    smtp.send(world, mail)


def _prove(work: Work, found: Request, method: str, note: str) -> None:
    store.change(
        work.connection, found.id, proof=method, proven_at=work.now, proven_by=str(work.actor), proof_note=note, code=""
    )
    work.record(RequestProven(request=found.id, device=found.device, product=found.product, method=method))


def _digest(world: World, one: str, code: str) -> str:
    return hmac.digest(world.keys.secret("request-code"), f"{one}/{code}".encode(), "sha256").hex()


def _check_signature(key: bytes, signature: bytes, content: bytes, known: frozenset[str]) -> None:
    try:
        pem = key.lstrip().startswith(b"-----")
        public = serialization.load_pem_public_key(key) if pem else serialization.load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm) as broken:
        raise Invalid("That is no public key in PEM or DER.", where="key") from broken
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    if digest.finalize().hex() not in known:
        raise Forbidden("That key is not in a certificate of this device that is in force.")
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        elif isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, content)
        else:
            raise Invalid("Signatures are taken by ECDSA and Ed25519 keys.", where="key")
    except InvalidSignature as wrong:
        raise Forbidden("The signature does not fit.", do="Sign: careful customer request ID") from wrong
