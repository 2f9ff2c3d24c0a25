"""Which store an installation's records lie in."""

import queue
from collections.abc import Sequence

from msgspec import structs

from careful.customer_data import readings_store
from careful.customer_data.records import InboxRecords, Records
from careful.customer_data.records_postgres import PostgresRecords
from careful.kernel.errors import Unavailable
from careful.kernel.inbox import Message, SqliteInbox
from careful.kernel.work import World

_SECONDS = 30.0
_AT_ONCE = 500


def records_of(world: World) -> Records:
    """Return where the installation's records lie: the inbox file, or PostgreSQL where that is the database."""
    inbox = InboxRecords(world.home, lambda messages: _append(world, messages))
    return inbox if world.database.is_sqlite else PostgresRecords(world.database, inbox)


def bring_home(world: World) -> int:
    """Bring readings out of a backup of PostgreSQL into the inbox file, where SQLite is the database. A chore.

    Each goes under a name of its own, so that one that was brought before a kill is not brought twice.
    """
    if not world.database.is_sqlite:
        return 0
    with world.look() as connection:
        found = readings_store.first_few(connection, _AT_ONCE)
    if not found:
        return 0
    named = [structs.replace(one, record=b"restored %d" % number) for number, one in found]
    records_of(world).append(named)
    with world.database.transaction("write") as connection:
        readings_store.take_away(connection, [number for number, _ in found])
    return len(found)


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
