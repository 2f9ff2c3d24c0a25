"""What can happen to what is known about flaws."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("vulnerabilities.feed_taken", subject="feed/{feed}")
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTaken(Event):
    """A feed of known flaws was taken in; `as_of` is the date that the feed itself gives."""

    feed: str
    sha256: str
    records: int
    refused: int
    as_of: datetime


@event("vulnerabilities.feed_failed", subject="feed/{feed}")
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFailed(Event):
    """A feed could not be taken in; what was known stays."""

    feed: str
    reason: str


@event("vulnerabilities.release_matched", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMatched(Event):
    """A release's components were looked up in the feeds of one generation."""

    release: str
    product: str
    version: str
    generation: int
    components: int
    unmatched: int
    findings: int


@event("vulnerabilities.kernel_files_noted", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFilesNoted(Event):
    """It was noted what was compiled into a release's kernel; its flaws in other files are set aside."""

    release: str
    files: int
    sha256: str


@event("vulnerabilities.case_opened", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(Event):
    """A known flaw was found in a product for the first time."""

    case: str
    flaw: str
    product: str
    exploited: bool
    severity: str
    due: datetime


@event("vulnerabilities.exploitation_heard", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExploitationHeard(Event):
    """A flaw of an open case was listed as exploited in the wild; its time is shorter now."""

    case: str
    flaw: str
    product: str
    due: datetime


@event("vulnerabilities.attack_told", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AttackTold(Event):
    """Somebody of the maker's own says that a flaw is exploited, or took that back (`exploited` false)."""

    case: str
    flaw: str
    product: str
    exploited: bool
    due: datetime


@event("vulnerabilities.judged", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Event):
    """It was decided what the flaw means for the product; `people` is how many stand behind it.

    `accepted_until`: the risk is accepted until then, and no mend is planned.
    """

    case: str
    flaw: str
    product: str
    status: str
    justification: str | None
    accepted_until: datetime | None = None
    people: int = 1


@event("vulnerabilities.proposed", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(Event):
    """A decision was proposed that waves through an exploited flaw, or one more person stands behind it.

    It is not decided: that takes two people. `people` is how many there are, 0 where a token or a command proposed it.
    """

    case: str
    flaw: str
    product: str
    status: str
    justification: str | None
    accepted_until: datetime | None
    people: int


@event("vulnerabilities.review_asked", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAsked(Event):
    """The ground of a decision moved, or an accepted risk is over: a person must look again, until `due`."""

    case: str
    reason: str
    due: datetime | None = None


@event("vulnerabilities.fix_found", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class FixFound(Event):
    """A signed release's own SBOM shows that the flaw is gone."""

    case: str
    version: str


@event("vulnerabilities.device_accounted", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAccounted(Event):
    """A person said why an exposed device is not fixed."""

    case: str
    device: str
    reason: str


@event("vulnerabilities.case_closed", subject="case/{case}")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(Event):
    """Nothing is left to do: every exposed device is fixed or accounted for."""

    case: str
    exposed: int
    fixed: int
    accounted: int
