"""The outbox: messages for the outside world (mail, feeds, webhooks), stored with the change that causes them.

A worker leases a due message, hands it to the handler for its kind, and forgets it once delivered. What fails is
retried with growing pauses; what fails for good goes to the shelf, where a person sees it. A message may be delivered
twice (after a crash between delivery and note), so handlers pass on the message id for the receiver to notice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Column, Connection, Integer, String, Table, Text, func, insert, or_, select, update

from careful.kernel.actors import SYSTEM
from careful.kernel.database import JSONText, Moment, metadata, upsert
from careful.kernel.errors import CarefulError
from careful.kernel.ids import new_id
from careful.kernel.ledger import Event, event

if TYPE_CHECKING:  # work.py stores messages through this file, so only its type may be known here
    from careful.kernel.work import World

MAX_ATTEMPTS = 8
_LEASE = timedelta(minutes=2)
_log = structlog.get_logger(__name__)

messages = Table(
    "outbox_message",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key", String(200), unique=True, nullable=True),
    Column("kind", String(80), nullable=False),
    Column("payload", JSONText, nullable=True),
    Column("state", String(10), nullable=False, index=True),
    Column("posted_at", Moment, nullable=False),
    Column("due", Moment, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("leased_until", Moment, nullable=True),
    Column("last_error", Text, nullable=True),
)


@event("outbox.message_shelved", subject="message/{message}")
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageShelved(Event):
    """A message could not be delivered and waits on the shelf for a person."""

    message: str
    kind: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way out."""

    id: str
    kind: str
    payload: Mapping[str, Any]
    attempts: int


Handler = Callable[["World", Message], None]


def post(
    connection: Connection,
    kind: str,
    payload: Mapping[str, Any],
    *,
    now: datetime,
    due: datetime | None = None,
    key: str | None = None,
) -> None:
    """Store a message in the caller's transaction."""
    row = {
        "id": new_id(),
        "key": key,
        "kind": kind,
        "payload": dict(payload),
        "state": "waiting",
        "posted_at": now,
        "due": due or now,
        "attempts": 0,
        "leased_until": None,
        "last_error": None,
    }
    if key is None:
        connection.execute(insert(messages), row)
    else:
        upsert(connection, messages, [row], ["key"], change=[])


def deliver(world: "World", handlers: Mapping[str, Handler], limit: int = 50) -> int:
    """Deliver what is due, at most `limit` messages; return how many left the outbox or moved to the shelf."""
    moved = 0
    for message in _lease(world, tuple(handlers), limit):
        try:
            handlers[message.kind](world, message)
        except (CarefulError, OSError, ValueError) as failure:
            moved += _put_back(world, message, failure)
        else:
            with world.change(SYSTEM) as work:
                # The payload may hold an address: it goes as soon as it has served.
                work.connection.execute(
                    update(messages).where(messages.c.id == message.id).values(state="done", payload=None)
                )
            moved += 1
    return moved


def counts(connection: Connection) -> dict[str, int]:
    """Return how many messages are in each state."""
    rows = connection.execute(select(messages.c.state, func.count()).group_by(messages.c.state))
    return {state: int(number) for state, number in rows}


def _lease(world: "World", kinds: tuple[str, ...], limit: int) -> list[Message]:
    now = world.clock.now()
    free = or_(messages.c.leased_until.is_(None), messages.c.leased_until < now)
    due = select(messages).where(messages.c.state == "waiting", messages.c.due <= now, free, messages.c.kind.in_(kinds))
    with world.look() as connection:
        if connection.execute(due.limit(1)).first() is None:
            return []  # nothing due: no write lock for nothing
    with world.change(SYSTEM) as work:
        rows = work.connection.execute(
            due.order_by(messages.c.due).limit(limit).with_for_update(skip_locked=True)
        ).all()
        if rows:
            work.connection.execute(
                update(messages).where(messages.c.id.in_([row.id for row in rows])).values(leased_until=now + _LEASE)
            )
    return [Message(row.id, row.kind, row.payload, row.attempts) for row in rows]


def _put_back(world: "World", message: Message, failure: Exception) -> int:
    attempts = message.attempts + 1
    shelved = attempts >= MAX_ATTEMPTS
    _log.warning("message not delivered", message=message.id, kind=message.kind, attempts=attempts, why=str(failure))
    with world.change(SYSTEM) as work:
        work.connection.execute(
            update(messages)
            .where(messages.c.id == message.id)
            .values(
                state="shelved" if shelved else "waiting",
                attempts=attempts,
                due=work.now + timedelta(seconds=2**attempts),
                leased_until=None,
                last_error=str(failure)[:500],
            )
        )
        if shelved:
            work.record(MessageShelved(message=message.id, kind=message.kind, attempts=attempts))
    return int(shelved)
