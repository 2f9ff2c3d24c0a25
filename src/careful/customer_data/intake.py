"""What the check at the door took and refused: counted by device, release and field; the ledger hears a summary.

A gateway counts in memory and hands its counts over about once a second. No value is kept, only names: of declared
fields, and of undeclared ones as far as they could be a field's name at all. A hostile device can make up as many names
as it likes: beyond `PLACES_MOST` it moves one counter, and the ledger hears of `NAMES_TOLD` a product and period.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from careful.customer_data import intake_store as store
from careful.customer_data.events import DataObserved, DataRefused
from careful.kernel.actors import SYSTEM
from careful.kernel.work import Work, World

TOLD_EVERY = timedelta(minutes=10)
"""How often at most the ledger hears of one field of one release that is refused again and again."""
OBSERVED_EVERY = timedelta(hours=24)
KEPT = timedelta(days=90)
"""For how long what was refused stays on the Data page after the last time."""
PLACES_MOST = 100
NAMES_TOLD = 20
OTHERS = "(others)"
_OBSERVED = "observed"
_MADE_UP = "undeclared-"
_ITEM, _FIELD, _KIND, _RELEASE = 80, 120, 40, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What a gateway did not take of one device's records: `count` times, of which `left_out` kept the rest in."""

    product: str
    release: str
    device: str
    item: str
    field: str
    kind: str
    count: int
    left_out: int
    at: datetime

    @property
    def place(self) -> tuple[str, ...]:
        """Return where it is counted for the product."""
        return (self.product, self.release, self.item, self.field, self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedField:
    """One kind of refusal of one field, over all devices."""

    product: str
    release: str
    item: str
    field: str
    kind: str
    count: int
    left_out: int
    devices: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedField:
    """How often a field was taken, and when last; the field "" stands for the records of the item."""

    product: str
    item: str
    field: str
    count: int
    first_at: datetime
    last_at: datetime


def count_stopped(world: World, stopped: Sequence[Stopped]) -> None:
    """Count what a gateway did not take, and tell the ledger of what is due."""
    if not stopped:
        return
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        rows = _bounded(work, map(_cut, stopped))
        store.add_refused(work.connection, rows)
        told = store.told_at(work.connection)
        groups = {tuple(row[name] for name in store.GROUP) for row in rows}
        if any(one not in told or work.now - told[one] >= TOLD_EVERY for one in groups):
            _tell_refused(work, told)


def count_observed(world: World, product: str, taken: Mapping[tuple[str, tuple[str, ...]], int]) -> None:
    """Count what was taken: (data item, its fields) -> how many records of just these fields."""
    counts: dict[tuple[str, str], int] = {}
    for (item, fields), number in taken.items():
        for name in ("", *fields):
            counts[item, name] = counts.get((item, name), 0) + number
    if not counts:
        return
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        rows = [
            {"product": product, "item": item, "field": name, "count": number, "at": work.now}
            for (item, name), number in sorted(counts.items())
        ]
        store.add_observed(work.connection, rows)
        _tell_observed(work)


def tell_intake(world: World) -> int:
    """Tell the ledger what no later record would carry there, and forget what is old. A chore for the worker."""
    now = world.clock.now()
    with world.look() as connection:
        untold = [*store.untold_refused(connection), *store.untold_observed(connection)]
        old = store.any_before(connection, now - KEPT)
    if not untold and not old:
        return 0
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        done = _tell_refused(work, store.told_at(work.connection)) + _tell_observed(work)
        store.forget_told(work.connection, work.now - KEPT)
        return done + store.forget_refused(work.connection, work.now - KEPT)


def refused_fields(world: World, product: str | None = None) -> list[RefusedField]:
    """Return what was refused in the last 90 days, of one product or of all, the newest first."""
    with world.look() as connection:
        rows = store.refused_of(connection, product, world.clock.now() - KEPT)
    names = ("left_out", "devices", "first_at", "last_at")
    return [
        RefusedField(
            count=int(row.times),
            **{name: getattr(row, name) for name in (*store.GROUP, *names)} | {"left_out": int(row.left_out)},
        )
        for row in rows
    ]


def observed_fields(world: World, product: str) -> list[ObservedField]:
    """Return what was taken of a product's data, by item and field."""
    names = ("product", "item", "field", "first_at", "last_at")
    with world.look() as connection:
        rows = store.observed_of(connection, product)
    return [ObservedField(count=row.times, **{name: getattr(row, name) for name in names}) for row in rows]


def refused_devices(world: World, group: Sequence[str], most: int = 100) -> list[tuple[str, int, datetime]]:
    """Return device, count and last time for one row of `refused_fields` (product, release, item, field, kind)."""
    with world.look() as connection:
        rows = store.devices_of(connection, group, most)
    return [(row.device, row.times, row.last_at) for row in rows]


def _cut(one: Stopped) -> Stopped:
    return replace(
        one, release=one.release[:_RELEASE], item=one.item[:_ITEM], field=one.field[:_FIELD], kind=one.kind[:_KIND]
    )


def _bounded(work: Work, stopped: Iterable[Stopped]) -> list[dict[str, Any]]:
    """Merge what is counted at one place; a device with too many places gets no new ones."""
    known: dict[str, set[tuple[str, ...]]] = {}
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for one in stopped:
        places = known.get(one.device)
        if places is None:
            places = known[one.device] = store.places_of(work.connection, one.device)
        kept = one
        if one.place not in places and len(places) >= PLACES_MOST:
            kept = replace(one, item=OTHERS, field="")
        places.add(kept.place)
        row = merged.setdefault(
            (*kept.place, kept.device),
            dict(zip(store.KEY, (*kept.place, kept.device), strict=True)) | {"count": 0, "left_out": 0, "at": kept.at},
        )
        row["count"] += kept.count
        row["left_out"] += kept.left_out
        row["at"] = max(row["at"], kept.at)
    return [merged[key] for key in sorted(merged)]  # one order for all writers


def _tell_refused(work: Work, told: Mapping[tuple[str, ...], datetime]) -> int:
    waiting = store.untold_refused(work.connection)
    names: dict[str, int] = {}
    for (product, *_, kind), at in told.items():
        if kind.startswith(_MADE_UP) and work.now - at < TOLD_EVERY:
            names[product] = names.get(product, 0) + 1
    done = 0
    for row in waiting:
        group = tuple(row[: len(store.GROUP)])
        before = told.get(group)
        if before is not None and work.now - before < TOLD_EVERY:
            continue
        if row.kind.startswith(_MADE_UP):
            if names.get(row.product, 0) >= NAMES_TOLD:
                continue  # the next period's turn
            names[row.product] = names.get(row.product, 0) + 1
        store.note_told(work.connection, group, work.now)
        work.record(
            DataRefused(
                product=row.product,
                release=row.release,
                item=row.item,
                field=row.field,
                kind=row.kind,
                count=int(row.untold),
                left_out=int(row.left_out),
                devices=row.devices,
                since=before or row.first_at,
                until=row.last_at,
            )
        )
        done += 1
    return done


def _tell_observed(work: Work) -> int:
    told = store.told_at(work.connection)
    products: dict[str, list[Any]] = {}
    for row in store.untold_observed(work.connection):
        products.setdefault(row.product, []).append(row)
    done = 0
    for product, rows in products.items():
        group = (product, "", "", "", _OBSERVED)
        before = told.get(group)
        if before is not None and work.now - before < OBSERVED_EVERY:
            continue
        store.note_told(work.connection, group, work.now)
        work.record(
            DataObserved(
                product=product,
                records=sum(int(row.untold) for row in rows if not row.field),
                fields=tuple(f"{row.item}.{row.field}" for row in rows if row.field),
                since=before or min(row.first_at for row in rows),
                until=max(row.last_at for row in rows),
            )
        )
        done += 1
    return done
