"""Ledger appends per second on both databases, one event a transaction and a hundred."""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import postgres
from table import method, repeat, row

from careful.kernel.actors import SYSTEM
from careful.kernel.clock import SystemClock
from careful.kernel.database import Database, metadata
from careful.kernel.keys import Keys
from careful.kernel.ledger import Event, event
from careful.kernel.settings import Settings
from careful.kernel.work import World


@event("bench.thing_done", subject="thing/{thing}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingDone(Event):
    """Something was done, of a typical size."""

    thing: str
    reason: str


def appends(world: World, batch: int, total: int) -> float:
    """Append `total` events, `batch` a transaction; return events a second."""
    began = time.perf_counter()
    for at in range(0, total, batch):
        with world.change(SYSTEM) as work:
            work.record(*(ThingDone(thing=f"t{at + n}", reason="because it was due") for n in range(batch)))
    return total / (time.perf_counter() - began)


def measure(name: str, url: str) -> None:
    """Print the two lines of one database."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        database = Database(url, home)
        metadata.create_all(database.engine)
        world = World(database, SystemClock(), Settings(data=home), Keys(home / "keys"), home)
        row(f"{name}, 1 event a transaction", repeat(lambda: appends(world, 1, 300)), "events/s")
        row(f"{name}, 100 events a transaction", repeat(lambda: appends(world, 100, 10_000)), "events/s")
        database.close()


def main() -> None:
    """Measure SQLite, and PostgreSQL where it is installed."""
    method(
        """Each run appends through World.change: insert the entry, move the tree's edge, commit. SQLite with
        synchronous=FULL (every commit is on disk); PostgreSQL of Debian's package with fsync=off, so its figures
        price the code and not the disk. One writer, one process."""
    )
    measure("SQLite", "")
    folder = postgres.binaries()
    if folder is None:
        print("PostgreSQL is not installed: apt-get install postgresql")
        return
    with postgres.cluster(folder) as url:
        measure("PostgreSQL", url)


if __name__ == "__main__":
    main()
