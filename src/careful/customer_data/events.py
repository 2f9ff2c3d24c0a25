"""What can happen to customers' data. Ids, counts and dates only: never a value, never who somebody is."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("customer_data.epoch_began", subject="epoch/{epoch}")
@dataclass(frozen=True, slots=True, kw_only=True)
class EpochBegan(Event):
    """A new key wraps customers' keys from now on; the one before is destroyed once all are under the new one."""

    epoch: int
    ends: datetime


@event("customer_data.customer_began", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBegan(Event):
    """A customer's time with a device began: a key of their own was made, before anything personal was stored."""

    device: str
    product: str
    customer: str
