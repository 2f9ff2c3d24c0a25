"""What was not let pass: counted for ever, told to the ledger at most once a minute for each device and kind.

A hostile device can refuse itself as often as it likes: it moves one counter and adds sixty events an hour at most.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from careful.devices import queries, store
from careful.devices.events import EnrolmentRefused, TrafficRefused
from careful.devices.model import Refusal
from careful.kernel.actors import SYSTEM
from careful.kernel.work import Work, World

TOLD_EVERY = timedelta(minutes=1)
_ENROL = "enrol."
_DETAIL = 200
_KIND = 40


def record_refusals(world: World, refused: Sequence[Refusal]) -> None:
    """Count what a gateway refused; call it with many at once. Unprintable characters in `detail` are replaced."""
    if refused:
        with world.change(SYSTEM) as work:
            count_refusals(work, refused)


def count_refusals(work: Work, refused: Iterable[Refusal]) -> None:
    """Count refusals inside the caller's transaction, and tell the ledger of those whose minute is over."""
    merged: dict[tuple[str, str], Refusal] = {}
    for one in refused:
        before = merged.get((one.device, one.kind))
        count = one.count + (before.count if before else 0)
        merged[one.device, one.kind] = Refusal(one.device, one.kind, one.detail, count, one.at)
    for one in (merged[place] for place in sorted(merged)):  # one order for all writers
        values = {"device": one.device, "kind": one.kind[:_KIND], "detail": _printable(one.detail)}
        row = store.count_refusal(work.connection, {**values, "count": max(one.count, 1), "at": one.at})
        if row.told_at is None or work.now - row.told_at >= TOLD_EVERY:
            _tell(work, row)


def tell_refusals(world: World) -> int:
    """Tell the ledger of counts that no later refusal would carry there; return how many. A chore for the worker."""
    with world.look() as connection:
        if not queries.untold(connection, _before(world.clock.now())):
            return 0  # nothing to tell: no write lock for nothing
    with world.change(SYSTEM) as work:
        waiting = queries.untold(work.connection, _before(work.now))
        for row in waiting:
            _tell(work, row)
    return len(waiting)


def _before(now: datetime) -> datetime:
    return now - TOLD_EVERY


def _tell(work: Work, row: store.RefusalRow) -> None:
    store.told(work.connection, row.device, row.kind, work.now)
    if row.kind.startswith(_ENROL) and not row.device:
        work.record(EnrolmentRefused(reason=row.kind.removeprefix(_ENROL), count=row.untold))
    else:
        work.record(TrafficRefused(device=row.device, kind=row.kind, count=row.untold, detail=row.detail))


def _printable(text: str) -> str:
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:_DETAIL]
    )
