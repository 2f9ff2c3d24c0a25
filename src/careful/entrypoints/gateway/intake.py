"""What devices may say just now, and what was made of it: shared by the doors that take messages.

The permit of a device is that of the release it reports, the consents are those of its present customer. Both are
looked up when it connects, and again when the ledger says that they changed. Counting happens in memory; `write` brings
the counts to the database, about once a second.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from careful import customer_data, devices, releases
from careful.customer_data import Stopped, Used
from careful.devices import Refusal
from careful.entrypoints.gateway.allowance import Spent
from careful.entrypoints.gateway.spending import Spending
from careful.kernel import ledger
from careful.kernel.errors import CarefulError, Unavailable
from careful.kernel.work import World
from careful.products import KINDS, NOBODY, Permit

COUNTS_MOST = 10_000
BEGUN_MOST = 200_000
ONCE_MOST = 2000
"""Records that are counted once by their names, between two writes; those beyond are counted without asking."""
_BY_PRODUCT = (
    "products.declared",
    "products.approved",
    "releases.added",
    "releases.declaration_pinned",
    "releases.withdrawn",
)
_ENDS_CUSTOMER = "customer_data.customer_ended"
_VERSION = "devices.version_reported"
_BY_DEVICE = (*customer_data.CONSENT_CHANGES, _ENDS_CUSTOMER)
_CHANGES = (*_BY_PRODUCT, *_BY_DEVICE, _VERSION)
_OF_STREAMS = frozenset(KINDS)
_log = structlog.get_logger(__name__)
Place = tuple[str, str, str, str, str, str]
"""Product, release, device, item, field, kind."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What one device may say: by which release it reports, and as of which entry of the ledger.

    `judged` is the release again if it is one of ours, else empty.
    """

    permit: Permit
    consents: frozenset[str] = NOBODY
    release: str = ""
    mark: int = 0
    judged: str = ""
    used: tuple[Used, ...] = ()


@dataclass(frozen=True, slots=True)
class Speaker:
    """A device that is connected: whose product, and which release it last reported.

    `judged` is the one by which it is judged just now, and for which is counted what it is refused: it may say that it
    runs whatever it likes.
    """

    device: str
    product: str
    release: str
    judged: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """What the ledger says since it was last asked: whose permits, whose consents, and which customers' time ended.

    `releases` are those that devices were heard to run, by whatever way they said it.
    """

    size: int
    products: frozenset[str]
    devices: frozenset[str]
    ended: tuple[tuple[str, str], ...]
    releases: Mapping[str, str]

    def concerns(self, who: Speaker) -> bool:
        """Tell whether what this device may say could have changed."""
        changed = who.product in self.products or who.device in self.devices
        return changed or self.releases.get(who.device, who.release) != who.release


@dataclass(slots=True)
class Counts:
    """What was counted since it was last written."""

    refusals: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """(device, kind) -> the last detail, and how often."""
    fields: dict[Place, tuple[int, int]] = field(default_factory=dict)
    """How often, and how often the rest of the record was taken."""
    places: dict[str, int] = field(default_factory=dict)
    """Device -> at how many places it was counted."""
    taken: dict[str, dict[tuple[str, tuple[str, ...]], int]] = field(default_factory=dict)
    """Product -> (data item, fields) -> records."""
    began: dict[tuple[str, str], str] = field(default_factory=dict)
    """(device, data item) -> product."""
    once: dict[bytes, tuple[Speaker, tuple[tuple[str, str], ...]]] = field(default_factory=dict)
    """Mark -> who, and kind and detail of what was left out: counted unless the mark was before."""
    used: list[Used] = field(default_factory=list)

    def count(self, who: Speaker, kind: str, detail: str, *, left_out: bool = False) -> None:
        """Count a refusal: a whole message, or a field that was left out of one."""
        before = self.refusals.get((who.device, kind))
        if before is not None or len(self.refusals) < COUNTS_MOST:
            self.refusals[who.device, kind] = detail, 1 + (before[1] if before else 0)
        if kind not in _OF_STREAMS or not who.product:
            return
        item, _, name = detail.partition(".")
        place = (who.product, who.judged, who.device, item, name, kind)
        there = self.fields.get(place)
        if there is None:
            many = self.places.get(who.device, 0)
            if many >= customer_data.PLACES_MOST:  # it makes up names: the rest of them are one
                place = (who.product, who.judged, who.device, customer_data.OTHERS, "", kind)
                there = self.fields.get(place)
            self.places[who.device] = many + 1
        if there is not None or len(self.fields) < COUNTS_MOST:
            number, rest = there or (0, 0)
            self.fields[place] = number + 1, rest + left_out

    def add(self, other: "Counts") -> None:
        """Add what could not be written; what came later stays the last detail."""
        for key, (detail, number) in other.refusals.items():
            later = self.refusals.get(key)
            self.refusals[key] = (later or (detail, 0))[0], number + (later[1] if later else 0)
        for place, (number, left_out) in other.fields.items():
            there = self.fields.get(place, (0, 0))
            self.fields[place] = there[0] + number, there[1] + left_out
        for product, counted in other.taken.items():
            mine = self.taken.setdefault(product, {})
            for what, number in counted.items():
                mine[what] = mine.get(what, 0) + number
        self.began = other.began | self.began
        self.once = other.once | self.once


class Intake:
    """One door's part. What is called `write`, `admit`, `changed` or `anew` asks the database: call it in a thread."""

    def __init__(self, world: World, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._world = world
        self._counts = Counts()
        self._permits: dict[str, tuple[str, Permit]] = {}
        self._spending = Spending(monotonic)
        self._begun: set[tuple[str, str]] = set()

    def admit(self, device: str, product: str) -> Admitted:
        """Look up what a device may say. Raises NotFound."""
        with self._world.look() as connection:
            mark = ledger.size(connection)
        release = devices.get(self._world, device).version or ""
        may = self.anew([Speaker(device, product, release)], mark)[device]
        if not may.permit.long_rates:
            return may
        return replace(may, used=customer_data.used_by(self._world, device))

    def anew(self, speakers: Sequence[Speaker], mark: int = 0) -> dict[str, Admitted]:
        """Look up what these devices may say, by the releases that are given. Raises NotFound."""
        permits: dict[tuple[str, str], tuple[Permit, bool]] = {}
        for one in speakers:
            if (one.product, one.release) not in permits:
                permit = releases.permit_for(self._world, one.product, one.release)
                known = releases.is_known(self._world, one.product, one.release)
                permits[one.product, one.release] = permit, known
        consents = customer_data.consent_words(self._world, [one.device for one in speakers])
        found = {}
        for one in speakers:
            permit, known = permits[one.product, one.release]
            found[one.device] = Admitted(permit, consents[one.device], one.release, mark, one.release if known else "")
        return found

    def changed(self, since: int) -> News:
        """Return what changed after the ledger had the size `since`."""
        with self._world.look() as connection:
            size = ledger.size(connection)
            entries = ledger.read(connection, names=_CHANGES, after=since - 1) if size > since else []
        return News(
            size,
            frozenset(str(one.data["product"]) for one in entries if one.name in _BY_PRODUCT),
            frozenset(str(one.data["device"]) for one in entries if one.name in _BY_DEVICE),
            tuple((one.data["device"], one.data["customer"]) for one in entries if one.name == _ENDS_CUSTOMER),
            {one.data["device"]: one.data["version"] for one in entries if one.name == _VERSION},
        )

    def spent(self, device: str, used: Sequence[Used] = ()) -> Spent:
        """Return the memory of what a device has sent of its rates; it is the same one after a reconnection."""
        return self._spending.of(device, used, self._world.clock.now())

    def watch(self, product: str, permit: Permit) -> None:
        """Count from now on what is taken by this permit."""
        self._permits[f"{product} {permit.version}"] = product, permit
        self._spending.watch(permit.long_rates)

    def count(self, who: Speaker, kind: str, detail: str, *, left_out: bool = False) -> None:
        """Count a refusal: a whole message, or a field that was left out of one."""
        self._counts.count(who, kind, detail, left_out=left_out)

    def left_out(self, who: Speaker, dropped: Sequence[tuple[str, str]], mark: bytes) -> bool:
        """Count what was left out of a record that may be sent again under the same `mark`; tell whether it waits.

        It waits for the next `write`, which says whether it was counted before.
        """
        if len(self._counts.once) >= ONCE_MOST:
            for kind, detail in dropped:
                self.count(who, kind, detail, left_out=True)
            return False
        self._counts.once[mark] = who, tuple(dropped)
        return True

    def began(self, who: Speaker, item: str) -> None:
        """Note that personal data of an item whose consent matters was taken from a device."""
        if (who.device, item) not in self._begun:
            if len(self._begun) >= BEGUN_MOST:
                self._begun.clear()  # the database knows, too
            self._begun.add((who.device, item))
            self._counts.began[who.device, item] = who.product

    def forget(self, names: Iterable[str]) -> None:
        """Forget what began with these devices: their consents changed, so their customers may have."""
        gone = frozenset(names)
        if gone:
            self._begun = {one for one in self._begun if one[0] not in gone}

    def drain(self, *, last: bool = False) -> Counts:
        """Take all counts away, to be written; `last`: also of all devices what they used of their rates."""
        counts, self._counts = self._counts, Counts()
        counts.used = self._spending.changed(self._world.clock.now(), everything=last)
        for product, permit in self._permits.values():
            taken = permit.drain()
            mine = counts.taken.setdefault(product, {}) if taken else {}
            for what, number in taken.items():
                mine[what] = mine.get(what, 0) + number
        return counts

    def put_back(self, counts: Counts) -> None:
        """Keep what could not be written for the next time."""
        self._counts.add(counts)
        self._spending.put_back(counts.used)

    def write(self, counts: Counts) -> list[tuple[Speaker, str, str]]:
        """Bring counts to the database. What is written is taken out of `counts`, so that it may be put back.

        Return what was left out of records that had waited for this: who, kind and detail.
        """
        now, new = self._world.clock.now(), []
        for mark in customer_data.first_counted(self._world, list(counts.once)):
            who, dropped = counts.once[mark]
            for kind, detail in dropped:
                counts.count(who, kind, detail, left_out=True)
                new.append((who, kind, detail))
        counts.once = {}
        devices.record_refusals(self._world, _refusals(counts.refusals, now))
        counts.refusals = {}
        customer_data.count_stopped(self._world, _stopped(counts.fields, now))
        counts.fields, counts.places = {}, {}
        customer_data.note_began(self._world, counts.began)
        counts.began = {}
        for product in list(counts.taken):
            customer_data.count_observed(self._world, product, counts.taken[product])
            del counts.taken[product]
        customer_data.note_used(self._world, counts.used)
        counts.used = []
        return new


def note_reported(world: World, versions: Mapping[str, str], crashes: Mapping[str, int], door: str) -> None:
    """Bring to the database what devices said they run, and how often that has crashed. Raises Unavailable."""
    for device, version in versions.items():
        try:
            devices.report_version(world, device, version, door)
        except Unavailable:
            raise
        except CarefulError as refused:
            _log.info("a reported version was refused", device=device, why=str(refused))
    if crashes:
        devices.report_crashes(world, crashes)


def _refusals(counted: Mapping[tuple[str, str], tuple[str, int]], now: datetime) -> list[Refusal]:
    return [Refusal(device, kind, detail, number, now) for (device, kind), (detail, number) in counted.items()]


def _stopped(counted: Mapping[Place, tuple[int, int]], now: datetime) -> list[Stopped]:
    return [
        Stopped(
            product=product, release=release, device=device, item=item, field=name, kind=kind,
            count=number, left_out=left_out, at=now,
        )
        for (product, release, device, item, name, kind), (number, left_out) in counted.items()
    ]  # fmt: skip
