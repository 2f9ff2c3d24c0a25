"""Kept no longer than promised: what is past its time is deleted, and how old the rest is, is measured in the store.

How long a field is kept stands in the product file that is in force: a number of days. A record stays as long as its
longest kept field; the others are taken out of it when their own time is over. What has no number is kept for
`inbox_days`, and says so: for personal data that is no promise, and counts as none.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from careful import devices, products
from careful.customer_data import store
from careful.customer_data.events import AgeMeasured, ExpiredDeleted
from careful.customer_data.records import Expiry, Oldest, Records
from careful.customer_data.stores import records_of
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.clock import from_iso
from careful.kernel.work import Work, World
from careful.products import Permit

LATE = timedelta(days=1)
"""How much longer than promised something may be there before the promise counts as broken: deletion runs often."""
_DELETE_SECONDS = 120.0
_MEASURE_SECONDS = 600.0
_TOLD_AGAIN = timedelta(days=1)
_MOST = 50_000
_READ = 1500
_BUILT_IN = ("state/reported",)


@dataclass(frozen=True, slots=True)
class Term:
    """How long the records of one topic are kept: by the longest, and each field that goes before."""

    topic: str
    personal: bool
    days: int | None
    fields: Mapping[str, int]


def terms_of(permit: Permit) -> list[Term]:
    """Return how long each topic of a product is kept, by its declaration."""
    found = [Term(topic, personal=False, days=None, fields={}) for topic in _BUILT_IN]
    for kind, streams in (("up", permit.streams), ("event", permit.shapes)):
        for name, stream in streams.items():
            days = {field: rule.retention_days for field, rule in stream.rules.items()}
            numbers = [one for one in days.values() if one is not None]
            longest = max(numbers) if numbers and len(numbers) == len(days) else None
            shorter = {
                field: one for field, one in days.items() if one is not None and (longest is None or one < longest)
            }
            found.append(Term(f"{kind}/{name}", bool(stream.personal), longest, shorter))
    return found


def expiries(terms: Mapping[str, Iterable[Term]], now: datetime, bound: int) -> list[Expiry]:
    """Return what is past its time now, product by product; what has no number is kept for `bound` days."""
    return [
        Expiry(
            product,
            one.topic,
            now - timedelta(days=bound if one.days is None else one.days),
            {field: now - timedelta(days=days) for field, days in one.fields.items()},
        )
        for product, each in sorted(terms.items())
        for one in each
    ]


def longest_kept(world: World) -> int:
    """Return for how many days something may be kept: what an inbox must not delete sooner by itself."""
    days = [one.days or 0 for each in _terms(world).values() for one in each]
    return max([world.settings.inbox_days, *days])


@dataclass(frozen=True, slots=True)
class Age:
    """How old the oldest of a stream, or of a field of it, is in a store, as it was measured last."""

    product: str
    stream: str
    field: str
    store: str
    personal: bool
    oldest: datetime | None
    limit_days: int | None
    as_of: datetime

    @property
    def too_long(self) -> bool:
        """Tell whether it was kept longer than promised."""
        return is_kept_too_long(self.oldest, self.limit_days, self.as_of)


def ages(world: World, product: str | None = None) -> list[Age]:
    """Return the newest measurement of everything that is kept, by product and stream."""
    with world.look() as connection:
        subject = None if product is None else f"stream/{product}/"
        entries = ledger.read(connection, names=[AgeMeasured.name], subject=subject, newest_first=True, limit=_READ)
    newest: dict[tuple[str, str, str, str], Age] = {}
    for data in (one.data for one in entries):
        place = data["product"], data["stream"], data["field"], data["store"]
        oldest = from_iso(data["oldest"]) if data["oldest"] else None
        newest.setdefault(place, Age(*place, data["personal"], oldest, data["limit_days"], from_iso(data["as_of"])))
    return [one for _, one in sorted(newest.items())]


class Retention:
    """The chore: deletes every few minutes, measures every ten, tells the ledger once a day or when an answer turns."""

    def __init__(self, records: Records | None = None) -> None:
        self._given = records
        self._delete_at = self._measure_at = 0.0
        self._deleted: Counter[str] = Counter()
        self._told: datetime | None = None

    def advance(self, world: World) -> int:
        """Do what is due; return how much was deleted or told."""
        done = 0
        if time.monotonic() >= self._delete_at:
            done += self.delete(world)
            self._delete_at = time.monotonic() + _DELETE_SECONDS
        if time.monotonic() >= self._measure_at:
            done += self.measure(world)
            self._measure_at = time.monotonic() + _MEASURE_SECONDS
        return done

    def delete(self, world: World) -> int:
        """Delete what is past its time, a bounded number of records; return how many."""
        terms, now = _terms(world), world.clock.now()
        due, product_of = expiries(terms, now, world.settings.inbox_days), _product_of(world, terms)
        done, records = 0, self._given or records_of(world)
        while done < _MOST:
            swept = records.delete_expired(product_of, due, _MOST)
            if not swept.records and not swept.fields:
                break
            done += swept.records + swept.fields
            self._deleted["records"] += swept.records
            self._deleted["fields"] += swept.fields
        if done:
            records.settle()
        return done

    def measure(self, world: World) -> int:
        """Measure how old everything is, and tell the ledger; return how many facts were told."""
        terms, now = _terms(world), world.clock.now()
        product_of, asked = _product_of(world, terms), expiries(terms, now, world.settings.inbox_days)
        records = self._given or records_of(world)
        found = {(one.product, one.topic): one for one in records.oldest(product_of, asked)}
        with world.change(SYSTEM) as work:
            store.take_turn(work.connection)  # several workers tell a fact once
            told: int = 0
            for product, each in sorted(terms.items()):
                for one in each:
                    for fact in _facts(product, one, found.get((product, one.topic)), records.name, now):
                        told += _tell(work, fact)
            for (product, topic), old in sorted(found.items()):
                if product and topic not in {one.topic for one in terms.get(product, ())}:
                    stray = Term(topic, personal=True, days=None, fields={})
                    for fact in _facts(product, stray, old, records.name, now):
                        told += _tell(work, fact)
            if self._deleted.total() and (self._told is None or now - self._told >= _TOLD_AGAIN):
                work.record(ExpiredDeleted(records=self._deleted["records"], fields=self._deleted["fields"]))
                self._told, self._deleted = now, Counter()
        return told


def is_kept_too_long(oldest: datetime | None, days: int | None, now: datetime) -> bool:
    """Tell whether the promise is broken; there is none to break where there is no number."""
    return oldest is not None and days is not None and now - oldest > timedelta(days=days) + LATE


def _facts(product: str, term: Term, found: Oldest | None, store: str, now: datetime) -> list[AgeMeasured]:
    """Return what is to be told of one topic; nothing of what is nobody's and was promised nothing, but for one."""
    if not term.personal and term.days is None and not term.fields and term.topic not in _BUILT_IN:
        return []

    def fact(field: str, oldest: datetime | None, days: int | None) -> AgeMeasured:
        return AgeMeasured(
            product=product, stream=term.topic, field=field, store=store, personal=term.personal, oldest=oldest,
            limit_days=days, as_of=now,
        )  # fmt: skip

    fields = found.fields if found else {}
    return [
        fact("", found.at if found else None, term.days),
        *(fact(field, fields.get(field), days) for field, days in sorted(term.fields.items())),
    ]


def _tell(work: Work, fact: AgeMeasured) -> int:
    """Record a fact that is a day old, or says something else than the last time: broken or not, another number."""
    before = ledger.read(work.connection, names=[AgeMeasured.name], subject=fact.subject(), newest_first=True, limit=20)
    last = next((one for one in before if one.data["field"] == fact.field and one.data["store"] == fact.store), None)
    if last is not None and work.now - last.at < _TOLD_AGAIN:
        oldest = last.data["oldest"]
        was = is_kept_too_long(from_iso(oldest) if oldest else None, last.data["limit_days"], last.at)
        same = (last.data["limit_days"], last.data["personal"], was) == (
            fact.limit_days, fact.personal, is_kept_too_long(fact.oldest, fact.limit_days, work.now),
        )  # fmt: skip
        if same:
            return 0
    work.record(fact)
    return 1


def _terms(world: World) -> dict[str, list[Term]]:
    return {one.id: terms_of(products.permit_of(world, one.id)) for one in products.list_all(world)}


def _product_of(world: World, terms: Mapping[str, object]) -> dict[str, str]:
    return {one.id: product for product in terms for one in devices.all_of(world, product)}
