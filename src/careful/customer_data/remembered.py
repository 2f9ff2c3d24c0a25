"""What doors remember beyond a restart: which records they counted, and what devices used of their longer rates.

A device that sends a request again, because its answer was lost, is counted once, also if the gateway died meanwhile.
A limit for an hour or a day would be none if it began anew with each restart; a minute is over before one is.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from careful.customer_data import remembered_store as store
from careful.customer_data.intake_store import take_turn
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World

_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a data item a device sent in the hour or day that began then."""

    device: str
    item: str
    began: datetime
    messages: int
    bytes: int


def first_counted(world: World, marks: Collection[bytes]) -> set[bytes]:
    """Note that these are counted now; return those that never were."""
    if not marks:
        return set()
    with world.change(SYSTEM) as work:
        take_turn(work.connection)
        return store.mark(work.connection, marks, work.now)


def note_used(world: World, used: Sequence[Used]) -> None:
    """Note what devices have used of their rates; the later word about a device's data item holds."""
    rows = {(one.device, one.item): asdict(one) for one in used}
    if rows:
        with world.change(SYSTEM) as work:
            take_turn(work.connection)
            store.note_spent(work.connection, [rows[place] for place in sorted(rows)])


def used_by(world: World, device: str) -> tuple[Used, ...]:
    """Return what a device has used in the hours and days that may still be under way."""
    with world.look() as connection:
        rows = store.spent_by(connection, device, world.clock.now() - _LONGEST)
    return tuple(Used(row.device, row.item, row.began, row.messages, row.bytes) for row in rows)


def forget_remembered(world: World) -> int:
    """Forget what is over; return how many rows. A chore for the worker."""
    now = world.clock.now()
    limits = now - timedelta(days=world.settings.inbox_days), now - _LONGEST
    with world.look() as connection:
        if not store.any_old(connection, *limits):
            return 0
    with world.change(SYSTEM) as work:
        return store.forget(work.connection, *limits)
