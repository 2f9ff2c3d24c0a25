"""The unit of work: every change is one transaction with its events.

`World` is what an installation consists of and what every action and query is given. `world.change(actor)` opens the
only kind of transaction that writes; the events recorded in it and the messages posted in it are stored in the same
commit, or nothing is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from careful.kernel import ledger, outbox
from careful.kernel.actors import Actor
from careful.kernel.clock import Clock
from careful.kernel.database import Database
from careful.kernel.keys import Keys
from careful.kernel.ledger import Event
from careful.kernel.settings import Settings


@dataclass(slots=True)
class Work:
    """One transaction under way: `now` is the same moment all through it."""

    connection: Connection
    actor: Actor
    now: datetime
    events: list[Event] = field(default_factory=list)

    def record(self, *happened: Event) -> None:
        """Add events; they are appended to the ledger when the work ends."""
        self.events.extend(happened)

    def post(
        self, kind: str, payload: Mapping[str, Any], *, due: datetime | None = None, key: str | None = None
    ) -> None:
        """Post a message for the outside world; one with a `key` already posted is not posted again."""
        outbox.post(self.connection, kind, payload, now=self.now, due=due, key=key)


@dataclass(frozen=True, slots=True)
class World:
    """One installation: its database, clock, settings, keys and data folder."""

    database: Database
    clock: Clock
    settings: Settings
    keys: Keys
    home: Path

    @contextmanager
    def change(self, actor: Actor) -> Iterator[Work]:
        """Open one writing transaction for `actor`. Raises Unavailable where the database does not answer."""
        with self.database.transaction("write") as connection:
            work = Work(connection, actor, self.clock.now())
            yield work
            ledger.append(connection, work.now, actor, work.events)

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Open one reading transaction: everything in it is from the same moment."""
        with self.database.transaction("read") as connection:
            yield connection
