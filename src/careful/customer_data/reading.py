"""The one door through which what devices said is read: for a declared purpose, by a role that is declared for it.

Only records that hold something which may be read for the purpose come back; their other fields are withheld, with why.
What was read is logged before it is returned; the ledger has the sums. Who reads the personal values of too many
devices in ten minutes is stopped, and it is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from careful import devices, people, products
from careful.customer_data import queries, reads_store
from careful.customer_data.epoch_keys import epoch_keys
from careful.customer_data.events import BulkReadStopped
from careful.customer_data.purposes import ENDED, NO_KEY, purposes_of, withheld
from careful.customer_data.records import Row
from careful.customer_data.sealing import DataKey, NotOpened, is_sealed, open_field, plain_fields, read_sealed
from careful.customer_data.stores import records_of
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, TooMany
from careful.kernel.work import Work, World
from careful.products import FieldRule, Permit, Stream

REQUEST = "request"
"""The purpose under which the customer's own request is answered: all of theirs."""
RELEASE = "de-identified set"
GLASS = "break-glass"
"""The purpose under which a customer is opened in an emergency."""
BULK_TIME = timedelta(minutes=10)
READ_MOST = 1000
"""Records in one answer."""
LOOK_MOST = 50_000
"""Records that one read looks at, at most: a read that finds little must not take for ever."""
_PAGE = 1000
_PURPOSE_LONGEST = 200
_STREAM_LONGEST = 80
_ANY = "all"
_NEVER = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """One record as it may be read: values, and field -> why it is withheld. `stream` is such as `up/climate`."""

    device: str
    stream: str
    at: datetime
    customer: str
    version: int
    values: Mapping[str, object]
    withheld: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read, newest first, for which purpose."""

    purpose: str
    readings: tuple[Reading, ...]
    personal: bool = field(default=False)
    """Whether a personal value is among them."""
    closed: Mapping[str, str] = field(default_factory=dict)
    """What is collected for the purpose and could not be read: `up/clip zone` -> why."""
    stopped_at: datetime | None = None
    """Where the read stopped looking, if it did before it had enough: ask again with this as `until`."""


def read(
    world: World,
    actor: Actor,
    purpose: str,
    *,
    device: str | None = None,
    customer: str | None = None,
    stream: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> Answer:
    """Return up to `limit` records of a device, or of one customer, newest first; the log has it before you have.

    Returned, counted and logged is only what holds a field that may be read.

    `stream` is such as `up/climate` or `event/motion`. Raises Forbidden (no right to open data), Refused (nothing is
    collected for this purpose), NotFound, Invalid, TooMany (too many devices in ten minutes).
    """
    roles = people.roles_of(world, actor)
    if not people.allowed(roles, "data", "open"):
        raise Forbidden("You may not open what devices said.", do="Ask someone whose role has data:open.")
    if not 1 <= limit <= READ_MOST:
        raise Invalid(f"A read takes 1 to {READ_MOST} records.", do="Ask again with `until` for more.", where="limit")
    mine = None if customer is None else queries.customer(world, customer)
    if mine is None and device is None:
        raise NotFound("There is no such customer.", do="Name a device, or a customer of one.")
    known = devices.get(world, device or (mine.device if mine else ""))
    if mine is not None:
        since, until = max(since or mine.since, mine.since), min(until or _NEVER, mine.ended_at or _NEVER)
    permit = products.permit_of(world, known.product)
    declared = purposes_of((*permit.streams.values(), *permit.shapes.values()))
    if purpose not in declared:
        raise Refused(
            f"{known.product} collects nothing for the purpose {purpose[:_PURPOSE_LONGEST]!r}.",
            do=f"Declared are: {'; '.join(declared) or 'none'}.",
        )
    opener = _Opener(world, known.id, known.product, permit, purpose, roles)
    topics, closed = opener.topics(stream)
    find = partial(records_of(world).read, known.id, topics=topics, since=since, until=until)
    readings, stopped_at = _readable(find, opener, customer, limit) if topics else ([], None)
    _log(world, actor, known, purpose, readings, opener.personal_streams)
    if not readings:
        _log_nothing(world, actor, known, purpose, stream, closed)
    return Answer(purpose, tuple(readings), bool(opener.personal_streams), closed, stopped_at)


def _readable(
    find: Callable[..., list[Row]], opener: "_Opener", customer: str | None, limit: int
) -> tuple[list[Reading], datetime | None]:
    """Look through records page by page until so many hold something to read; return where it was given up, if so."""
    found: list[Reading] = []
    before, looked, most = None, 0, limit
    while True:
        page = find(before=before, most=most)
        for row in page:
            one = opener.open(row, customer)
            if one is not None and one.values:
                found.append(one)
                if len(found) == limit:
                    return found, None
        looked += len(page)
        if len(page) < most:
            return found, None
        if looked >= LOOK_MOST:
            return found, page[-1].at + timedelta(microseconds=1)
        before, most = page[-1].number, _PAGE


@dataclass(frozen=True, slots=True)
class BulkRead:
    """A bulk read that was stopped: whose, of how many devices, in how many minutes."""

    at: datetime
    reader: str
    devices: int
    minutes: int


def bulk_reads(world: World, since: datetime) -> list[BulkRead]:
    """Return the bulk reads that were stopped since a moment, the newest first."""
    with world.look() as connection:
        entries = ledger.read(connection, names=[BulkReadStopped.name], newest_first=True, limit=20)
    return [
        BulkRead(one.at, one.data["reader"], one.data["devices"], one.data["minutes"])
        for one in entries
        if one.at >= since
    ]


def open_whole(world: World, actor: Actor, device: str, rows: Sequence[Row], purpose: str) -> list[Reading]:
    """Open all of some records of a device, logged like any read: for a REQUEST of its customer, or for a RELEASE.

    Neither is a use of a field: what is read for them alone is still proposed to be collected no more. A set from which
    persons are taken out (RELEASE) is no bulk read of a person's.
    """
    known = devices.get(world, device)
    opener = _Opener(world, known.id, known.product, products.permit_of(world, known.product), None, frozenset())
    readings = [one for one in map(opener.open, rows) if one is not None]
    _log(world, actor, known, purpose, readings, opener.personal_streams)
    return readings


class _Opener:
    """Opens the records of one device, for one purpose (None: for the customer), in some roles."""

    def __init__(
        self, world: World, device: str, product: str, permit: Permit, purpose: str | None, roles: frozenset[str]
    ) -> None:
        self._world, self._product, self._purpose, self._roles = world, product, purpose, roles
        self._permits = {permit.version: permit}
        self._now = permit
        self._key, self._is_locked = _key(world, device)
        self.personal_streams: set[str] = set()

    def topics(self, stream: str | None) -> tuple[set[str], dict[str, str]]:
        """Return where something may be read now (of one stream, or of all), and what may not: why."""
        found: set[str] = set()
        closed: dict[str, str] = {}
        for kind, shapes in (("up", self._now.streams), ("event", self._now.shapes)):
            for topic, shape in ((f"{kind}/{name}", one) for name, one in shapes.items()):
                if stream not in {None, topic}:
                    continue
                for name, rule in shape.rules.items():
                    why = self._withheld(topic, self._now.version, name)
                    if not why:
                        found.add(topic)
                        why = NO_KEY if rule.personal and self._is_locked else ""
                    if why and self._purpose in rule.purpose:
                        closed[f"{topic} {name}"] = why
        return found, closed

    def open(self, row: Row, of: str | None = None) -> Reading | None:
        """Return one record, field by field opened or withheld; None for what is another customer's than `of`."""
        values: dict[str, object] = {}
        hidden: dict[str, str] = {}
        customer, version = "", self._now.version
        sealed = read_sealed(row.payload) if is_sealed(row.payload) else None
        if sealed is not None:
            customer, version = sealed.customer, sealed.version
        if of is not None and customer not in {"", of}:
            return None
        for name, value in plain_fields(row.payload).items():
            why = self._withheld(row.topic, version, name)
            if why:
                hidden[name] = why
            else:
                values[name] = value
                self._note(row.topic, name)
        for name in sealed.sealed if sealed is not None else ():
            why = self._withheld(row.topic, version, name) or self._lacks_key(customer)
            if why or sealed is None or self._key is None:
                hidden[name] = why or NO_KEY
                continue
            try:
                values[name] = open_field(self._key, row.topic, sealed, name)
                self.personal_streams.add(row.topic)
            except NotOpened:
                hidden[name] = NO_KEY
        return Reading(row.device, row.topic, row.at, customer, version, values, hidden)

    def _lacks_key(self, customer: str) -> str:
        if self._key is None:
            return ENDED
        return "" if self._key.customer == customer else ENDED

    def _note(self, topic: str, name: str) -> None:
        rule = _rule(self._now, topic, name)
        if rule is not None and rule.personal:
            self.personal_streams.add(topic)

    def _withheld(self, topic: str, version: int, name: str) -> str:
        if self._purpose is None:
            return ""
        rules = [_rule(self._now, topic, name)]
        if version not in {0, self._now.version}:
            rules.append(_rule(self._permit(version), topic, name))
        return withheld(rules, self._purpose, self._roles)

    def _permit(self, version: int) -> Permit:
        if version not in self._permits:
            try:
                self._permits[version] = products.permit_at(self._world, self._product, version)
            except NotFound:
                self._permits[version] = Permit({}, {}, {}, version)
        return self._permits[version]


