"""Whom to tell when a device has a flaw: an e-mail address for each device, in one table, erased on request.

The ledger knows an owner by a random reference alone. A link to unsubscribe is the reference with its keyed digest, so
it needs no row of its own and cannot be guessed; using it erases the address.
"""

import hmac
import re
from collections.abc import Sequence

from careful.devices import queries, store
from careful.devices.events import OwnerForgotten, OwnerSet
from careful.devices.live import lock_live
from careful.devices.model import Contact
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World

# Deliberately plain: what a mail server on the internet delivers to, and nothing that could forge a header.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{0,9}}")
_EMAIL_LIMIT = 254
_MARK = 32


def set_owner(world: World, actor: Actor, device: str, email: str) -> str:
    """Note whom to tell about a device, and return the owner's reference; an earlier address is erased.

    Raises NotFound, Invalid for what is no e-mail address, Refused for a retired device.
    """
    address = clean_address(email)
    with world.change(actor) as work:
        return note_contact(work, device, address)


def note_contact(work: Work, device: str, address: str) -> str:
    """Note whom to tell about a device as a part of other work; `address` is from `clean_address`."""
    ref = new_id()
    lock_live(work, device)
    before = store.drop_owner(work.connection, device)
    if before is not None:
        work.record(OwnerForgotten(device=device, owner=before, why="replaced"))
    store.put_owner(work.connection, {"ref": ref, "device": device, "email": address, "since": work.now})
    work.record(OwnerSet(device=device, owner=ref))
    return ref


def clean_address(email: str) -> str:
    """Return an e-mail address without spaces around it. Raises Invalid for what is none."""
    address = email.strip()
    if len(address) > _EMAIL_LIMIT or not _EMAIL.fullmatch(address):
        raise Invalid("This is no e-mail address.", do="Write it as name@example.com.", where="email")
    return address


def forget_owner(world: World, actor: Actor, device: str) -> bool:
    """Erase a device's owner; tell whether there was one."""
    with world.change(actor) as work:
        return _forget(work, device, "asked")


def forget_contact(work: Work, device: str, why: str) -> bool:
    """Erase a device's owner as a part of other work; tell whether there was one."""
    return _forget(work, device, why)


def owner_contacts(world: World, devices: Sequence[str]) -> list[Contact]:
    """Return whom to tell about these devices; devices without an owner are left out."""
    with world.look() as connection:
        found = queries.owners(connection, devices)
    return [Contact(device, email, f"{ref}.{_mark(world, ref)}") for device, ref, email in found]


def unsubscribe(world: World, token: str) -> bool:
    """Erase the address behind a link to unsubscribe, from every device it was given for; false where that was done.

    Raises NotFound for a link that we never made.
    """
    ref, _, mark = token.partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(world, ref).encode()):
        raise NotFound("This link is not one of ours, or it was cut short.", do="Copy the whole link from the e-mail.")
    with world.change(Actor("owner", ref)) as work:
        # One mail may have been for several devices of one person; whoever unsubscribes wants no more of any.
        erased = [
            device for device in queries.devices_of_owner(work.connection, ref) if _forget(work, device, "unsubscribed")
        ]
    return bool(erased)


def _forget(work: Work, device: str, why: str) -> bool:
    ref = store.drop_owner(work.connection, device)
    if ref is not None:
        work.record(OwnerForgotten(device=device, owner=ref, why=why))
    return ref is not None


def _mark(world: World, ref: str) -> str:
    return hmac.digest(world.keys.secret("unsubscribe"), ref.encode(), "sha256").hex()[:_MARK]
