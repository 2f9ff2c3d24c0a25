"""Epochs follow each other: a new key, every living customer's key put under it, the old key destroyed.

Each step may be killed at any point and be done again. Gateways do not notice: a customer's own key stays the same.
"""

from datetime import timedelta

from careful.customer_data import store
from careful.customer_data.epoch_keys import EpochKeys
from careful.customer_data.events import EpochBegan
from careful.customer_data.model import Epoch
from careful.kernel.work import Work


def begin_epoch(work: Work, keys: EpochKeys, days: int) -> Epoch:
    """Return the present epoch, beginning the next one where the last is over. The caller has taken its turn."""
    newest = store.newest_epoch(work.connection)
    if newest is not None and newest.ends > work.now:
        return newest
    number = newest.number + 1 if newest else 1
    proof = keys.make(number)  # first the key, then the row: what the row names is there
    made = Epoch(number, work.now, work.now + timedelta(days=days))
    store.add_epoch(work.connection, {"number": number, "begins": made.begins, "ends": made.ends, "proof": proof})
    work.record(EpochBegan(epoch=number, ends=made.ends))
    return made
