"""Opening a customer's data in an emergency: for a reason and a case, for half an hour, and seen by that customer.

The door for the normal day is `read`, by purpose. Here all of one customer is opened, whatever it was collected for. So
every record that is opened is in the ledger by its number, the customer sees it on their page, and who opens much in a
short time is stopped, signed out, and told of. It needs a right of its own and, at the console, a fresh proof.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from careful import devices, people
from careful.customer_data import break_glass_store as store
from careful.customer_data.held import time_began, who_of
from careful.customer_data.reading import GLASS, Reading, open_whole
from careful.customer_data.records import Row
from careful.customer_data.request_proof import said
from careful.customer_data.stores import records_of
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, TooMany
from careful.kernel.ids import new_id
from careful.kernel.ledger import Event, event
from careful.kernel.work import Work, World

GLASS_LASTS = timedelta(minutes=30)
GLASS_TIME = timedelta(minutes=10)
"""The short time in which few records and few customers may be opened."""
GLASS_CUSTOMERS = 3
"""Customers whose data one person may open so in that time."""
GLASS_PAGE = 50
_CASE_LONGEST = 80


@event("customer_data.glass_broken", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class GlassBroken(Event):
    """Somebody opened a customer's data in an emergency, for a case; until then they may open records."""

    glass: str
    device: str
    product: str
    case: str
    until: datetime


