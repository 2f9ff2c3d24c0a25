"""Records in PostgreSQL: a table partitioned by day; a day that is past for everything in it is dropped whole."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from careful.customer_data import days_store
from careful.customer_data import readings_store as store
from careful.customer_data.moving import add
from careful.customer_data.records import Expiry, InboxRecords, Oldest, Row, Swept, holding, taking_out
from careful.kernel.database import Database
from careful.kernel.inbox import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOOKED_AT = 2000
_SAMPLE = 200
_AT_ONCE = 5000
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class PostgresRecords:
    """Records in PostgreSQL; see `Records`. `waiting`: the inbox file, where moved rows stay for an hour."""

    name = "postgresql"

    def __init__(self, database: Database, waiting: InboxRecords | None = None) -> None:
        self._database, self._waiting = database, waiting

    def append(self, messages: Sequence[Message]) -> None:
        """Store messages; see `Records.append`."""
        with self._database.transaction("write") as connection:
            add(connection, messages, set())

    def read(
        self,
        device: str,
        *,
        topics: Collection[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        most: int = 100,
    ) -> list[Row]:
        """Return records; see `Records.read`."""
        with self._database.transaction("read") as connection:
            return [Row(*one) for one in store.read(connection, device, topics, since, until, before, most)]

    def oldest(self, product_of: Mapping[str, str], expiries: Iterable[Expiry]) -> list[Oldest]:
        """Measure; see `Records.oldest`.

        Goes day after day from the oldest, until all that was asked for is found. The moments are exact. A day that is
        over is read once, and again when its first record of something is gone: so read are, as a rule, the days that
        are being deleted just now, and the present one where something was never sent.
        """
        asked = {(one.product, one.topic): one.fields for one in expiries}
        found: dict[tuple[str, str], datetime] = {}
        fields: dict[tuple[str, str], dict[str, datetime]] = {}
        for day, is_over in self._filled_days():
            if asked and all(place in found for place in asked):
                break
            for place, (_, at) in self._first_of(day, product_of, found, is_over=is_over).items():
                found.setdefault(place, at)
        with self._database.transaction("read") as connection:
            for (product, topic), names in asked.items():
                some = [device for device, one in product_of.items() if one == product]
                for name in names if (product, topic) in found else ():
                    holds = holding(name)
                    rows = store.oldest_payloads(connection, topic, some, None, None, _SAMPLE)  # whatever was believed
                    rows += store.oldest_payloads(connection, topic, some, _struck(connection, product, topic, name))
                    first = next((at for _, _, at, payload in rows[:_LOOKED_AT] if holds(payload)), None)
                    if first is not None:
                        fields.setdefault((product, topic), {})[name] = first
        return [Oldest(self.name, *place, at, fields.get(place, {})) for place, at in sorted(found.items())]

    def delete_expired(self, product_of: Mapping[str, str], expiries: Iterable[Expiry], most: int) -> Swept:
        """Delete; see `Records.delete_expired`."""
        due = {(one.product, one.topic): one for one in expiries}
        records = self._drop_days(product_of, due)
        fields = 0
        for (product, topic), expiry in due.items():
            some = [device for device, one in product_of.items() if one == product]
            if expiry.before is not None and records < most:
                with self._database.transaction("write") as connection:
                    records += store.delete_before(connection, topic, some, expiry.before, min(most, _AT_ONCE))
            for name, before in expiry.fields.items():
                fields += self._strike(product, topic, name, before, some, min(most, _AT_ONCE))
        return Swept(records, fields)

    def _filled_days(self) -> list[tuple[date, bool]]:
        """Return the days that have records, oldest first, and whether each is over: a later one has some, too."""
        with self._database.transaction("read") as connection:
            filled = [day for day in store.days(connection) if not days_store.is_empty(connection, day)]
        return [(day, day != filled[-1]) for day in filled]

    def _first_of(
        self, day: date, product_of: Mapping[str, str], known: Container[days_store.Place], *, is_over: bool
    ) -> dict[days_store.Place, days_store.First]:
        """Return the first record of each place of a day, but for those `known`; as remembered, if it holds."""
        if is_over:
            with self._database.transaction("read") as connection:
                found = days_store.remembered(connection, day)
                wanted = {place: first for place, first in (found or {}).items() if place not in known}
                if found is not None and all(
                    days_store.is_there(connection, day, topic, first) for (_, topic), first in wanted.items()
                ):
                    return wanted
            with self._database.transaction("write") as connection:
                days_store.begin(connection, day, datetime.now(UTC))
        with self._database.transaction("write") as connection:
            found = {}
            for device, topic, at in store.sources_of(connection, day):
                place = product_of.get(device, ""), topic
                if place not in found or at < found[place][1]:
                    found[place] = device, at
            if is_over:
                days_store.remember(connection, day, found)
        return {place: first for place, first in found.items() if place not in known}

    def _drop_days(self, product_of: Mapping[str, str], due: Mapping[tuple[str, str], Expiry]) -> int:
        """Drop the days that are past for everything in them; return how many records went with them."""
        limits = [one.before for one in due.values() if one.before is not None]
        gone = 0
        if not limits:
            return 0
        with self._database.transaction("read") as connection:
            days = [day for day in store.days(connection) if _end(day) <= max(limits)]
        for day in days:
            if not all(_is_past(day, due.get(one)) for one in self._first_of(day, product_of, (), is_over=True)):
                continue
            with self._database.transaction("write") as connection:
                places = {(product_of.get(device, ""), topic) for device, topic, _ in store.sources_of(connection, day)}
                if all(_is_past(day, due.get(place)) for place in places):
                    gone += store.drop_day(connection, day)
                    days_store.forget(connection, [day])
        return gone

    def _strike(self, product: str, topic: str, name: str, before: datetime, devices: Sequence[str], most: int) -> int:
        """Take a field out of what came before a moment; return how many records were looked at."""
        strip = taking_out((name,))
        with self._database.transaction("write") as connection:
            if _struck(connection, product, topic, name) is None:  # so that there is something to be held
                store.set_struck(connection, product, topic, name, _EVER)
        with self._database.transaction("write") as connection:
            # Held, so that what arrives late meanwhile is either seen here, or has it looked for again after this.
            since = store.hold_struck(connection, product, topic, name)
            rows = store.oldest_payloads(connection, topic, devices, since, before, most)
            while len(rows) == most and rows[0][2] == rows[-1][2]:
                most *= 2
                rows = store.oldest_payloads(connection, topic, devices, since, before, most)
            changed = [(device, number, at, new) for device, number, at, old in rows if (new := strip(old)) != old]
            store.rewrite(connection, changed)
            if rows:  # of the last moment there may be more than were read
                last = rows[-1][2] - _TICK if len(rows) == most else rows[-1][2]
                store.set_struck(connection, product, topic, name, last)
        return len(rows)

    def delete_of(self, device: str, before: datetime, most: int) -> int:
        """Delete; see `Records.delete_of`."""
        with self._database.transaction("write") as connection:
            gone = store.delete_before(connection, None, [device], before, min(most, _AT_ONCE))
        return gone + (self._waiting.delete_of(device, before, most) if self._waiting else 0)

    def settle(self) -> bool:
        """Vacuum, so that what was deleted leaves the table's files; see `Records.settle`."""
        store.vacuum(self._database.engine)
        return self._waiting.settle() if self._waiting else True


def _struck(connection: "Connection", product: str, topic: str, name: str) -> datetime | None:
    return store.struck_up_to(connection, product, topic, name)


def _is_past(day: date, expiry: Expiry | None) -> bool:
    return expiry is not None and expiry.before is not None and _end(day) <= expiry.before


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)
