"""What can happen with the owners of devices, as the ledger knows it: ids alone, never an address."""

from dataclasses import dataclass

from careful.kernel.ledger import Event, event
from careful.owners.model import Why


@event("owners.codes_made", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class CodesMade(Event):
    """Codes for units' labels were made; an earlier code of the same unit is void."""

    product: str
    devices: tuple[str, ...]


@event("owners.claimed", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Event):
    """Somebody who held the unit, or read its label, proved an address too: the device is theirs."""

    device: str
    owner: str


@event("owners.claim_ended", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEnded(Event):
    """A device is this owner's no more; they reach nothing of it from this moment."""

    device: str
    owner: str
    why: Why


@event("owners.guessing_stopped", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class GuessingStopped(Event):
    """So many wrong codes came for a device that no more are taken for a while."""

    device: str
    tries: int


@event("owners.signed_in", subject="owner/{owner}")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerSignedIn(Event):
    """An owner opened their one-time link."""

    owner: str
    session: str


@event("owners.session_ended", subject="owner/{owner}")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerSessionEnded(Event):
    """An owner's session ended: they said so, or nothing is theirs any more."""

    owner: str
    session: str
