"""What is done with owners: codes for labels are made, a device is claimed, a claim ends. Each verb one transaction."""

import hmac
from collections.abc import Callable, Sequence

from careful import devices
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.owners import store
from careful.owners.events import Claimed, ClaimEnded, CodesMade, OwnerSessionEnded
from careful.owners.model import CODES_AT_ONCE, Claim, Code, Why, new_code, read_code
from careful.owners.queries import mail_of

CLAIM_PATH = "/my/claim"
Anew = Callable[[Work, str], None]
"""What ends the time of whoever had a device before, as a part of the work in which it becomes another's."""


def make_codes(world: World, actor: Actor, product: str, names: Sequence[str], *, again: bool = False) -> list[Code]:
    """Make the codes for the labels of these devices, or of all of a product that have none. Shown once.

    Raises NotFound, Invalid for a device of another product or too many, Refused where one has a code and not `again`.
    """
    wanted = list(dict.fromkeys(names)) or _without(world, product)
    if len(wanted) > CODES_AT_ONCE:
        raise Invalid(f"{len(wanted)} codes cannot be made at once.", do=f"Name {CODES_AT_ONCE} at most.")
    for one in wanted:
        known = devices.get(world, one)
        if known.product != product:
            raise Invalid(f"{one} is a device of {known.product}, not of {product}.", where="device")
        if known.state == "retired":
            raise Refused(f"{one} is retired.")
    made = [Code(one, new_code(), f"{world.settings.public_url}{CLAIM_PATH}?device={one}") for one in wanted]
    if not made:
        return []
    with world.change(actor) as work:
        there = sorted(store.codes(work.connection, wanted))
        if there and not again:
            raise Refused(
                f"{there[0]} has a code already, on its label.",
                do="Add --again to make a new one; the one on the label is then void.",
            )
        rows = [
            {"device": one.device, "digest": _digest(world, one.device, one.code), "made_at": work.now, "last_mail": ""}
            for one in made
        ]
        store.put_codes(work.connection, rows)
        work.record(CodesMade(product=product, devices=tuple(one.device for one in made)))
    return made


def fits(world: World, device: str, typed: str) -> bool:
    """Tell whether a code is the one on a device's label; as much is done for a device that there is not."""
    with world.look() as connection:
        row = store.code_of(connection, device)
    said = _digest(world, device, read_code(typed))
    return hmac.compare_digest(said, row.digest if row else "0" * 64) and row is not None


def claim_in(work: Work, world: World, device: str, owner: str, address: str, anew: Anew) -> None:
    """Make a device somebody's in the caller's work: the address becomes its contact.

    Where it was another's before whose time did not end, `anew` ends it. Raises Refused where the device is somebody's.
    """
    devices.lock_live(work, device)  # two who claim at once wait for each other
    row = {"device": device, "owner": owner, "since": work.now}
    if not store.add_claim(work.connection, row):
        raise Refused(
            "This device is somebody's already.",
            do="If it is yours now, ask whoever had it to pass it on, or ask us: the page Report a problem says where.",
        )
    known = store.code_of(work.connection, device)
    if known is None:
        raise NotFound("There is no code for this device any more.", do="Ask us for a new one.")
    mail = mail_of(world, address)
    if known.last_mail not in {"", mail}:
        anew(work, device)
    devices.note_contact(work, device, address)
    store.note_last(work.connection, device, mail)
    work.record(Claimed(device=device, owner=owner))


def owner_in(work: Work, mail: str) -> str:
    """Return the owner with this address, who begins with this where there is none."""
    known = store.owner_of_mail(work.connection, mail)
    if known is None:
        store.add_owner(work.connection, {"id": new_id(), "mail": mail, "since": work.now})
    return known or str(store.owner_of_mail(work.connection, mail))


def end_claim_in(work: Work, device: str, why: Why) -> bool:
    """End a claim in the caller's work, and all sessions of whoever has no other; tell whether there was one."""
    found = store.claim_of(work.connection, device)
    if found is None:
        return False
    store.drop_claim(work.connection, device)
    if why != "address-gone":
        store.note_last(work.connection, device, "")  # their time is over: nothing of it is left for the next
    work.record(ClaimEnded(device=device, owner=found.owner, why=why))
    if not store.claims(work.connection, of=found.owner):
        ended = store.end_sessions(work.connection, found.owner)
        work.record(*(OwnerSessionEnded(owner=found.owner, session=one) for one in ended))
        store.drop_owner(work.connection, found.owner)
    return True


def end_claim(world: World, claim: Claim, why: Why) -> bool:
    """End a claim by itself, unless it ended meanwhile."""
    with world.change(SYSTEM) as work:
        now = store.claim_of(work.connection, claim.device)
        return now == claim and end_claim_in(work, claim.device, why)


def _without(world: World, product: str) -> list[str]:
    """Return the devices of a product that have no code, as many as are made at once."""
    names = [one.id for one in devices.all_of(world, product) if one.state != "retired"]
    found: list[str] = []
    with world.look() as connection:
        for start in range(0, len(names), CODES_AT_ONCE):
            part = names[start : start + CODES_AT_ONCE]
            have = store.codes(connection, part)
            found += [one for one in part if one not in have]
    return found[:CODES_AT_ONCE]


def _digest(world: World, device: str, code: str) -> str:
    return hmac.digest(world.keys.secret("owner-codes"), f"{device}/{code}".encode(), "sha256").hex()
