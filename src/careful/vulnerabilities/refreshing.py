"""Fetching again by itself what a person had fetched: who never asked for it never calls out.

The worker looks whether it is time. The fetching itself takes minutes and runs beside the worker's other chores, one
round at a time; a round in which a feed failed is repeated sooner.
"""

import threading
from datetime import datetime, timedelta

import structlog

from careful.kernel.actors import SYSTEM
from careful.kernel.errors import CarefulError
from careful.kernel.work import World
from careful.vulnerabilities import store
from careful.vulnerabilities.sync import ROUND, sync

_AFTER_FAILURE = timedelta(hours=1)
_log = structlog.get_logger(__name__)
_running: list[threading.Thread] = []


def is_due(last: datetime, now: datetime, hours: int, *, failed: bool) -> bool:
    """Tell whether it is time for another round; with 0 `hours` it never is."""
    pause = timedelta(hours=hours)
    return hours > 0 and now >= last + (min(pause, _AFTER_FAILURE) if failed else pause)


def sync_again(world: World) -> int:
    """Start another round where it is time; return how many were started."""
    hours = world.settings.feed_sync_hours
    with world.look() as connection:
        last = store.fetch_of(connection, ROUND)
    now = world.clock.now()
    if last is None or not is_due(last.fetched_at, now, hours, failed=last.page > 0):
        return 0
    if any(one.is_alive() for one in _running):
        return 0
    with world.change(SYSTEM) as work:
        if not store.claim_fetch(work.connection, ROUND, last.fetched_at, work.now):
            return 0  # another worker was first
    kinds, ecosystems = ([one for one in text.split(",") if one] for text in (last.etag, last.last_modified))
    thread = threading.Thread(target=_round, args=(world, kinds, ecosystems, last.url), name="feeds", daemon=True)
    _running[:] = [thread]
    thread.start()
    return 1


def wait() -> None:
    """Wait until the round under way is over."""
    for one in _running:
        one.join()


def _round(world: World, kinds: list[str], ecosystems: list[str], mirror: str) -> None:
    try:
        sync(world, SYSTEM, kinds=kinds, ecosystems=ecosystems, mirror=mirror)
    except CarefulError as refusal:
        _log.warning("feeds were not fetched", why=str(refusal))
    except Exception:  # noqa: BLE001 (a thread of its own: nobody else would hear of it)
        _log.exception("fetching feeds failed")
