"""Ending a customer's time: their key is destroyed at once, a receipt says what that means, the rest follows by itself.

What follows, each a background step that may run twice: gateways swap their copy of the key within a second; the
records go from the store and its files; the epoch's key goes by the epoch's end, and with it every copy in backups.
"""

import time
from datetime import datetime, timedelta

from careful import devices, releases
from careful.customer_data import reads_store, receipts_store, requests_store, store
from careful.customer_data.consent import end_consents
from careful.customer_data.events import CustomerEnded, RecordsSwept
from careful.customer_data.holders import GONE_AFTER
from careful.customer_data.model import GRACE, Receipt, Why
from careful.customer_data.records import Records
from careful.customer_data.stores import records_of
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import TooMany, Unavailable
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World

RESETS_MOST = 10
"""Resets that one device may report in an hour; each costs a receipt."""
_SWEPT_AFTER = timedelta(minutes=1)  # what was under way when the time ended is in the store by then
_SWEPT_AGAIN = timedelta(days=2)  # unless it came much later: a worker was down meanwhile
_AGAIN_SECONDS = 600.0
_SWEEP_MOST = 100_000
EXPORTED = "customer_data.exported"
"""The event of whatever hands a customer's data out (subject: the device); receipts name them."""


def end_customer(world: World, actor: Actor, device: str, why: Why) -> Receipt:
    """End the time of a device's present customer and return the receipt. Raises NotFound for an unknown device."""
    known = devices.get(world, device)
    with world.change(actor) as work:
        return end_in(work, known, why)


def transfer(world: World, actor: Actor, device: str) -> Receipt:
    """Pass a device on: the customer's time ends, and whom to tell about the device is forgotten, both or neither."""
    known = devices.get(world, device)
    with world.change(actor) as work:
        return transfer_in(work, known)


def transfer_in(work: Work, known: devices.Device) -> Receipt:
    """Pass a device on as a part of other work."""
    devices.forget_contact(work, known.id, "transfer")
    return end_in(work, known, "transfer")


def reset(world: World, device: str) -> Receipt | None:
    """End the customer's time because the device says that it was reset; None where its product means something else.

    Raises TooMany for one that says so all day, NotFound.
    """
    known = devices.get(world, device)
    if not releases.permit_for(world, known.product, known.version).resets:
        return None
    with world.look() as connection:
        lately = receipts_store.count_since(connection, device, world.clock.now() - timedelta(hours=1))
    if lately >= RESETS_MOST:
        raise TooMany(f"{device} was reset {lately} times within the hour.", retry_after=3600)
    return end_customer(world, Actor("device", device), device, "reset")


class Retirement:
    """The chore that ends the time of customers whose devices are retired. It reads the ledger from where it was."""

    def __init__(self) -> None:
        self._seen = -1

    def advance(self, world: World) -> int:
        """End them; return how many."""
        with world.look() as connection:
            entries = ledger.read(connection, names=["devices.retired"], after=self._seen, limit=1000)
            alive = store.devices_alive(connection, [str(one.data["device"]) for one in entries])
        for device in sorted(alive):
            end_customer(world, SYSTEM, device, "retired")
        if entries:
            self._seen = entries[-1].seq
        return len(alive)


def end_in(work: Work, known: devices.Device, why: Why) -> Receipt:
    """End the time of a device's present customer as a part of other work, and return the receipt."""
    connection = work.connection
    store.take_turn(connection)
    customer = store.living(connection, known.id)
    one, epoch, due, since = "", None, None, work.now
    if customer is not None:
        one, since = customer[0].id, customer[0].since
        newest = store.newest_epoch(connection)
        if newest is not None:
            epoch, due = newest.number, newest.ends + GRACE
        store.end_customer(connection, one, work.now, why)
    end_consents(work, known.id, why)
    requests_store.forget_corrections(connection, known.id)
    made = Receipt(
        id=new_id(), device=known.id, product=known.product, customer=one, why=why, at=work.now, epoch=epoch, due=due,
        records=0, swept_at=None, destroyed_at=None,
        reads=reads_store.count_of(connection, one) if one else 0,
        exports=_exports(work, known.id, since),
    )  # fmt: skip
    row = {name: getattr(made, name) for name in ("id", "device", "product", "customer", "why", "at", "epoch", "due")}
    holders = receipts_store.holders_since(connection, work.now - GONE_AFTER) if one else []
    row |= {"records": 0, "reads": made.reads, "exports": list(made.exports), "holders": holders}
    receipts_store.add(connection, row)
    work.record(
        CustomerEnded(
            device=known.id, product=known.product, customer=one, why=why, epoch=epoch, due=due, receipt=made.id
        )
    )
    return made


def _exports(work: Work, device: str, since: datetime) -> tuple[str, ...]:
    entries = ledger.read(work.connection, names=[EXPORTED], subject=f"device/{device}")
    return tuple(f"{one.at:%Y-%m-%d} {one.data.get('export', '')}".strip() for one in entries if one.at >= since)


class Sweeper:
    """The chore that deletes the records of ended customers, and says when they have left the files."""

    def __init__(self, records: Records | None = None) -> None:
        self._given = records
        self._again = 0.0

    def advance(self, world: World) -> int:
        """Delete some; return how many records went or receipts were settled."""
        now, records = world.clock.now(), self._given or records_of(world)
        with world.look() as connection:
            waiting = receipts_store.to_sweep(connection, now - _SWEPT_AGAIN if self._is_time() else None)
        gone = {row.id: _delete(records, row.device, row.at) for row in waiting}
        over = {row.id for row in waiting if not row.swept_at and not gone[row.id] and now - row.at >= _SWEPT_AFTER}
        settled = over if over and _settle(world, records) else set()  # once for all: it may take a while
        for one, count in gone.items():
            if count or one in settled:
                self._note(world, one, count, settled=one in settled)
        return sum(gone.values()) + len(settled)

    def _is_time(self) -> bool:
        """Tell whether to look again for what came late; every ten minutes."""
        if time.monotonic() < self._again:
            return False
        self._again = time.monotonic() + _AGAIN_SECONDS
        return True

    def _note(self, world: World, one: str, gone: int, *, settled: bool) -> None:
        with world.change(SYSTEM) as work:
            store.take_turn(work.connection)
            found = receipts_store.find(work.connection, one)
            if found is None:
                raise Unavailable(f"There is no receipt {one} any more.")
            records = found.records + gone
            receipts_store.change(work.connection, one, records=records)
            if settled and found.swept_at is None:
                receipts_store.change(work.connection, one, swept_at=work.now)
                work.record(RecordsSwept(device=found.device, product=found.product, receipt=one, records=records))


def _delete(records: Records, device: str, before: datetime) -> int:
    gone = 0
    while gone < _SWEEP_MOST and (some := records.delete_of(device, before, _SWEEP_MOST)):
        gone += some
    return gone


def _settle(world: World, records: Records) -> bool:
    """Make sure that neither records nor wrapped keys are left in the files, where the database lets us."""
    return records.settle() and world.database.fold(store.customer.name)
