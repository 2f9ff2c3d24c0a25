"""Where records lie at rest, behind one protocol: the inbox file itself (embedded), or tables by day (PostgreSQL)."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from careful.customer_data import sealing
from careful.kernel import inbox_rows
from careful.kernel.inbox import Message

_AT_ONCE = 500  # rows in one transaction: what a gateway that wants to write waits for
_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """One message at rest. `topic` is such as `up/climate`; `payload` is as `sealing` made it."""

    device: str
    topic: str
    at: datetime
    payload: bytes
    number: int = 0
    """Its place among the records of its device: what came later has a greater one."""


@dataclass(frozen=True, slots=True)
class Oldest:
    """How old what is kept of one stream of one product is: the record, and each field with a time of its own."""

    store: str
    product: str
    topic: str
    at: datetime
    fields: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expiry:
    """What is past its time, of one topic of one product.

    Records that came before `before` go whole; from younger ones the fields go whose own moment they came before.
    """

    product: str
    topic: str
    before: datetime | None
    fields: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many records were deleted, and how many were looked at for fields to take out."""

    records: int = 0
    fields: int = 0


class Records(Protocol):
    """What can be done with records at rest. Everything may be called from any process, while gateways go on."""

    @property
    def name(self) -> str:
        """Which store this is, as facts name it."""
        ...

    def append(self, messages: Sequence[Message]) -> None:
        """Store messages. A resend of one that is there already is stored once."""
        ...

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
        """Return up to `most` records of a device, newest first: `since` is included, `until` and `before` are not.

        `before` is the number of the last record of the page before.
        """
        ...

    def oldest(self, product_of: Mapping[str, str], expiries: Iterable[Expiry]) -> list[Oldest]:
        """Measure, in the store itself, how old each topic of each product is, and the fields that `expiries` name."""
        ...

    def delete_expired(self, product_of: Mapping[str, str], expiries: Iterable[Expiry], most: int) -> Swept:
        """Delete up to about `most` of what is past its time; call it again until nothing is left."""
        ...

    def delete_of(self, device: str, before: datetime, most: int) -> int:
        """Delete up to `most` records of a device that came before a moment; return how many."""
        ...

    def settle(self) -> bool:
        """Make sure that what was deleted has left the files; tell whether it has (else: call it again later)."""
        ...


class InboxRecords:
    """Records in the inbox file: what the gateway wrote there stays there until its time is over."""

    name = "inbox"

    def __init__(self, home: Path, append: Callable[[Sequence[Message]], None]) -> None:
        self._home = home
        self.append = append

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
        with inbox_rows.opened(self._home) as rows:
            found = rows.read(device, topics, since, until, before, most) if rows else []
        return [Row(one.device, one.topic, one.at, one.payload, one.number) for one in found]

    def oldest(self, product_of: Mapping[str, str], expiries: Iterable[Expiry]) -> list[Oldest]:
        """Measure; see `Records.oldest`."""
        named = {(one.product, one.topic): one.fields for one in expiries}
        found: dict[tuple[str, str], datetime] = {}
        fields: dict[tuple[str, str], dict[str, datetime]] = {}
        with inbox_rows.opened(self._home) as rows:
            for source, device, topic in rows.sources() if rows else ():
                place = (product_of.get(device, ""), topic)
                at = rows.oldest(source) if rows else None
                if at is None:
                    continue
                found[place] = min(at, found.get(place, at))
                for name in named.get(place, ()):
                    held = rows.oldest_with(source, name, holding(name), _LOOKED_AT) if rows else None
                    if held is not None:
                        ages = fields.setdefault(place, {})
                        ages[name] = min(held, ages.get(name, held))
        return [
            Oldest(self.name, product, topic, at, fields.get((product, topic), {}))
            for (product, topic), at in sorted(found.items())
        ]

    def delete_expired(self, product_of: Mapping[str, str], expiries: Iterable[Expiry], most: int) -> Swept:
        """Delete; see `Records.delete_expired`."""
        due = {(one.product, one.topic): one for one in expiries}
        records = fields = 0
        with inbox_rows.opened(self._home) as rows:
            for source, device, topic in rows.sources() if rows else ():
                expiry = due.get((product_of.get(device, ""), topic))
                if rows is None or expiry is None:
                    continue
                if expiry.before is not None:
                    records += rows.delete_before(source, expiry.before, _AT_ONCE)
                for name, before in expiry.fields.items():
                    fields += rows.strike(source, name, before, _AT_ONCE, taking_out((name,)))
                if records + fields >= most:
                    break
        return Swept(records, fields)

    def delete_of(self, device: str, before: datetime, most: int) -> int:
        """Delete; see `Records.delete_of`."""
        with inbox_rows.opened(self._home) as rows:
            return rows.delete_of(device, before, min(most, _AT_ONCE)) if rows else 0

    def settle(self) -> bool:
        """Fold the file's write-ahead log; see `Records.settle`."""
        with inbox_rows.opened(self._home) as rows:
            return rows.fold() if rows else True


def holding(name: str) -> Callable[[bytes], bool]:
    """Return what tells whether a record holds a field."""

    def holds(payload: bytes) -> bool:
        return sealing.without(payload, (name,)) != payload

    return holds


def taking_out(names: Collection[str]) -> Callable[[bytes], bytes]:
    """Return what takes fields out of a record."""
    return lambda payload: sealing.without(payload, names)
