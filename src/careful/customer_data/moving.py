"""Moving readings from the inbox to where they rest, when that is PostgreSQL: in order for each device, exactly once.

A source is one partition of the stream, or one inbox file. How far it has been moved stands in the database, in the
same transaction as what was moved; the row is held meanwhile, so that several workers share the sources and a worker
that is killed lets go of them at once. Only after the commit is a source told that it may forget.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import sample
from typing import TYPE_CHECKING, Protocol

import structlog

from careful.customer_data import days_store
from careful.customer_data import readings_store as store
from careful.customer_data.once import Once, concerns, devices, names, once
from careful.customer_data.sifting import RESEND_WITHIN, gaps, new_blocks, sift
from careful.kernel.inbox import Entry, Message, Released
from careful.kernel.inbox_blocks import Block
from careful.kernel.work import World

if TYPE_CHECKING:
    from sqlalchemy import Connection

DAYS_AHEAD = 3
_AMONG = 256
_LATE = 60_000_000  # microseconds by which gateways' clocks and a slow block may differ
_WRITERS_DAYS = 2
_SECONDS = 1.0
_log = structlog.get_logger(__name__)


Batch = tuple[list[Block], int]
"""What came from one source, in order, and the place after which to go on."""


class Feed(Protocol):
    """Where blocks come from. `at_once`: how many sources one worker takes in one go, so that others find some too."""

    @property
    def at_once(self) -> int:
        """How many sources to take in one go."""
        ...

    def sources(self) -> Sequence[str]:
        """Return the names of the sources."""
        ...

    def fetch(self, places: dict[str, int]) -> dict[str, Batch]:
        """Return what comes after the place of each source, not too much; sources without news are left out."""
        ...

    def forget(self, source: str, place: int) -> None:
        """Let go of what came up to `place`: it is stored elsewhere."""
        ...


class Mover:
    """The chore. One for each worker process."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._prepared: set[str] = set()
        self._days: set[date] = set()

    def advance(self, world: World) -> int:
        """Move what has come, until there is nothing or for a second. Return how many messages were moved."""
        until, count = time.monotonic() + _SECONDS, 0
        while moved := self._round(world):
            count += moved
            if time.monotonic() > until:
                break
        return count

    def _round(self, world: World) -> int:
        """Move a batch of each source that nobody else holds, some at once; return how many messages."""
        feed = self._feed
        sources = feed.sources()
        if not self._prepared.issuperset(sources):
            with world.database.transaction("write") as connection:
                store.prepare(connection, sorted(sources))
            self._prepared.update(sources)
        mixed = sample(sources, len(sources))  # workers that went in one order would always want the same ones
        groups = [mixed[at : at + feed.at_once] for at in range(0, len(mixed), feed.at_once)]
        return sum(self._once(world, some) for some in groups)

    def _once(self, world: World, some: Sequence[str]) -> int:
        """Move one batch of some sources; return how many messages were new, or had been there before."""
        feed = self._feed
        count, batches = 0, dict[str, Batch]()
        with world.database.transaction("write") as connection:
            places = store.held(connection, some)
            batches = feed.fetch(places) if places else {}
            for source, batch in batches.items():
                count += self._take(connection, source, batch, world.clock.now())
        for source, (_, place) in batches.items():
            feed.forget(source, place)
        return count

    def _take(self, connection: "Connection", source: str, batch: Batch, now: datetime) -> int:
        """Store one source's batch in the transaction under way."""
        given, place = batch
        known = store.writers(connection, source)
        for missed in gaps(given, known):
            _log.warning("blocks are missing that were given up on, or lost", source=source, before=missed)
        blocks, last = new_blocks(given, known)
        entries = [entry for block in blocks for entry in block.entries()]
        took = add(connection, entries, self._days)
        if last:
            store.set_writers(connection, source, last, now)
        store.set_place(connection, source, place)
        _log.debug("readings moved", source=source, new=took, entries=len(entries))
        return max(1, sum(len(block.messages) for block in given))


def add(connection: "Connection", entries: Sequence[Entry], known_days: set[date]) -> int:
    """Store what is new of `entries`, making the days that are missing; return how many messages were new."""
    if not entries:
        return 0
    messages = [one for one in entries if isinstance(one, Message)]
    oldest = min((one.at for one in messages), default=0)

    def stored(again: Collection[Message]) -> Iterable[Message]:
        return store.newest_like(connection, again, oldest - RESEND_WITHIN, _AMONG)

    def resent(some: Collection[Message]) -> Iterable[Message]:
        return store.resent_since(connection, {one.device for one in some}, oldest - _LATE)

    new = _once(connection, entries)
    sifted = sift([one for one in new.entries if not isinstance(one, Released)], stored, resent)
    for day in sorted({_day(one.at) for one in sifted.messages} - known_days):
        store.add_day(connection, day)
    numbers = store.take_numbers(connection, len(sifted.messages) + 1)
    store.copy(connection, zip(numbers[1:], sifted.messages, strict=True))
    if sifted.settled:
        store.set_settled(connection, {device: numbers[count] for device, count in sifted.settled.items()})
    store.set_taken(connection, new.taken, new.freed)
    store.set_known(connection, new.named)
    if sifted.messages:
        _tell_late(connection, sifted.messages)
    return len(sifted.messages)


def _tell_late(connection: "Connection", messages: Sequence[Message]) -> None:
    """Have what may arrive late looked at by whoever believed to be done with its days and fields."""
    first: dict[str, int] = {}
    for one in messages:
        first[one.topic] = min(one.at, first.get(one.topic, one.at))
    store.look_again(connection, {topic: store.moment(at) for topic, at in sorted(first.items())})
    days_store.forget(connection, {_day(one.at) for one in messages})


def _once(connection: "Connection", entries: Sequence[Entry]) -> Once:
    """Leave out what must not be stored twice."""
    if not concerns(entries):
        return Once(list(entries))
    named = names(entries)
    held = store.taken_by(connection, devices(entries))
    return once(entries, held, store.known_of(connection, named) if named else ())


def make_days(world: World) -> int:
    """Make the partitions of the coming days, so that no batch waits for them; forget writers that are gone."""
    if world.database.is_sqlite:
        return 0
    today = world.clock.now().astimezone(UTC).date()
    wanted = {today + timedelta(days=n) for n in range(DAYS_AHEAD + 1)}
    with world.database.transaction("read") as connection:
        missing = sorted(wanted - set(store.days(connection)))
    if missing:
        with world.database.transaction("write") as connection:
            for day in missing:
                store.add_day(connection, day)
            store.forget_writers(connection, world.clock.now() - timedelta(days=_WRITERS_DAYS))
            store.forget_known(connection, world.clock.now() - timedelta(days=world.settings.inbox_days))
    return len(missing)


def _day(micros: int) -> date:
    return store.moment(micros).date()