def _rule(permit: Permit, topic: str, name: str) -> FieldRule | None:
    kind, _, stream = topic.partition("/")
    found: Stream | None = (permit.streams if kind == "up" else permit.shapes).get(stream)
    return None if found is None else found.rules.get(name)


def _key(world: World, device: str) -> tuple[DataKey | None, bool]:
    """Return the present customer's key, if there is one (reading begins nobody's time), and whether it is locked.

    It is locked where the epoch's key is not here.
    """
    found = queries.wrapped_key(world, device)
    if found is None:
        return None, False
    customer, wrapped = found
    (key,) = epoch_keys(world).unwrap(customer.epoch or 0, [(customer.id, wrapped)])
    return (None, True) if key is None else (DataKey(customer.id, key), False)


def _log(
    world: World, actor: Actor, known: devices.Device, purpose: str, readings: list[Reading], personal: set[str]
) -> None:
    """Write down what is about to be read. Raises TooMany where that is too much in too short a time."""
    now = world.clock.now()
    if personal and purpose != RELEASE:
        with world.look() as connection:
            lately = reads_store.devices_read(connection, str(actor), now - BULK_TIME, RELEASE) | {known.id}
        if len(lately) > world.settings.bulk_read_devices:
            _stop(world, actor, len(lately))
    by_stream: dict[str, list[Reading]] = {}
    for one in readings:
        by_stream.setdefault(one.stream, []).append(one)
    with world.change(actor) as work:
        for stream, some in sorted(by_stream.items()):
            _log_stream(work, actor, known, purpose, stream, some, personal=stream in personal)


