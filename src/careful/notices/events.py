"""What can happen to a notice. No address and no name of an owner ever stands in an event."""

from dataclasses import dataclass

from careful.kernel.ledger import Event, event


@event("notices.advisory_drafted", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryDrafted(Event):
    """An advisory was written for a case and waits for a person to publish it."""

    advisory: str
    case: str
    flaw: str
    product: str


@event("notices.advisory_published", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryPublished(Event):
    """An advisory is public, in plain words and as CSAF; the digest is of the CSAF file."""

    advisory: str
    case: str
    flaw: str
    product: str
    fixed_in: str | None
    csaf_sha256: str


@event("notices.owners_told", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersTold(Event):
    """The owners of the exposed devices were written to; `unreachable` counts devices with no known owner."""

    advisory: str
    case: str
    product: str
    told: int
    unreachable: int


@event("notices.owners_told_of_end", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersToldOfEnd(Event):
    """The owners of a product's devices were written to about the end of support (`stage`: announced, soon, ended)."""

    product: str
    stage: str
    told: int
    unreachable: int
