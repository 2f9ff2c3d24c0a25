"""Proving deletion: a value is planted, deleted as a customer's would be, and looked for wherever bytes are kept.

What is planted goes the way of everything else: sealed with a key of its own, through the stream where there is one,
stored, read back, taken along in a backup. Then its key is destroyed and its record swept. What may be left then is
said exactly: nothing in the data folder, the streams and the tables; in backups, and in PostgreSQL's own files and log,
only what cannot be opened once the epoch's key is gone. Where it could not be looked is said, too.
"""

import secrets
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from careful.customer_data import postgres_files, searching, store
from careful.customer_data.actions import add_customer
from careful.customer_data.epoch_keys import epoch_keys
from careful.customer_data.events import DeletionProved
from careful.customer_data.model import GRACE
from careful.customer_data.places import look_everywhere, through_the_stream
from careful.customer_data.records import Records, Row
from careful.customer_data.sealing import DataKey, open_field, read_sealed, seal
from careful.customer_data.stores import records_of
from careful.kernel import archive
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, Unavailable
from careful.kernel.ids import new_id
from careful.kernel.inbox import Message, to_micros
from careful.kernel.work import World

TOPIC = "up/canary"
_SECONDS = 20.0
_NEVER = ("the value", "the key")
"""What must lie nowhere, at no time."""
_GONE = ("the sealed value", "the wrapped key")
"""What must be gone from everything but backups once it was deleted."""
_PIECE = 24  # bytes by which the sealed value and the wrapped key are known


@dataclass(frozen=True, slots=True)
class Find:
    """Something that should not be there: what, where, and when it was looked for."""

    what: str
    place: str
    when: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof of deletion found. It held if `finds` is empty and the search itself is known to work."""

    id: str
    at: datetime
    store: str
    held: bool
    finds: tuple[Find, ...]
    places: int
    searched: tuple[str, ...]
    """Where it was looked for, in words."""
    unsearched: tuple[str, ...]
    """Where it could not be looked for, and why."""
    backups: tuple[str, ...]
    in_backups: tuple[str, ...]
    """What is in backups, as was expected: useless without the epoch's key."""
    in_files: tuple[str, ...]
    """What is in PostgreSQL's own files and log, where they were searched: as useless."""
    epoch: int
    due: datetime | None
    seconds: float


def prove_deletion(
    world: World,
    actor: Actor,
    backups: Sequence[Path] = (),
    *,
    take_backup: bool = True,
    postgres_data: Path | None = None,
) -> Proof:
    """Plant, delete and look; record the result. `postgres_data` is where PostgreSQL's files can be read.

    Raises Invalid for a backup that cannot be read and for a folder of another server, Unavailable.
    """
    began = time.monotonic()
    files = _Files(world, postgres_data)
    planted = _Planted(world, actor)
    records = records_of(world)
    finds: list[Find] = []
    with tempfile.TemporaryDirectory(prefix="careful-proof-") as folder:
        planted.plant(records)
        before = look_everywhere(world, planted.needles)
        finds += _unexpected(before.found, _NEVER, "before")
        if not any("the sealed value" in held for held in before.found.values()):
            finds.append(Find("no trace at all: the search does not work", "everywhere", "before"))
        files.look_before(planted.needles)
        searched = list(backups)
        if take_backup:
            searched.append(Path(folder) / "backup.tar.gz")
            archive.backup(world, searched[-1])
        in_backups = {
            f"{path.name}: {place}": held
            for path in searched
            for place, held in searching.search_backup(path, planted.needles).items()
        }
        finds += _unexpected(in_backups, _NEVER, "in a backup")
        planted.delete(records)
        after = look_everywhere(world, planted.needles, gone=_GONE)
        finds += _unexpected(after.found, (*_NEVER, *_GONE), "after")
        finds += [Find("nobody knows what", place, "after") for place in after.cut_short]
        in_files = files.look_after(planted.needles)
        finds += _unexpected(in_files, _NEVER, "after")
    with world.look() as connection:
        newest = store.newest_epoch(connection)
    proof = Proof(
        id=new_id(), at=world.clock.now(), store=records.name, held=not finds, finds=tuple(finds),
        places=len(after.found) + len(in_files),
        searched=(*after.searched, *files.searched, *([f"{len(searched)} backups"] if searched else [])),
        unsearched=(*after.unsearched, *files.unsearched),
        in_files=tuple(sorted({what for held in in_files.values() for what in held})),
        backups=tuple(path.name for path in searched),
        in_backups=tuple(sorted({what for held in in_backups.values() for what in held})),
        epoch=newest.number if newest else 0, due=newest.ends + GRACE if newest else None,
        seconds=round(time.monotonic() - began, 2),
    )  # fmt: skip
    with world.change(actor) as work:
        work.record(
            DeletionProved(
                proof=proof.id, store=proof.store, held=proof.held, places=proof.places, backups=len(searched),
                found=tuple(f"{one.what} in {one.place} ({one.when})" for one in finds[:20]),
                epoch=proof.epoch, due=proof.due, as_of=proof.at, searched=proof.searched,
                unsearched=proof.unsearched,
            )
        )  # fmt: skip
    return proof