@event("customer_data.glass_opened", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class GlassOpened(Event):
    """These records were opened in an emergency: by number, never what they say."""

    glass: str
    device: str
    product: str
    stream: str
    records: tuple[int, ...]
    count: int


@event("customer_data.glass_ended", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class GlassEnded(Event):
    """An emergency was over before its time: whoever had it said so, or opened too much."""

    glass: str
    device: str
    product: str
    why: str
    records: int


@event("customer_data.glass_excess", subject="glass/{glass}")
@dataclass(frozen=True, slots=True, kw_only=True)
class GlassExcess(Event):
    """Somebody was about to open very many records in an emergency: it was refused, and their sessions were ended."""

    glass: str
    device: str
    product: str
    reader: str
    case: str
    records: int
    devices: int
    minutes: int


@event("customer_data.glass_told", subject="glass/{glass}")
@dataclass(frozen=True, slots=True, kw_only=True)
class GlassTold(Event):
    """The executive was written to about it."""

    glass: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Glass:
    """One emergency: whose data, why, until when, and how many records were opened in it."""

    id: str
    device: str
    product: str
    actor: str
    role: str
    reason: str
    case_number: str
    began_at: datetime
    until: datetime
    ended_at: datetime | None
    records: int

    def lasts(self, now: datetime) -> bool:
        """Tell whether records may still be opened in it."""
        return self.ended_at is None and now < self.until


@dataclass(frozen=True, slots=True)
class Excess:
    """That too much was about to be opened: by whom, for which case, how much, and whether the executive was told."""

    at: datetime
    glass: str
    device: str
    reader: str
    case_number: str
    records: int
    devices: int


def break_glass(world: World, actor: Actor, device: str, *, reason: str, case_number: str) -> Glass:
    """Begin half an hour in which this customer's records may be opened. Raises Forbidden, NotFound, Invalid."""
    _check_right(world, actor)
    why, case = said(reason), " ".join(case_number.split())
    if not 1 <= len(case) <= _CASE_LONGEST or not case.isprintable():
        raise Invalid(f"Name the case, in 1 to {_CASE_LONGEST} characters.", where="case")
    known = devices.get(world, device)
    one, role = new_id(), who_of(world, str(actor))
    with world.change(actor) as work:
        until = work.now + GLASS_LASTS
        row = {
            "id": one, "device": known.id, "product": known.product, "actor": str(actor), "role": role[:200],
            "reason": why, "case_number": case, "began_at": work.now, "until": until, "ended_at": None, "records": 0,
        }  # fmt: skip
        store.add(work.connection, row)
        work.record(GlassBroken(glass=one, device=known.id, product=known.product, case=case, until=until))
    return find_glass(world, one)


def open_records(world: World, actor: Actor, one: str, stream: str, *, until: datetime | None = None) -> list[Reading]:
    """Return up to 50 records of one stream, newest first, whole; the ledger has their numbers before you have them.

    Raises Forbidden for somebody else's emergency, Refused once it is over, TooMany where it would be too much.
    """
    _check_right(world, actor)
    found = find_glass(world, one)
    since = time_began(world, found.device)
    if since is not None and since > found.began_at:
        raise Refused(
            "The time of the customer for whom it was is over.", do="Begin another, with its reason and case."
        )
    rows = records_of(world).read(found.device, topics=(stream,), since=since, until=until, most=GLASS_PAGE)
    excess = _note(world, actor, one, stream, rows)
    if excess is not None:
        if actor.kind == "staff":
            people.end_all_sessions(world, SYSTEM, actor.id)
        minutes = int(GLASS_TIME.total_seconds() // 60)
        raise TooMany(
            f"That would be {excess.records} records of {excess.devices} customers in {minutes} minutes.",
            retry_after=int(GLASS_TIME.total_seconds()),
            do="Your sessions were ended, and the executive is told. If the work needs more, agree on it first.",
        )
    return open_whole(world, actor, found.device, rows, GLASS)


def end_glass(world: World, actor: Actor, one: str) -> Glass:
    """Say that an emergency is over."""
    with world.change(actor) as work:
        found = _mine(work, actor, one)
        if found.lasts(work.now):
            _end(work, found, "said so")
    return find_glass(world, one)


def find_glass(world: World, one: str) -> Glass:
    """Return an emergency. Raises NotFound."""
    with world.look() as connection:
        row = store.find(connection, one)
    if row is None:
        raise NotFound("There is no such emergency.", do="See: careful data break-glass list")
    return _as_glass(row)


def glasses(world: World, device: str | None = None, *, most: int = 100) -> list[Glass]:
    """Return emergencies, the newest first."""
    with world.look() as connection:
        return [_as_glass(row) for row in store.listed(connection, device, most)]


def glasses_seen(world: World, device: str) -> list[Glass]:
    """Return those in the present customer's time, for the customer's own eyes."""
    since = time_began(world, device)
    return [one for one in glasses(world, device) if since is None or one.began_at >= since]


def excesses(world: World, since: datetime) -> list[Excess]:
    """Return where too much was about to be opened since a moment, the newest first."""
    with world.look() as connection:
        found = ledger.read(connection, names=[GlassExcess.name], newest_first=True, limit=50)
    return [
        Excess(one.at, *(one.data[name] for name in ("glass", "device", "reader", "case", "records", "devices")))
        for one in found
        if one.at >= since
    ]


def excess_told(world: World, one: str) -> bool:
    """Tell whether the executive was written to about an emergency."""
    with world.look() as connection:
        return bool(ledger.read(connection, names=[GlassTold.name], subject=f"glass/{one}", limit=1))


def _check_right(world: World, actor: Actor) -> None:
    if actor.kind == "token":
        raise Forbidden("A token opens nothing in an emergency: only a person who proves that it is them.")
    if not people.allowed(people.roles_of(world, actor), "data", "break-glass"):
        raise Forbidden("You may not do that.", do="Ask someone whose role has data:break-glass.")


def _note(world: World, actor: Actor, one: str, stream: str, rows: list[Row]) -> Excess | None:
    """Write down what is about to be opened, or that it would be too much: then what it would have been."""
    with world.change(actor) as work:
        found = _mine(work, actor, one)
        if not found.lasts(work.now):
            raise Refused("That emergency is over.", do="Begin another, with its reason and case.")
        lately = store.lately(work.connection, str(actor), work.now - GLASS_TIME)
        records = sum(row.records for row in lately) + len(rows)
        customers = {row.device for row in lately} | {found.device}
        if records > world.settings.break_glass_records or len(customers) > GLASS_CUSTOMERS:
            _end(work, found, "too much")
            work.record(
                GlassExcess(
                    glass=one, device=found.device, product=found.product, reader=str(actor), case=found.case_number,
                    records=records, devices=len(customers), minutes=int(GLASS_TIME.total_seconds() // 60),
                )
            )  # fmt: skip
            return Excess(work.now, one, found.device, str(actor), found.case_number, records, len(customers))
        if rows:
            at = max([work.now, *(row.at + timedelta(microseconds=1) for row in lately)])  # the key is the moment
            store.note(
                work.connection,
                {
                    "glass": one, "at": at, "stream": stream, "actor": str(actor), "device": found.device,
                    "records": len(rows),
                },
            )  # fmt: skip
            store.change(work.connection, one, records=found.records + len(rows))
            work.record(
                GlassOpened(
                    glass=one, device=found.device, product=found.product, stream=stream,
                    records=tuple(row.number for row in rows), count=len(rows),
                )
            )  # fmt: skip
    return None


def _mine(work: Work, actor: Actor, one: str) -> Glass:
    row = store.find(work.connection, one, lock=True)
    if row is None or row.actor != str(actor):
        raise Forbidden("That emergency is not yours.", do="Begin one of your own, with its reason and case.")
    return _as_glass(row)


def _end(work: Work, found: Glass, why: str) -> None:
    store.change(work.connection, found.id, ended_at=work.now)
    work.record(GlassEnded(glass=found.id, device=found.device, product=found.product, why=why, records=found.records))


def _as_glass(row: Any) -> Glass:  # noqa: ANN401 (a row of the table)
    return Glass(**{name: getattr(row, name) for name in Glass.__dataclass_fields__})
