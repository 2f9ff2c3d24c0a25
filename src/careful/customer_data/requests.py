"""Customers' requests: to see, to take along, to correct, to delete. Each has a clock, a proof and a receipt.

Nothing is handed out or changed before it is proven that the customer asks. A request is of the customer whose time
with the device it was when it came: once that time is over, there is nothing left to hand out, and the receipt of its
end is the answer.
"""

import secrets
from datetime import datetime, timedelta

from careful import devices, products
from careful.customer_data import queries, receipts_store, store
from careful.customer_data import requests_store as requests
from careful.customer_data.actions import key_of
from careful.customer_data.ending import end_in
from careful.customer_data.events import RequestClosed, RequestExtended, RequestOpened
from careful.customer_data.request_clock import deadline
from careful.customer_data.request_model import REQUEST_KINDS, Request, RequestKind, check_open, check_proven
from careful.customer_data.request_proof import find_request, locked, said
from careful.customer_data.sealing import NotOpened, open_field, read_sealed, seal
from careful.customer_data.stores import records_of
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World

OPEN_MOST = 20
"""Requests that may be open for one device."""
_VALUE_LONGEST = 1000


def open_request(world: World, actor: Actor, device: str, kind: RequestKind) -> Request:
    """Note what a customer asks for; its clock begins. Raises NotFound, Invalid, Refused where very many are open."""
    if kind not in REQUEST_KINDS:
        raise Invalid("There is no such kind of request.", do=f"Use one of {', '.join(REQUEST_KINDS)}.", where="kind")
    known = devices.get(world, device)
    markets = products.get(world, known.product).declaration.markets
    with world.change(actor) as work:
        mine = requests.listed(work.connection, device=device)
        if sum(not one.outcome for one in mine) >= OPEN_MOST:
            raise Refused(f"{OPEN_MOST} requests are open for {device}.", do="Answer or refuse one first.")
        living = store.living(work.connection, device)
        by = deadline(work.now, markets, products.laws_pack().regions)
        made = Request(
            id=new_id(), device=device, product=known.product, customer=living[0].id if living else "", kind=kind,
            opened_at=work.now, opened_by=str(actor), law=by.law, due=by.due, longest=by.longest,
        )  # fmt: skip
        requests.add(work.connection, made)
        work.record(
            RequestOpened(request=made.id, device=device, product=known.product, kind=kind, law=made.law, due=made.due)
        )
    return made


def requests_of(world: World, *, device: str | None = None, most: int = 200) -> list[Request]:
    """Return requests: the open ones first, by when they are due."""
    with world.look() as connection:
        return requests.listed(connection, device=device, most=most)


def extend_request(world: World, actor: Actor, one: str, reason: str) -> Request:
    """Take the longer time that the law gives, once, for a reason. Raises Refused the second time, or too late."""
    why = said(reason)
    with world.change(actor) as work:
        found = locked(work, one)
        check_open(found)
        if found.extended_at is not None:
            raise Refused(f"Request {one} was extended already.", do="Answer it, or refuse it with a reason.")
        if work.now > found.due:
            raise Refused(f"Request {one} is overdue; it can be extended only before.", do="Answer it now.")
        requests.change(work.connection, one, extended_at=work.now, extension=why, due=found.longest)
        work.record(RequestExtended(request=one, device=found.device, product=found.product, due=found.longest))
    return find_request(world, one)


def refuse_request(world: World, actor: Actor, one: str, reason: str) -> Request:
    """Refuse a request, for a reason that its receipt says; it needs no proof."""
    why = said(reason)
    with world.change(actor) as work:
        found = locked(work, one)
        check_open(found)
        close(work, found, "refused", reason=why)
    return find_request(world, one)


def delete_requested(world: World, actor: Actor, one: str) -> Request:
    """Delete what the customer has, as they asked: their time ends, with the receipt of that, both or neither."""
    device = devices.get(world, find_request(world, one).device)
    with world.change(actor) as work:
        store.take_turn(work.connection)
        found = locked(work, one)
        expect(found, "delete")
        check_proven(found)
        ended = ended_since(work, found)
        receipt = ended or end_in(work, device, "asked").id
        close(work, found, "answered", receipt=receipt)
    return find_request(world, one)


