"""What is true of a customer's request: what they ask for, by when, whether they proved who they are; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from careful.kernel.errors import Refused

RequestKind = Literal["access", "export", "correct", "delete"]
REQUEST_KINDS: Mapping[str, str] = {
    "access": "to see what is held, and who read it",
    "export": "to have a copy to take elsewhere",
    "correct": "to have something corrected",
    "delete": "to have it deleted",
}
"""What a customer may ask for, in words."""
PROOFS: Mapping[str, str] = {
    "device": "a code that the device alone was sent",
    "signature": "a signature by the device's own key",
    "mail": "a code sent to the owner's e-mail address",
    "claim": "the owner's own page, opened by a link to their address after the code on the unit",
    "staff": "judged by staff",
}
"""How it was proven that whoever asks is the customer, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `customer` is empty where nothing personal was stored when it came."""

    id: str
    device: str
    product: str
    customer: str
    kind: RequestKind
    opened_at: datetime
    opened_by: str
    law: str
    due: datetime
    longest: datetime
    extended_at: datetime | None = None
    extension: str = ""
    proof: str = ""
    proven_at: datetime | None = None
    proven_by: str = ""
    proof_note: str = ""
    outcome: Literal["", "answered", "refused"] = ""
    closed_at: datetime | None = None
    reason: str = ""
    receipt: str = ""
    """The receipt of the deletion."""
    records: int = 0
    size: int = 0
    digest: str = ""
    """SHA-256 of the file that was made."""
    expires_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """Return how it stands: waits for proof, open, overdue, answered or refused."""
        if self.outcome:
            return self.outcome
        if now > self.due:
            return "overdue"
        return "open" if self.proven_at else "waits for proof"

    @property
    def late(self) -> bool:
        """Whether it was closed after its time."""
        return self.closed_at is not None and self.closed_at > self.due


def check_open(one: Request) -> None:
    """Raise Refused where a request is closed."""
    if one.outcome:
        raise Refused(f"Request {one.id} was {one.outcome} already.", do=f"See: careful data request show {one.id}")


def check_proven(one: Request) -> None:
    """Raise Refused where a request is closed, or nobody proved that it is the customer's."""
    check_open(one)
    if one.proven_at is None:
        raise Refused(
            f"It is not proven that request {one.id} comes from the customer; nothing is handed out or changed.",
            do=f"Prove it first: careful data request code {one.id} --to device",
        )
