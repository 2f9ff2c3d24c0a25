"""Which processes hold customers' keys, and when each has let go of one whose customer's time had ended."""

from collections.abc import Collection

from careful.customer_data import receipts_store
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World

HOLD_SECONDS = 30.0
"""How often who holds keys says so."""


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
