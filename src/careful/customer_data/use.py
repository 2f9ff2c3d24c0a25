"""Who read what, told to the ledger in sums; and which fields nobody reads, so that they are collected no more."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from careful import products
from careful.customer_data import reads_store, store
from careful.customer_data.events import RemovalProposed, UseMeasured, WasRead
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World
from careful.products import BUILT_IN, Permit

if TYPE_CHECKING:
    from sqlalchemy import Connection

UNREAD = timedelta(days=90)
TOLD_EVERY = timedelta(minutes=1)
_LOG_KEPT = timedelta(days=730)
_MEASURED_EVERY = timedelta(days=1)
_NAMED_MOST = 50


@dataclass(frozen=True, slots=True)
class Use:
    """One field that is collected: since when, when it was last read, whether it was proposed to collect it no more."""

    product: str
    stream: str
    field: str
    since: datetime
    read_at: datetime | None
    proposed_at: datetime | None


@dataclass(frozen=True, slots=True)
class LoggedRead:
    """One line of the log of reads."""

    at: datetime
    actor: str
    purpose: str
    product: str
    device: str
    customer: str
    stream: str
    fields: tuple[str, ...]
    withheld: tuple[str, ...]
    records: int
    personal: bool


def reads(world: World, *, device: str | None = None, most: int = 200) -> list[LoggedRead]:
    """Return who read what, the newest first."""
    with world.look() as connection:
        rows = reads_store.reads(connection, device=device, most=most)
    return [
        LoggedRead(
            row.at, row.actor, row.purpose, row.product, row.device, row.customer, row.stream, tuple(row.fields),
            tuple(row.withheld), row.records, row.personal,
        )
        for row in rows
    ]  # fmt: skip


def uses(world: World, product: str | None = None) -> list[Use]:
    """Return every field that is collected, with when it was last read."""
    with world.look() as connection:
        rows = reads_store.uses(connection, product)
    return [Use(row.product, row.stream, row.field, row.since, row.read_at, row.proposed_at) for row in rows]


def unread(found: Iterable[Use], now: datetime) -> list[Use]:
    """Return the fields that nobody has read for 90 days; pure."""
    return [one for one in found if now - max(one.since, one.read_at or one.since) >= UNREAD]


def tell_reads(world: World) -> int:
    """Tell the ledger, a minute later and in sums, who read what. A chore for the worker."""
    before = world.clock.now() - TOLD_EVERY
    with world.look() as connection:
        if not reads_store.untold(connection, before):
            return 0
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)  # several workers tell each read once
        rows = reads_store.untold(work.connection, before)
        grouped: dict[tuple[str, str, str, str], list[Any]] = {}
        for row in rows:
            grouped.setdefault((row.actor, row.product, row.stream, row.purpose), []).append(row)
        for (actor, product, stream, purpose), some in sorted(grouped.items()):
            work.record(
                WasRead(
                    product=product, stream=stream, reader=actor, purpose=purpose, reads=len(some),
                    records=sum(one.records for one in some), devices=len({one.device for one in some}),
                    fields=tuple(sorted({name for one in some for name in one.fields})[:_NAMED_MOST]),
                    withheld=tuple(sorted({name for one in some for name in one.withheld})[:_NAMED_MOST]),
                    personal=any(one.personal for one in some), since=some[0].at, until=some[-1].at,
                )
            )  # fmt: skip
        reads_store.told(work.connection, [row.id for row in rows])
        reads_store.forget_before(work.connection, work.now - _LOG_KEPT)
    return len(rows)


def measure_use(world: World) -> int:
    """Note what is collected, propose what nobody reads, and tell both once a day. A chore for the worker."""
    return sum(_measure(world, one.id, products.permit_of(world, one.id)) for one in products.list_all(world))


def _measure(world: World, product: str, permit: Permit) -> int:
    with world.look() as connection:
        if not _is_due(connection, product, world.clock.now()):
            return 0
    rules = _rules(permit)
    streams = {place: rule for place, rule in rules.items() if place[0].startswith("up/")}  # events name no recipients
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        if not _is_due(work.connection, product, work.now):
            return 0
        reads_store.begin_use(work.connection, [(product, stream, name) for stream, name in rules], work.now)
        reads_store.forget_others(work.connection, product, set(rules))
        rows = reads_store.uses(work.connection, product)
        found = unread([Use(r.product, r.stream, r.field, r.since, r.read_at, r.proposed_at) for r in rows], work.now)
        for one in found:
            if one.proposed_at is None or work.now - one.proposed_at >= UNREAD:
                reads_store.propose(work.connection, product, one.stream, one.field, work.now)
                work.record(
                    RemovalProposed(
                        product=product, stream=one.stream, field=one.field, since=one.since, read_at=one.read_at
                    )
                )
        work.record(
            UseMeasured(
                product=product, fields=len(rules), personal=sum(rule.personal for rule in rules.values()),
                without_purpose=_named(place for place, rule in rules.items() if not rule.purpose),
                without_recipients=_named(p for p, rule in streams.items() if rule.recipients is None),
                without_role=_named(p for p, rule in rules.items() if rule.personal and not rule.access_roles),
                unread=_named((one.stream, one.field) for one in found), as_of=work.now,
            )
        )  # fmt: skip
    return 1


def _is_due(connection: "Connection", product: str, now: datetime) -> bool:
    last = ledger.read(connection, names=[UseMeasured.name], subject=f"product/{product}", newest_first=True, limit=1)
    return not last or now - last[0].at >= _MEASURED_EVERY


def _rules(permit: Permit) -> dict[tuple[str, str], products.FieldRule]:
    found = {
        (f"up/{stream.name}", name): rule for stream in permit.streams.values() for name, rule in stream.rules.items()
    }
    for stream in permit.shapes.values():
        if stream.name not in BUILT_IN or (stream.name == "reset" and not permit.resets):
            found |= {(f"event/{stream.name}", name): rule for name, rule in stream.rules.items()}
    return found


def _named(places: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{stream}.{name}" for stream, name in places)[:_NAMED_MOST])
