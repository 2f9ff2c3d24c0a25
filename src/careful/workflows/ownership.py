"""Owners and their devices: what is theirs, what they see of it, and what they ask for; the subject is a device.

Every function that takes a session and a device begins with `theirs`: there is no other way to a device's things from
the public pages. A claim stands while its address is the device's contact, and while the customer's time lasts in which
it was made: a reset, a transfer by the maker or the device's retirement ends it at that moment.
"""

from collections.abc import Callable
from datetime import datetime

from careful import customer_data, devices, owners
from careful.customer_data import Receipt, Request, RequestKind
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.errors import CarefulError, NotFound, TooMany
from careful.kernel.reconcile import Step, StepStatus, Workflow
from careful.kernel.work import Work, World

REQUESTS_A_DAY = 10
"""What an owner may ask for in a day of one device: each makes a file or a receipt."""
_OVER: frozenset[str] = frozenset({"transfer", "reset", "retired"})
_SEEN = 200


def mine(world: World, session: owners.Session) -> list[owners.Claim]:
    """Return what is an owner's now, by device."""
    return [one for one in owners.claims(world, owner=session.owner) if not _over(world, one)]


def theirs(world: World, session: owners.Session, device: str) -> devices.Device:
    """Return a device of this owner's. Raises NotFound for any other, the same as for one that there is not."""
    claim = owners.claim_of(world, device)
    if claim is None or claim.owner != session.owner or _over(world, claim):
        raise NotFound("There is no such device of yours.", do="Your devices are at the start of your page.")
    return devices.get(world, device)


def actor(session: owners.Session) -> Actor:
    """Return who acts in an owner's session."""
    return Actor("owner", session.owner)


def ask_claim(world: World, device: str, code: str, email: str, browser: str, source: str) -> None:
    """Claim a device by its code and an address; see `owners.ask_claim`."""
    end_stale(world, device)
    owners.ask_claim(world, device, code, email, browser, source)


def claim_more(world: World, session: owners.Session, device: str, code: str, source: str) -> None:
    """Claim one more device by its code; see `owners.claim_more`."""
    end_stale(world, device)
    owners.claim_more(world, session, device, code, source, _anew(world))


def come_in(world: World, secret: str, browser: str, source: str) -> tuple[str, str]:
    """Burn a link and begin a session; see `owners.redeem`."""
    return owners.redeem(world, secret, browser, source, _anew(world))


def held(world: World, session: owners.Session, device: str) -> list[customer_data.HeldStream]:
    """Return what is held, by kind of data."""
    return customer_data.held(world, theirs(world, session, device).id)


def readings(world: World, session: owners.Session, device: str, stream: str) -> list[customer_data.Reading]:
    """Return the newest readings of one stream."""
    return customer_data.own_readings(world, actor(session), theirs(world, session, device).id, stream)


def openings(world: World, session: owners.Session, device: str) -> list[customer_data.Opening]:
    """Return who on the maker's side opened it."""
    return customer_data.openings(world, theirs(world, session, device).id)


def emergencies(world: World, session: owners.Session, device: str) -> list[customer_data.Glass]:
    """Return when all of it was opened in an emergency, in which role, and why."""
    return customer_data.glasses_seen(world, theirs(world, session, device).id)


def requests(world: World, session: owners.Session, device: str) -> list[Request]:
    """Return what was asked for in the present customer's time, the newest first."""
    known = theirs(world, session, device)
    since = customer_data.time_began(world, known.id)
    found = customer_data.requests_of(world, device=known.id, most=_SEEN)
    mine = [one for one in found if since is None or one.opened_at >= since or one.opened_by == str(actor(session))]
    return sorted(mine, key=lambda one: one.opened_at, reverse=True)


def request_of(world: World, session: owners.Session, device: str, one: str) -> Request:
    """Return one request of a device of theirs. Raises NotFound for any other."""
    for found in requests(world, session, device):
        if found.id == one:
            return found
    raise NotFound("There is no such request of yours.", do="All of them are on the device's page.")


def take_copy(world: World, session: owners.Session, device: str) -> Request:
    """Make the file with all that is held; it can be fetched for a week."""
    one = _proven(world, session, device, "export")
    return customer_data.export_requested(world, actor(session), one)