def correct_requested(
    world: World, actor: Actor, one: str, *, stream: str, at: datetime, field: str, value: str
) -> Request:
    """Write down beside a reading what the customer says is right; what was measured stays, and both are handed out.

    Raises NotFound where there is no such reading or field, and what `key_of` raises.
    """
    found = find_request(world, one)
    expect(found, "correct")
    check_proven(found)
    text = value.strip()
    if not 1 <= len(text) <= _VALUE_LONGEST:
        raise Invalid(f"A correction has 1 to {_VALUE_LONGEST} characters.", where="value")
    _check_reading(world, found, stream, at, field)
    key = key_of(world, found.device)
    topic = f"correction/{stream}"
    with world.change(actor) as work:
        store.take_turn(work.connection)
        found = locked(work, one)
        check_proven(found)
        check_same(work, found)
        row = {
            "id": new_id(), "request": one, "device": found.device, "customer": key.customer, "stream": stream,
            "field": field, "of": at, "at": work.now,
            "payload": seal(key, topic, 0, {"value"}, {"value": text}, secrets.token_bytes),
        }  # fmt: skip
        requests.add_correction(work.connection, row)
        close(work, found, "answered", records=1)
    return find_request(world, one)


def corrections(world: World, device: str) -> list[dict[str, object]]:
    """Return what the present customer corrected, opened; for the customer's own eyes (`request_export`)."""
    with world.look() as connection:
        rows = requests.corrections(connection, device)
    if not rows:
        return []
    key = key_of(world, device)
    made = []
    for row in rows:
        try:
            value = open_field(key, f"correction/{row.stream}", read_sealed(bytes(row.payload)), "value")
        except NotOpened:
            continue
        made.append({"stream": row.stream, "of": row.of, "field": row.field, "value": value, "at": row.at})
    return made


def close(
    work: Work, found: Request, outcome: str, *, reason: str = "", receipt: str = "", records: int = 0, digest: str = ""
) -> None:
    """Close a request in the caller's work."""
    requests.change(
        work.connection, found.id, outcome=outcome, closed_at=work.now, reason=reason, receipt=receipt,
        records=records, code="",
    )  # fmt: skip
    work.record(
        RequestClosed(
            request=found.id, device=found.device, product=found.product, kind=found.kind, outcome=outcome,
            in_time=work.now <= found.due, records=records, digest=digest, receipt=receipt,
        )
    )  # fmt: skip


def expect(found: Request, *kinds: str) -> None:
    """Raise Refused for a request of another kind."""
    if found.kind not in kinds:
        raise Refused(
            f"Request {found.id} is {REQUEST_KINDS[found.kind]}.",
            do=f"Open another: careful data request open {found.device} {kinds[0]}",
        )


def ended_since(work: Work, found: Request) -> str:
    """Return the receipt of the customer's end, where their time ended after they asked; else ""."""
    later = [
        one
        for one in receipts_store.listed(work.connection, device=found.device)
        if (one.customer == found.customer if found.customer else one.at > found.opened_at)
    ]
    return later[-1].id if later else ""


def check_same(work: Work, found: Request) -> None:
    """Raise Refused where the customer's time ended after they asked: who lives there now is somebody else."""
    receipt = ended_since(work, found)
    if receipt:
        raise Refused(
            f"The time of the customer of request {found.id} has ended; what they had is deleted.",
            do=f"Refuse it, and give them the receipt: careful data receipt {receipt}",
        )


def began(world: World, found: Request) -> datetime | None:
    """Return since when what the device said is this customer's: the end of the one before, if there was one."""
    ended = [one.ended_at for one in queries.customers_of(world, found.device) if one.ended_at is not None]
    with world.look() as connection:
        ended += [one.at for one in receipts_store.listed(connection, device=found.device)]
    return max((one for one in ended if one <= found.opened_at), default=None)


def _check_reading(world: World, found: Request, stream: str, at: datetime, field: str) -> None:
    permit = products.permit_of(world, found.product)
    kind, _, name = stream.partition("/")
    declared = (permit.streams if kind == "up" else permit.shapes).get(name)
    if declared is None or field not in declared.rules:
        raise NotFound(f"{found.product} declares no field {field[:80]!r} of {stream[:80]!r}.", where="field")
    since = began(world, found)
    until = at + timedelta(microseconds=1)
    rows = records_of(world).read(found.device, topics=(stream,), since=at, until=until, most=1)
    if not rows or (since is not None and at < since):
        raise NotFound(f"There is no reading of {stream} at that moment.", do="Take `at` from the export.", where="at")
