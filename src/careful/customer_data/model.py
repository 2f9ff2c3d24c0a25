"""What is true of customers' data: whose time with a device it is, and under which epoch's key; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Why = Literal["asked", "transfer", "reset", "retired", "key lost"]
"""Why a customer's time ended: they asked for it, the device got another owner, was reset or retired; or its key is
gone."""


GRACE = timedelta(days=1)
"""How long after its end an epoch's key may still be there: what moves keys on runs often, and may be late."""
WORDS = {
    "asked": "the customer asked for it",
    "transfer": "the device got another owner",
    "reset": "the device was reset",
    "retired": "the device was retired",
    "key lost": "the key was lost",
}
"""Why a customer's time ended, in words."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One person's, or household's, time with one device. There is no name: who it was is not known here."""

    id: str
    device: str
    since: datetime
    ended_at: datetime | None = None
    why: str = ""
    epoch: int | None = None
    """The epoch whose key wraps this customer's key, or wrapped it last."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stretch of time with a key of its own, which wraps the customers' keys and is destroyed at the end of it."""

    number: int
    begins: datetime
    ends: datetime
    closed_at: datetime | None = None
    """Since when it wraps no living customer's key."""
    destroyed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A process that held customers' keys when one ended, and when it had let go of that one.

    `heard`: when it was last heard of, where it has not said that it let go; none where it has ended since.
    """

    holder: str
    at: datetime | None
    heard: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a customer's data when their time ended: what is gone, what will be by when, what was not covered.

    `customer` is empty where there was no key, because nothing personal was ever stored. `due`: by then every copy of
    the wrapped key, in whatever backup, is useless; `destroyed_at`: since then it is.
    """

    id: str
    device: str
    product: str
    customer: str
    why: Why
    at: datetime
    epoch: int | None
    due: datetime | None
    records: int
    swept_at: datetime | None
    destroyed_at: datetime | None
    reads: int
    """How often values were read, by the log, before they were gone."""
    exports: tuple[str, ...]
    """What had left the house, and is not covered."""
    releases: tuple[Release, ...] = ()
