"""Flaws, what they affect, findings, cases and exposure; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Status = Literal["affected", "not_affected", "fixed", "under_investigation"]
STATUSES: tuple[Status, ...] = ("affected", "not_affected", "fixed", "under_investigation")
JUSTIFICATIONS = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)
"""CSAF 2.0 section 3.2.3.5 flags and OpenVEX status justifications; the same five."""

SEVERITIES = ("critical", "high", "medium", "low", "none", "unknown")
_DUE = {"critical": 7, "high": 30, "medium": 90, "low": 180}
_DUE_EXPLOITED, _DUE_UNKNOWN = 3, 30


def due_after(severity: str, *, exploited: bool) -> timedelta:
    """Return the time in which a case is to be settled: 3 days where exploited, else by severity."""
    return timedelta(days=_DUE_EXPLOITED if exploited else _DUE.get(severity, _DUE_UNKNOWN))


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw in one component of one release; `certainty` "check" means that a person must look."""

    release: str
    product: str
    component: int
    name: str
    version: str
    flaw: str
    certainty: Literal["affected", "check"]
    rule: str
    evidence: str
    fixed_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A decision that waits for a second person; `people` are those who stand behind it so far."""

    status: Status
    justification: str | None
    statement: str
    action: str
    until: datetime | None
    people: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One flaw in one product, from the day it was heard of to its close. `releases` are the versions that have it.

    `accepted_until`: no mend is planned, and the risk is accepted until then. `review` is why the decision is to be
    looked at again, `review_in` the versions that this is about, empty for all. `proposal` is not decided yet.
    `exploited` is the word of a list, `told_exploited` that of somebody of the maker's own.
    """

    id: str
    flaw: str
    product: str
    title: str
    severity: str
    exploited: bool
    state: Literal["open", "closed"]
    status: Status | None
    justification: str | None
    statement: str
    action: str
    releases: tuple[str, ...]
    fixed_in: str | None
    opened_at: datetime
    due: datetime
    judged_at: datetime | None
    review: str | None
    closed_at: datetime | None
    judged_by: tuple[str, ...] = ()
    accepted_until: datetime | None = None
    proposal: Proposal | None = None
    review_in: tuple[str, ...] = ()
    told_exploited: bool = False

    @property
    def attacked(self) -> bool:
        """Tell whether anybody says that the flaw is exploited."""
        return self.exploited or self.told_exploited


@dataclass(frozen=True, slots=True)
class Exposure:
    """The devices that run an affected release now."""

    devices: tuple[str, ...]
    by_version: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FeedAge:
    """A feed as it was last taken in: `as_of` is how young its content is known to be.

    `covers` names the ecosystems of which a full export is here (`PyPI`; `NVD`). Where it is empty, the feed is single
    records, which cover only the packages that they name. One that only `adds` to others is never too old.
    """

    feed: str
    source: str
    licence: str
    records: int
    sha256: str
    as_of: datetime
    taken_at: datetime
    fresh: bool
    covers: tuple[str, ...] = ()
    adds: bool = False


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What became of an intake: records taken, unchanged, withdrawn; refused ones with place and reason.

    `refused` names the first fifty of `refused_count`. `covers` is what the feed covers in full now; `remarks` say why
    something was not taken as the full export that it was declared to be.
    """

    feed: str
    taken: int
    unchanged: int
    withdrawn: int
    refused: tuple[str, ...]
    as_of: datetime
    seconds: float
    refused_count: int = 0
    covers: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
