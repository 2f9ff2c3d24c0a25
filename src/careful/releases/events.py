"""What can happen to a release."""

from dataclasses import dataclass

from careful.kernel.ledger import Event, event


@event("releases.added", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAdded(Event):
    """A build arrived with its SBOM; `artifact` and `sbom` are SHA-256 digests."""

    release: str
    product: str
    version: str
    artifact: str
    sbom: str
    components: int
    unmatchable: int
    fixes: tuple[str, ...]


@event("releases.signed", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSigned(Event):
    """The maker's key named the build as genuine in metadata version `metadata`."""

    release: str
    product: str
    version: str
    artifact: str
    keyids: tuple[str, ...]
    metadata: int


@event("releases.withdrawn", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseWithdrawn(Event):
    """The maker no longer offers the release."""

    release: str
    product: str
    version: str
    reason: str
