"""Which processes hold customers' keys, and when each has let go of one whose customer's time had ended.

A process that is killed says nothing any more, and needs not: its memory is gone with it. That it is gone cannot be
seen from here, so there is a bound: whoever could not say for ten minutes that it holds keys drops all of them by
itself. So of a process that was not heard of for longer, no copy is left, whether it is dead or only cut off.
"""

from collections.abc import Collection
from datetime import timedelta

from careful.customer_data import receipts_store
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World

HOLD_SECONDS = 30.0
"""How often who holds keys says so."""
LAPSE_SECONDS = 600.0
"""Who could not say so for so long lets go of all keys: a gateway outlives a short failure of the database."""
GONE_AFTER = timedelta(seconds=LAPSE_SECONDS + 2 * HOLD_SECONDS)
"""How long after it was last heard of a process has no key any more, at the latest."""


def hold(world: World, holder: str) -> None:
    """Say that a process holds keys; it must say so every half minute to be asked for an acknowledgement."""
    with world.change(SYSTEM) as work:
        receipts_store.see(work.connection, holder, work.now)


def let_go(world: World, holder: str, customers: Collection[str]) -> None:
    """Say that a process has let go of customers' keys, or never had them."""
    if customers:
        with world.change(SYSTEM) as work:
            receipts_store.let_go(work.connection, sorted(customers), holder, work.now)


def end_holding(world: World, holder: str) -> None:
    """Say that a process ends, and all its keys with it."""
    with world.change(SYSTEM) as work:
        receipts_store.gone(work.connection, holder)