def _log_nothing(
    world: World, actor: Actor, known: devices.Device, purpose: str, stream: str | None, closed: Mapping[str, str]
) -> None:
    """Write down that somebody asked and got nothing."""
    row = {
        "at": world.clock.now(), "actor": str(actor), "purpose": purpose, "product": known.product,
        "device": known.id, "customer": "", "stream": (stream or _ANY)[:_STREAM_LONGEST], "fields": [],
        "withheld": sorted(closed), "records": 0, "personal": False, "told": False,
    }  # fmt: skip
    with world.change(actor) as work:
        reads_store.log(work.connection, [row])


def _log_stream(
    work: Work, actor: Actor, known: devices.Device, purpose: str, stream: str, some: list[Reading], *, personal: bool
) -> None:
    fields = {name for one in some for name in one.values}
    customers = {one.customer for one in some if one.customer}
    row = {
        "at": work.now, "actor": str(actor), "purpose": purpose, "product": known.product, "device": known.id,
        "stream": stream, "fields": sorted(fields), "withheld": sorted({name for one in some for name in one.withheld}),
        "records": len(some), "personal": personal, "told": False,
    }  # fmt: skip
    reads_store.log(work.connection, [row | {"customer": one} for one in sorted(customers) or [""]])
    if purpose not in {REQUEST, RELEASE, GLASS}:
        reads_store.note_use(work.connection, known.product, stream, fields, work.now)


def _stop(world: World, actor: Actor, count: int) -> None:
    """End a bulk read: refuse it, tell the ledger once, and end the sessions of whoever did it."""
    minutes = int(BULK_TIME.total_seconds() // 60)
    with world.change(actor) as work:
        subject = f"reader/{actor}"
        last = ledger.read(work.connection, names=[BulkReadStopped.name], subject=subject, newest_first=True, limit=1)
        new = not last or work.now - last[0].at >= BULK_TIME
        if new:
            work.record(
                BulkReadStopped(
                    reader=str(actor), devices=count, minutes=minutes, limit=world.settings.bulk_read_devices
                )
            )
    if new and actor.kind == "staff":
        people.end_all_sessions(world, SYSTEM, actor.id)
    raise TooMany(
        f"That would be {count} devices in {minutes} minutes; at most {world.settings.bulk_read_devices} are read.",
        retry_after=int(BULK_TIME.total_seconds()),
        do="If the work needs more, raise CAREFUL_BULK_READ_DEVICES for its time. What happened was told.",
    )
