"""What is true of customers' data: whose time with a device it is, and under which epoch's key; pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Why = Literal["asked", "transfer", "reset", "retired", "key lost"]
"""Why a customer's time ended: they asked for it, the device got another owner, was reset or retired; or its key is
gone."""


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
