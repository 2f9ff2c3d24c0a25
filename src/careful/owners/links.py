"""One-time links by e-mail: to open one's page, and to claim a device after its code was right.

A link holds 256 random bits, lives a quarter of an hour, works once, and in the browser alone that asked for it. To ask
is the same work for an address that nobody has: who it is for is looked up when the mail is sent.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from email.message import EmailMessage

from careful import devices, people
from careful.kernel import smtp
from careful.kernel.actors import STRANGER, Actor
from careful.kernel.errors import Forbidden, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.outbox import Message
from careful.kernel.work import Work, World
from careful.owners import store
from careful.owners.actions import Anew, claim_in, end_claim_in, fits, owner_in
from careful.owners.events import OwnerSignedIn
from careful.owners.model import (
    FROM_EVERYWHERE,
    LINK_LIVES,
    LINKS_FOR_ADDRESS,
    LINKS_FROM_SOURCE,
    WRONG_FROM_SOURCE,
    Session,
)
from careful.owners.queries import claim_of, claims, mail_of, stale
from careful.owners.tries import EVERYWHERE, hold_back, hold_back_guesses, name_of, note_wrong, seconds_left

LINK_KIND = "owners.link"
LINK_PATH = "/my/link/"
_SECRET_LONGEST = 100


def digest(secret: str) -> str:
    """Return the only form in which a secret of ours is kept (256 bits: nothing to guess that slowness would slow)."""
    return hashlib.sha256(secret[:_SECRET_LONGEST].encode()).hexdigest()


def ask_link(world: World, email: str, browser: str, source: str) -> None:
    """Ask for a link to one's page. The same happens, and is said, whether or not anybody has this address.

    Raises Invalid for what is no address, TooMany for a source that asks too often.
    """
    address = devices.clean_address(email)
    _check_source(world, source)
    _ask(world, address, browser, source, "")


def ask_claim(world: World, device: str, code: str, email: str, browser: str, source: str) -> None:
    """Claim a device by the code on it; the link that is mailed proves the address and completes it.

    Raises Forbidden for a wrong code, the same for a device that there is not; Refused where it is somebody's; Invalid,
    TooMany.
    """
    address = devices.clean_address(email)
    _check_source(world, source)
    _check_code(world, device, code, source)
    _ask(world, address, browser, source, device)


def claim_more(world: World, session: Session, device: str, code: str, source: str, anew: Anew) -> None:
    """Claim one more device by the code on it, as somebody who has one. Raises as above."""
    _check_code(world, device, code, source)
    mine = [one.device for one in claims(world, owner=session.owner)]
    contacts = devices.owner_contacts(world, mine)
    if not contacts:
        raise Forbidden("Nothing is yours here any more.", do="Claim the device with your e-mail address.")
    with world.change(Actor("owner", session.owner)) as work:
        _make_way(work, world, device)
        claim_in(work, world, device, owner_in(work, session.mail), contacts[0].email, anew)


def redeem(world: World, secret: str, browser: str, source: str, anew: Anew) -> tuple[str, str]:
    """Burn a link and begin a session: its secret, and the device that was claimed, or "".

    Raises NotFound for a link that is used, late, unknown, or was asked for in another browser; TooMany; Refused where
    the device became somebody's meanwhile.
    """
    where = name_of(world, "wrong link", people.source_of(source))
    hold_back(world, where, WRONG_FROM_SOURCE)
    with world.change(STRANGER) as work:
        found = store.take_link(work.connection, digest(secret), digest(browser), work.now)
        known = "" if found is None else found.device or store.owner_of_mail(work.connection, found.mail)
        if found is None or not known:
            store.note_attempts(work.connection, [where], work.now)
        elif not found.device:
            return _begin(work, str(known)), ""
        else:
            _make_way(work, world, found.device)
            owner = owner_in(work, found.mail)
            claim_in(work, world, found.device, owner, found.address, anew)
            return _begin(work, owner), found.device
    raise NotFound(
        "This link was used already, is older than 15 minutes, or was asked for in another browser.",
        do="Open it in the browser in which you asked, or ask there for a new one.",
    )


def link_handlers() -> Mapping[str, Callable[[World, Message], None]]:
    """Return who delivers what is posted here."""
    return {LINK_KIND: deliver_link}


def deliver_link(world: World, message: Message) -> None:
    """Send one link to who it is for; nothing where nobody has the address. Raises Unavailable."""
    with world.look() as connection:
        row = store.find_link(connection, str(message.payload["link"]))
        owner = None if row is None else store.owner_of_mail(connection, row.mail)
    if row is None:
        return  # used, or too old meanwhile
    address = row.address if row.device else _address(world, owner)
    if not address:
        return
    settings, mail = world.settings, EmailMessage()
    mail["From"], mail["To"] = settings.mail_from, address
    mail["Subject"] = "Your link"
    mail["Auto-Submitted"] = "auto-generated"
    what = f"to claim the device {row.device} as yours" if row.device else "to see your devices"
    mail.set_content(
        f"Somebody, we hope you, asked {settings.maker_name} {what}.\n\n"
        f"{settings.public_url}{LINK_PATH}{message.payload['secret']}\n\n"
        "Open it in the same browser, within 15 minutes; it works once.\n"
        "If you did not ask, do nothing: without that browser nobody can use it.\n"
    )
    smtp.send(world, mail)


def _address(world: World, owner: str | None) -> str:
    mine = [one.device for one in claims(world, owner=owner)] if owner else []
    contacts = devices.owner_contacts(world, mine)
    return contacts[0].email if contacts else ""


def _ask(world: World, address: str, browser: str, source: str, device: str) -> None:
    mail, secret, one = mail_of(world, address), secrets.token_urlsafe(32), new_id()
    who = name_of(world, "address", mail)
    names = [who, name_of(world, "source", people.source_of(source)), name_of(world, "all", EVERYWHERE)]
    full = seconds_left(world, who, LINKS_FOR_ADDRESS, world.clock.now())
    with world.change(STRANGER) as work:
        store.note_attempts(work.connection, names[1:] if full else names, work.now)
        if full:
            return  # and the same is said: how often an address was asked for is nobody's business
        store.add_link(
            work.connection,
            {
                "id": one, "digest": digest(secret), "browser": digest(browser), "mail": mail, "device": device,
                "address": address if device else "", "expires_at": work.now + LINK_LIVES,
            },
        )  # fmt: skip
        work.post(LINK_KIND, {"link": one, "secret": secret})


def _check_source(world: World, source: str) -> None:
    hold_back(world, name_of(world, "source", people.source_of(source)), LINKS_FROM_SOURCE)
    hold_back(world, name_of(world, "all", EVERYWHERE), FROM_EVERYWHERE)


def _check_code(world: World, device: str, code: str, source: str) -> None:
    hold_back_guesses(world, people.source_of(source), device)
    if not devices.DEVICE_ID.fullmatch(device) or not fits(world, device, code):
        note_wrong(world, people.source_of(source), device)
        raise Forbidden(
            "That code is not on that device.", do="Copy both from the label; the code has four groups of four."
        )
    if claim_of(world, device) is not None:
        raise Refused(
            "This device is somebody's already.",
            do="If it is yours now, ask whoever had it to pass it on, or ask us: the page Report a problem says where.",
        )


def _make_way(work: Work, world: World, device: str) -> None:
    """End a claim that stands no more, before the next one."""
    if stale(world, device):
        end_claim_in(work, device, "address-gone")


def _begin(work: Work, owner: str) -> str:
    secret, one = secrets.token_urlsafe(32), new_id()
    row = {"id": one, "digest": digest(secret), "owner": owner, "created_at": work.now, "seen_at": work.now}
    store.add_session(work.connection, row)
    work.record(OwnerSignedIn(owner=owner, session=one))
    return secret
