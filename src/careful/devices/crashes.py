"""Crashes that devices report: a counter that only grows, kept as hours in which it grew.

A device that crashes once a second and one that crashed once count the same for an hour: what a rollout must know is
on how many devices, and for how long, new software is worse than old; one device in a loop must not decide it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from careful.devices import queries, traits_store
from careful.devices.model import Crashed
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World

MOST = 1_000_000_000
_KEPT = timedelta(days=90)


def report_crashes(world: World, counts: Mapping[str, int]) -> int:
    """Take what devices say their counters stand at; return how many grew. A first word and a fall count nothing.

    A counter that fell began anew (the device was reset). Devices that are not known, or run nothing known, are left.
    """
    with world.look() as connection:
        before = traits_store.crash_counters(connection, list(counts))
    news = {name: said for name, said in counts.items() if before.get(name) != said and 0 <= said <= MOST}
    if not news:
        return 0
    with world.change(SYSTEM) as work:
        before = traits_store.crash_counters(work.connection, list(news))
        known = queries.running(work.connection, list(news))
        traits_store.put_crash_counters(work.connection, {name: said for name, said in news.items() if name in known})
        hour = work.now.replace(minute=0, second=0, microsecond=0)
        grew = [name for name in sorted(known) if news[name] > before.get(name, news[name])]
        for name in grew:
            product, version = known[name]
            grown = Crashed(device=name, version=version, hour=hour, times=news[name] - before[name])
            traits_store.add_crashes(work.connection, name, product, grown)
        traits_store.forget_crashes(work.connection, work.now - _KEPT)
    return len(grew)


def crashes(world: World, product: str, since: datetime) -> list[Crashed]:
    """Return the hours since `since` in which devices of the product crashed."""
    with world.look() as connection:
        return traits_store.crashed(connection, product, since)
