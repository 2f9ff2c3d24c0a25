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
    declaration: int = 0


@event("releases.declaration_pinned", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationPinned(Event):
    """Devices on this release are judged by another version of the product file; `before` is 0 where none was noted."""

    release: str
    product: str
    version: str
    declaration: int
    before: int
    reason: str


@event("releases.part_added", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class PartAdded(Event):
    """A further file, for a part of the device, became part of a release that nobody had signed."""

    release: str
    product: str
    version: str
    part: str
    artifact: str


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


@event("releases.policy_set", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet(Event):
    """What the product asks of its releases was set: which signers of bundles (key digests) and builders it takes."""

    product: str
    digest: str
    signers: tuple[str, ...]
    builders: tuple[str, ...]
    required: bool


@event("releases.provenance_added", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceAdded(Event):
    """A signed attestation says who built the release; it was checked against the product's policy."""

    release: str
    product: str
    version: str
    attestation: str
    builder: str
    keyid: str
    accepted: bool


@event("releases.artifact_altered", subject="artifact/{artifact}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactAltered(Event):
    """A file in the artifact store no longer has the bytes that it is named after; it is served to nobody."""

    artifact: str
