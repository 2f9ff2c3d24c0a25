"""One device's whole story, for whoever is asked about it: its life, what it was offered, and how that went.

Its life is in the ledger under its own name. How an update went is there too, but under the rollout's; and that it was
offered one is no event of its own, because a wave opens for thousands at once: that is told by its orders.
"""

from datetime import datetime

from careful import updates
from careful.kernel import ledger
from careful.kernel.ledger import Entry
from careful.kernel.work import World

_UPDATES = (
    "updates.device_accounted",
    "updates.device_failed",
    "updates.device_silent",
    "updates.device_updated",
    "updates.rollout_reopened",
)


def story(world: World, device: str, most: int = 50) -> list[Entry | updates.Order]:
    """Return what happened to a device, newest first: entries of the ledger, and orders where they were given to it.

    Of rollouts, the twelve newest that it was in are looked at. A device that is not known has no story.
    """
    own = f"device/{device}"
    orders = updates.orders(world, device=device, drills=False)
    rollouts = updates.rollouts_of(world, device)
    with world.look() as connection:
        found: list[Entry | updates.Order] = [*orders]
        found += ledger.read(connection, subject=own, limit=most, newest_first=True)
        for each in rollouts:
            found += ledger.read(
                connection,
                names=_UPDATES,
                subject=f"rollout/{each}",
                limit=most,
                newest_first=True,
                naming=("device", device),
            )
    return sorted(found, key=_when, reverse=True)[:most]


def _when(one: Entry | updates.Order) -> tuple[datetime, bool, int]:
    """Order by time; within one moment, an offer comes after what led to it, and what came of it takes longer."""
    return (one.at, False, one.seq) if isinstance(one, Entry) else (one.made_at, True, one.id)
