"""What can happen to suppliers. Ids, days, digests and obligations; no names of people, no contents."""

from dataclasses import dataclass

from careful.kernel.ledger import Event, event


@event("suppliers.recorded", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierRecorded(Event):
    """A supplier was put on record, or what is on record of it was changed."""

    supplier: str


@event("suppliers.ended", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierEnded(Event):
    """A supplier is one no longer: nothing may go to it, and its people see nothing."""

    supplier: str
    reason: str


@event("suppliers.evidence_given", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceGiven(Event):
    """Evidence came in; `sha256` is of its file, empty where it is a reference. `until` is an ISO date."""

    supplier: str
    evidence: str
    kind: str
    until: str
    sha256: str


@event("suppliers.evidence_accepted", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceAccepted(Event):
    """Somebody of ours looked at evidence and relies on it until its end (an ISO date)."""

    supplier: str
    evidence: str
    kind: str
    until: str


@event("suppliers.evidence_withdrawn", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceWithdrawn(Event):
    """Evidence counts no longer."""

    supplier: str
    evidence: str
    reason: str


@event("suppliers.contract_noted", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContractNoted(Event):
    """A signed contract was noted with its obligations, such as `notify=24`; it takes the place of the one before."""

    supplier: str
    number: int
    signed: str
    until: str
    clauses: tuple[str, ...]


@event("suppliers.asked", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierAsked(Event):
    """A supplier was asked for something by a day."""

    supplier: str
    item: str
    due: str


@event("suppliers.answered", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierAnswered(Event):
    """What a supplier was asked for was answered."""

    supplier: str
    item: str


@event("suppliers.item_closed", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ItemClosed(Event):
    """What a supplier was asked for is done with."""

    supplier: str
    item: str


@event("suppliers.person_bound", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonBound(Event):
    """A person of the supplier's may see and answer what it is asked."""

    supplier: str
    account: str


@event("suppliers.person_unbound", subject="supplier/{supplier}")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonUnbound(Event):
    """A person no longer sees what a supplier is asked."""

    supplier: str
    account: str
