"""Every place where an installation keeps bytes now, looked into for some: its folder, its streams, its tables."""
# ruff: noqa: PLC0415 (the client of a cluster is loaded only where there is one)

import queue
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from careful.customer_data import searching
from careful.kernel.errors import Unavailable
from careful.kernel.inbox import Message
from careful.kernel.inboxes import open_inbox
from careful.kernel.work import World

if TYPE_CHECKING:
    from careful.kernel.stream_search import Streams

_TAKEN_SECONDS = 20.0
_ROUNDS = 8
_PURGED_SECONDS = 15.0
"""For how long a stream may still hold what was moved out of it: it is purged every few seconds."""


@dataclass(frozen=True, slots=True)
class Everywhere:
    """What was found in which place; in words, where it was looked for, where not, and where not to the end."""

    found: dict[str, frozenset[str]]
    searched: tuple[str, ...]
    unsearched: tuple[str, ...] = ()
    cut_short: tuple[str, ...] = ()


def look_everywhere(world: World, needles: Mapping[str, bytes], gone: Collection[str] = ()) -> Everywhere:
    """Look into every file of the data folder, every message in the streams, every table of PostgreSQL.

    What is to be `gone` may be in a stream for some seconds more. Raises Unavailable where the cluster does not answer.
    """
    found = searching.search_files(world.home, needles)
    searched, unsearched, cut_short = [f"{len(found)} files of the data folder"], list[str](), list[str]()
    if world.settings.inbox:
        streams = _search_streams(world, needles, gone)
        found |= {f"stream {name}": frozenset(held) for name, held in streams.found.items()}
        searched.append(f"{streams.messages} messages in {len(streams.found)} streams")
        unsearched.append("the disks of the NATS servers: what a stream has let go of is overwritten in time")
        cut_short += [f"stream {name}: more messages than could be searched" for name in streams.cut_short]
    if not world.database.is_sqlite:
        tables = searching.search_tables(world, needles)
        found |= {f"table {name}": held for name, held in tables.found.items()}
        searched.append(f"{len(tables.found) - 1} tables of PostgreSQL and its statistics")
        unsearched += [f"table {name}: may not be read" for name in tables.unread]
        unsearched.append("the data folders of other machines, if there are any")
    return Everywhere(found, tuple(searched), tuple(unsearched), tuple(cut_short))


def through_the_stream(world: World, message: Message) -> None:
    """Hand a message to the cluster as a gateway does, and help to move it. Raises Unavailable."""
    from careful.customer_data.moving import Mover
    from careful.kernel.stream_feed import StreamFeed

    answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
    box, feed = open_inbox(world), StreamFeed(world.settings)
    try:
        box.append([message], answers.put)
        failure = answers.get(timeout=_TAKEN_SECONDS)
        if failure is not None:
            raise failure
        mover, until = Mover(feed), time.monotonic() + _TAKEN_SECONDS
        for _ in range(_ROUNDS):  # each takes some of the sources; a worker takes the others
            mover.advance(world)
            if time.monotonic() > until:
                break
    except queue.Empty as late:
        raise Unavailable("The NATS cluster does not take messages.", do="Run: careful doctor") from late
    finally:
        feed.close()
        box.close()


def _search_streams(world: World, needles: Mapping[str, bytes], gone: Collection[str]) -> "Streams":
    from careful.kernel.stream_search import search_streams

    until = time.monotonic() + _PURGED_SECONDS
    while True:
        found = search_streams(world.settings, needles)
        held = {what for some in found.found.values() for what in some}
        if held.isdisjoint(gone) or time.monotonic() > until:
            return found
        time.sleep(1.0)
