"""Telling owners that support ends: with the announcement, thirty days before, and when it has ended."""

import hashlib

from careful import devices, products
from careful.kernel.actors import SYSTEM
from careful.kernel.clock import iso
from careful.kernel.work import World
from careful.notices.channels import mail
from careful.notices.events import OwnersToldOfEnd

_SUBJECTS = (
    "{name}: security updates end on {until}",
    "{name}: security updates end in 30 days, on {until}",
    "{name}: security updates have ended",
)


def tell_of_end(world: World, product: str, stage: int) -> int:
    """Write to every owner of a product's devices that can be reached, once for each stage; return how many devices."""
    known = products.get(world, product)
    end = products.ending(world, product)
    if end is None or end.told >= stage:
        return 0
    owned = [one.id for one in devices.all_of(world, product) if one.state != "retired"]
    contacts = devices.owner_contacts(world, owned)
    until = end.until.isoformat()
    with world.change(SYSTEM) as work:
        if not products.note_told(work, product, stage):
            return 0
        for address, contact in sorted({one.email.strip().casefold(): one for one in reversed(contacts)}.items()):
            notice = f"end-of-support/{product}/{stage}"
            payload = {
                "to": contact.email,
                "subject": _SUBJECTS[stage - 1].format(name=known.name, until=until),
                "body": letter(known.name, end, stage, world.settings.public_url),
                "unsubscribe": contact.unsubscribe_token,
                "advisory": notice,
                "at": iso(work.now),
            }
            work.post(mail.KIND, payload, key=f"{notice}/{hashlib.sha256(address.encode()).hexdigest()[:32]}")
        told = len({one.device for one in contacts})
        stages = products.STAGES
        work.record(OwnersToldOfEnd(product=product, stage=stages[stage - 1], told=told, unreachable=len(owned) - told))
    return told


def letter(name: str, end: products.Ending, stage: int, public_url: str) -> str:
    """Return the message: what to do first, then what goes on working and what does not."""
    until = end.until.isoformat()
    ended = stage == len(products.STAGES)
    do = (
        "Take it off the internet, or replace it. Reset it before you give it away."
        if ended
        else f"Let it install version {end.last_version}, the last one, before {until}."
    )
    when = f"Security updates ended on {until}." if ended else f"Security updates end on {until}."
    return (
        f"{name}\n\nWhat to do\n{do}\n\nWhat happens\n{when}\n\nWhat goes on working\n{end.keeps_working}\n\n"
        f"What stops\n{end.stops_working}\n\nRead more: {public_url}/p/{end.product}\n"
    )