class _Planted:
    """One planted value, its customer and what tells them in bytes."""

    def __init__(self, world: World, actor: Actor) -> None:
        self._world, self._actor = world, actor
        self.device = f"canary-{new_id()}"
        self.value = f"canary-{secrets.token_hex(16)}"
        self.needles: Mapping[str, bytes] = {}
        self._customer = ""

    def plant(self, records: Records) -> None:
        """Store the value as a device's is stored, and read it back."""
        world = self._world
        with world.change(self._actor) as work:
            store.take_turn(work.connection)
            self._customer, key, wrapped = add_customer(work, epoch_keys(world), self.device, world.settings.epoch_days)
        ready = DataKey(self._customer, key)
        payload = seal(ready, TOPIC, 0, {"value"}, {"value": self.value}, secrets.token_bytes)
        sealed = read_sealed(payload).sealed["value"]
        self.needles = {
            "the value": self.value.encode(), "the key": key, "the sealed value": sealed[:_PIECE],
            "the wrapped key": wrapped[:_PIECE],
        }  # fmt: skip
        message = Message(self.device, TOPIC, payload, to_micros(world.clock.now()))
        if world.settings.inbox:
            through_the_stream(world, message)
            row = _arrived(records, self.device)
        else:
            records.append([message])
            (row,) = records.read(self.device)
        if open_field(ready, TOPIC, read_sealed(row.payload), "value") != self.value:
            raise Unavailable("What was planted did not come back.")

    def delete(self, records: Records) -> None:
        """Destroy the key, sweep the record, and have both leave the files."""
        world = self._world
        with world.change(self._actor) as work:
            store.take_turn(work.connection)
            store.end_customer(work.connection, self._customer, work.now, "asked")
        moment = world.clock.now().replace(year=9000)
        while records.delete_of(self.device, moment, 1000):
            pass
        until = time.monotonic() + _SECONDS
        while not (records.settle() and world.database.fold(store.customer.name)):
            if time.monotonic() > until:
                raise Unavailable("Other programs hold the database open; what was deleted is still in its log.")
            time.sleep(0.2)
        with world.change(self._actor) as work:
            store.forget_customer(work.connection, self._customer)


def _arrived(records: Records, device: str) -> Row:
    """Wait until a worker, or whoever moves, has brought it to rest."""
    until = time.monotonic() + _SECONDS
    while not (rows := records.read(device)):
        if time.monotonic() > until:
            raise Unavailable("What was planted does not come out of the stream.", do="See whether a worker runs.")
        time.sleep(0.2)
    return rows[0]


class _Files:
    """PostgreSQL's own files, where it is the database and they can be searched."""

    def __init__(self, world: World, given: Path | None) -> None:
        self._world = world
        self._folder: Path | None = None
        self.searched: list[str] = []
        self.unsearched: list[str] = []
        if not world.database.is_sqlite:
            self._folder, why = postgres_files.folder_of(world, given)
            if self._folder is None:
                self.unsearched.append(f"PostgreSQL's own files and log: {why}")
        elif given is not None:
            raise Invalid("The database is SQLite; PostgreSQL has no files here.", do="Leave --postgres-data out.")

    def look_before(self, needles: Mapping[str, bytes]) -> None:
        """See that the search works there: what was stored just now must be found."""
        if self._folder is None:
            return
        found = postgres_files.search(self._world, self._folder, needles)
        if not any("the sealed value" in held for held in found.values()):
            self.unsearched.append("PostgreSQL's own files and log: not even what was stored just now is found there")
            self._folder = None

    def look_after(self, needles: Mapping[str, bytes]) -> dict[str, frozenset[str]]:
        """Return, for each file, which needles it holds."""
        if self._folder is None:
            return {}
        found = postgres_files.search(self._world, self._folder, needles)
        log = sum(name.startswith("pg_wal/") for name in found)
        self.searched.append(f"{len(found)} files of PostgreSQL, {log} of them its log")
        return {f"PostgreSQL's {name}": held for name, held in found.items()}


def _unexpected(found: Mapping[str, frozenset[str]], what: Sequence[str], when: str) -> list[Find]:
    return [Find(one, place, when) for place, held in sorted(found.items()) for one in what if one in held]
