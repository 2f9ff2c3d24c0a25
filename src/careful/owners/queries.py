"""What one may ask about owners: whose a device is, and what is theirs."""

import hmac
from collections.abc import Iterable

from careful import devices
from careful.kernel.work import World
from careful.owners import store
from careful.owners.model import Claim


def mail_of(world: World, address: str) -> str:
    """Return the keyed digest by which an e-mail address is known here."""
    return hmac.digest(world.keys.secret("owner-mail"), address.strip().lower().encode(), "sha256").hex()


def claims(world: World, *, owner: str | None = None) -> list[Claim]:
    """Return the claims that stand: those whose owner's address is still the device's contact."""
    with world.look() as connection:
        found = store.claims(connection, of=owner)
    return _standing(world, found)


def claim_of(world: World, device: str) -> Claim | None:
    """Return whose a device is, if it is anybody's."""
    with world.look() as connection:
        found = store.claim_of(connection, device)
    return next(iter(_standing(world, [found] if found else [])), None)


def stale(world: World, device: str | None = None) -> list[Claim]:
    """Return the claims that stand no more, of one device or all."""
    with world.look() as connection:
        found = store.claims(connection)
    mine = [one for one in found if device in {None, one.device}]
    standing = {one.device for one in _standing(world, mine)}
    return [one for one in mine if one.device not in standing]


def _standing(world: World, found: Iterable[Claim]) -> list[Claim]:
    claims = list(found)
    contacts = {one.device: one.email for one in devices.owner_contacts(world, [one.device for one in claims])}
    return [one for one in claims if one.device in contacts and mail_of(world, contacts[one.device]) == one.mail]