def fetch(world: World, session: owners.Session, device: str, one: str) -> bytes:
    """Return the file."""
    found = request_of(world, session, device, one)
    return customer_data.fetch_export(world, actor(session), found.id)


def correct(
    world: World, session: owners.Session, device: str, stream: str, at: datetime, field: str, value: str
) -> Request:
    """Write down beside a reading what its owner says is right."""
    one = _proven(world, session, device, "correct")
    try:
        return customer_data.correct_requested(
            world, actor(session), one, stream=stream, at=at, field=field, value=value
        )
    except CarefulError:
        customer_data.refuse_request(world, actor(session), one, "what was to be corrected was not found, or not said")
        raise


def erase(world: World, session: owners.Session, device: str) -> Request:
    """Delete what is held; the device stays the owner's, and what it says from now on begins anew."""
    one = _proven(world, session, device, "delete")
    return customer_data.delete_requested(world, actor(session), one)


def receipt(world: World, session: owners.Session, device: str, one: str) -> str:
    """Return the signed receipt of a request."""
    return customer_data.signed_request(world, request_of(world, session, device, one).id)


def pass_on(world: World, session: owners.Session, device: str) -> Receipt:
    """Pass a device on: claim, address and key are gone together; the next owner claims it with the code anew."""
    known = theirs(world, session, device)
    with world.change(actor(session)) as work:
        made = customer_data.transfer_in(work, known)
        owners.end_claim_in(work, known.id, "passed-on")
    return made


def end_stale(world: World, device: str | None = None) -> int:
    """End for good the claims that stand no more, of one device or all. A chore for the worker."""
    done = 0
    for one in owners.stale(world, device):
        done += owners.end_claim(world, one, _words(_over(world, one)) or "address-gone")
    for one in owners.claims(world):
        if device in {None, one.device} and (why := _words(_over(world, one))):
            done += owners.end_claim(world, one, why)
    return done


def _words(why: str) -> owners.Why | None:
    if not why:
        return None
    return "retired" if why == "retired" else "time-over"


def _over(world: World, claim: owners.Claim) -> str:
    """Return why the customer's time is over in which a device was claimed; "" while it lasts."""
    later = [one.why for one in customer_data.receipts(world, device=claim.device, most=20) if one.at > claim.since]
    return next((why for why in later if why in _OVER), "")


def _anew(world: World) -> Callable[[Work, str], None]:
    def end(work: Work, device: str) -> None:
        customer_data.transfer_in(work, devices.get(world, device))

    return end


def _proven(world: World, session: owners.Session, device: str, kind: RequestKind) -> str:
    """Open a request and prove it by the session. Raises NotFound, TooMany."""
    known, who = theirs(world, session, device), actor(session)
    today = [
        one
        for one in customer_data.requests_of(world, device=known.id)
        if one.opened_by == str(who) and (world.clock.now() - one.opened_at).total_seconds() < 24 * 3600
    ]
    if len(today) >= REQUESTS_A_DAY:
        raise TooMany(
            f"{REQUESTS_A_DAY} requests were made for this device today.", retry_after=3600, do="Come back tomorrow."
        )
    one = customer_data.open_request(world, who, known.id, kind).id
    return customer_data.prove_by_claim(world, who, one).id


def claimed(world: World, device: str) -> StepStatus:
    """Tell since when a device is somebody's."""
    found = owners.claim_of(world, device)
    if found is None or _over(world, found):
        return StepStatus("waiting", "Nobody has claimed it.")
    return StepStatus("done", "Its owner claimed it by the code on it.", found.since)


def ended(world: World, device: str) -> StepStatus:
    """Tell when the last claim ended."""
    with world.look() as connection:
        found = ledger.read(
            connection, names=("owners.claim_ended",), subject=f"device/{device}", newest_first=True, limit=1
        )
    if not found:
        return StepStatus("waiting", "No claim has ended.")
    return StepStatus("done", f"The last claim ended: {found[0].data['why'].replace('-', ' ')}.", found[0].at)


WORKFLOW = Workflow(
    name="ownership",
    title="From a code on a unit to the next owner",
    steps=(
        Step("claimed", "Claimed", None, claimed),
        Step("end_stale", "Ended", end_stale, ended, 60),
    ),
)


def progress(world: World, device: str) -> list[tuple[str, StepStatus]]:
    """Return title and status of every step for one device."""
    return [(step.title, step.status(world, device)) for step in WORKFLOW.steps]
