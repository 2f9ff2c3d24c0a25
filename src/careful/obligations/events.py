"""What can happen to duties to report. What was said in words stays in its table; the ledger keeps its digest."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("obligations.incident_noted", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentNoted(Event):
    """A severe incident was noted; its clocks run from the moment of awareness."""

    matter: str
    products: tuple[str, ...]


@event("obligations.aware", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class Aware(Event):
    """Somebody said since when the maker knew. `correction`: there was an entry before, which is kept.

    `moved_earlier`: the clocks run from this moment now; they never move later. The digest is of how they knew.
    """

    matter: str
    aware_at: datetime
    how_sha256: str
    correction: bool
    moved_earlier: bool


@event("obligations.measure_available", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureAvailable(Event):
    """Somebody said that a corrective or mitigating measure is available, other than a release of ours."""

    matter: str
    available_at: datetime
    what_sha256: str


@event("obligations.report_submitted", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSubmitted(Event):
    """A person said that a report was submitted, outside Careful; the digest is of its text."""

    matter: str
    duty: str
    reference: str
    submitted_at: datetime
    sha256: str
    in_time: bool


@event("obligations.clock_set", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet(Event):
    """When a report is due, or (no `due`) that it is not owed; said anew whenever that changes. Of rehearsals never."""

    matter: str
    duty: str
    due: datetime | None


@event("obligations.clock_missed", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMissed(Event):
    """The clock of a report ran out before anybody noted the report as submitted. Rehearsals leave none."""

    matter: str
    duty: str
    due: datetime


@event("obligations.dismissed", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissed(Event):
    """A person said that there is nothing to report after all; the digest is of their reason."""

    matter: str
    reason_sha256: str


@event("obligations.drill_started", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DrillStarted(Event):
    """A rehearsal of reporting began: no real matter, through the real clocks."""

    matter: str
    kind: str
    products: tuple[str, ...]


@event("obligations.drill_report", subject="obligation/{matter}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport(Event):
    """A report was rehearsed: written and signed off, submitted nowhere. `in_time`: within its clock."""

    matter: str
    duty: str
    sha256: str
    in_time: bool
