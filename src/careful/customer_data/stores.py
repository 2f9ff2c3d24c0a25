"""Which store an installation's records lie in."""

import queue
from collections.abc import Sequence

from careful.customer_data.records import InboxRecords, Records
from careful.customer_data.records_postgres import PostgresRecords
from careful.kernel.errors import Unavailable
from careful.kernel.inbox import Message, SqliteInbox
from careful.kernel.work import World

_SECONDS = 30.0


def records_of(world: World) -> Records:
    """Return where the installation's records lie: the inbox file, or PostgreSQL where that is the database."""
    inbox = InboxRecords(world.home, lambda messages: _append(world, messages))
    return inbox if world.database.is_sqlite else PostgresRecords(world.database, inbox)


def _append(world: World, messages: Sequence[Message]) -> None:
    """Write into the inbox file beside whatever gateway does. Raises Unavailable."""
    answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
    box = SqliteInbox(world.home, world.clock, days=3650)
    try:
        box.append(messages, answers.put)
        failure = answers.get(timeout=_SECONDS)
    except queue.Empty as late:
        raise Unavailable("The inbox does not answer.", do="Run: careful doctor") from late
    finally:
        box.close()
    if failure is not None:
        raise failure
