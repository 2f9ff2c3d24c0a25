"""The ledger: what happened, by whom and when, one event per change, written in the change's own transaction.

A Merkle log in the manner of RFC 6962: entry n is the n-th leaf, its bytes are the canonical JSON in `body`. Whoever
holds an old signed checkpoint can prove offline that nothing was altered, removed or reordered since. Events carry
ids, digests and reasons, never personal data. Number order is commit order: SQLite has one writer, PostgreSQL takes an
advisory lock before the number.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    insert,
    select,
    text,
    update,
)

from careful.kernel.actors import Actor
from careful.kernel.clock import from_iso, iso
from careful.kernel.database import Moment, canonical_json, metadata
from careful.kernel.merkle import Frontier, leaf_hash

_LOCK_NUMBER = 0x43415245  # "CARE": the advisory lock that makes number order commit order


class Event:
    """What can happen. Subclasses are frozen, keyword-only dataclasses in the past tense, marked with `@event`."""

    name: ClassVar[str]
    subject_form: ClassVar[str]

    def subject(self) -> str:
        """Return what the event is about, such as `device/cam-1-001`."""
        return self.subject_form.format(**self.data())

    def data(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        values: dict[str, Any] = {}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]  # every Event is a dataclass, by @event
            value = getattr(self, field.name)
            values[field.name] = iso(value) if isinstance(value, datetime) else value
        return values


REGISTRY: dict[str, type[Event]] = {}
"""Every kind of event there is, by name; the documentation is tested against it."""

E = TypeVar("E", bound=Event)


def event(name: str, *, subject: str) -> Callable[[type[E]], type[E]]:
    """Register an event class under `name`; `subject` is a format over its fields, such as `device/{device}`."""

    def register(kind: type[E]) -> type[E]:
        kind.name = name
        kind.subject_form = subject
        if REGISTRY.setdefault(name, kind).__qualname__ != kind.__qualname__:
            raise TypeError(f"two events are called {name!r}")
        REGISTRY[name] = kind
        return kind

    return register


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger, as read."""

    seq: int
    at: datetime
    actor: str
    name: str
    subject: str
    data: Mapping[str, Any]


entries = Table(
    "ledger_entry",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("name", String(80), nullable=False, index=True),
    Column("subject", String(200), nullable=False, index=True),
    Column("body", Text, nullable=False),
)
head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)
checkpoints = Table(
    "ledger_checkpoint",
    metadata,
    Column("size", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("note", Text, nullable=False),
)


def body_of(seq: int, at: datetime, actor: str, happened: Event) -> str:
    """Return the entry's bytes: canonical JSON of everything it says."""
    return canonical_json(
        {
            "actor": actor,
            "at": iso(at),
            "data": happened.data(),
            "name": happened.name,
            "seq": seq,
            "subject": happened.subject(),
        }
    )


def append(connection: Connection, at: datetime, actor: Actor, happened: Sequence[Event]) -> None:
    """Append events in order, inside the caller's transaction."""
    if not happened:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
    frontier = read_head(connection)
    first = frontier is None
    frontier = frontier or Frontier()
    rows = []
    for one in happened:
        body = body_of(frontier.size, at, str(actor), one)
        rows.append({"seq": frontier.size, "at": at, "name": one.name, "subject": one.subject(), "body": body})
        frontier.append(leaf_hash(body.encode()))
    connection.execute(insert(entries), rows)
    values = {"size": frontier.size, "frontier": frontier.to_bytes()}
    if first:
        connection.execute(insert(head), {"id": 1, **values})
    else:
        connection.execute(update(head).where(head.c.id == 1).values(**values))


def read_head(connection: Connection) -> Frontier | None:
    """Return the tree's right edge, or None before the first event."""
    row = connection.execute(select(head.c.size, head.c.frontier).where(head.c.id == 1)).one_or_none()
    return None if row is None else Frontier.from_bytes(row.size, row.frontier)


def size(connection: Connection) -> int:
    """Return how many events there are."""
    return connection.execute(select(head.c.size)).scalar_one_or_none() or 0


def read(
    connection: Connection,
    *,
    names: Iterable[str] = (),
    subject: str | None = None,
    after: int = -1,
    limit: int | None = None,
    newest_first: bool = False,
    naming: tuple[str, str] | None = None,
) -> list[Entry]:
    """Return entries with seq > `after`, oldest first unless asked; `subject` is exact, or a prefix ending in '/'.

    `naming` is a field and its value. No index helps with it: each entry that is left by the rest is looked at.
    """
    query = select(entries.c.body).where(entries.c.seq > after)
    wanted = tuple(names)
    if wanted:
        query = query.where(entries.c.name.in_(wanted))
    if subject is not None:
        query = query.where(
            entries.c.subject.startswith(subject, autoescape=True)
            if subject.endswith("/")
            else entries.c.subject == subject
        )
    if naming is not None:
        part = canonical_json(dict([naming]))[1:-1]  # bodies are canonical, and quotes in a text are escaped in them
        query = query.where(entries.c.body.contains(part, autoescape=True))
    query = query.order_by(entries.c.seq.desc() if newest_first else entries.c.seq)
    if limit is not None and naming is None:
        query = query.limit(limit)
    found = [parse(body) for body in connection.execute(query).scalars()]
    if naming is not None:  # SQLite takes A for a, and the field may be one of the entry's own
        found = [entry for entry in found if entry.data.get(naming[0]) == naming[1]][:limit]
    return found


def parse(body: str) -> Entry:
    """Read an entry's bytes. Raises ValueError or KeyError where they are not an entry."""
    said = json.loads(body)
    return Entry(said["seq"], from_iso(said["at"]), said["actor"], said["name"], said["subject"], said["data"])
