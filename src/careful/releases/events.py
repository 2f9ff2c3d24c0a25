"""What can happen with releases."""

from dataclasses import dataclass

from careful.kernel.ledger import Event, event


@event("releases.added", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAdded(Event):
    """An image and its SBOM became a release: digests of both, and how many components can be looked up."""

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
    """The release's image is genuine: these keys signed version `metadata` of what names it."""

    release: str
    product: str
    version: str
    artifact: str
    keyids: tuple[str, ...]
    metadata: int


@event("releases.withdrawn", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseWithdrawn(Event):
    """The release is offered to no device any more."""

    release: str
    product: str
    version: str
    reason: str
