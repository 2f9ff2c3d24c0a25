"""A matter that may have to be reported, what was noted of it, and its duties; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["exploited", "incident"]
KINDS: tuple[Kind, ...] = ("exploited", "incident")
State = Literal["waiting", "due", "late", "done", "not applicable"]
Note = Literal["aware", "measure", "submitted", "dismissed", "missed"]
LONGEST = 4000
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing noted of a matter, never changed: when it was so (`at`), what, by whom, and when that was noted.

    `reference` and `sha256` are of a submitted report: the number the platform gave, and the digest of its text.
    """

    type: Note
    at: datetime
    says: str
    by: str
    noted_at: datetime
    duty: str = ""
    reference: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Applies:
    """Whether the law binds here: what cannot be told is counted as if it did."""

    answer: Literal["yes", "no", "unknown"]
    says: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that a report must say, and the place in the law that asks for it."""

    id: str
    says: str
    cites: str


@dataclass(frozen=True, slots=True)
class Duty:
    """One report that is owed: from what moment its clock runs, for how long, and what it must say."""

    id: str
    kind: Kind
    title: str
    cites: str
    starts: str
    span: timedelta
    months: int
    asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the clocks of one matter run on.

    `aware_at`: the earliest moment that anybody, or Careful itself, is on record as knowing. `measure_at`: when a
    corrective or mitigating measure was first available. `submitted`: duty -> when its first report went in.
    """

    kind: Kind
    aware_at: datetime | None
    measure_at: datetime | None
    submitted: dict[str, datetime]
    applies: Applies


@dataclass(frozen=True, slots=True)
class Clock:
    """Where one duty stands: due when (None: its clock does not run yet), and one sentence why."""

    duty: str
    title: str
    cites: str
    state: State
    due: datetime | None
    why: str
    done_at: datetime | None = None
    in_time: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """An exploited vulnerability in a product, or a severe incident, with its clocks; `drill` is a rehearsal."""

    id: str
    kind: Kind
    drill: bool
    title: str
    what: str
    why_severe: str
    products: tuple[str, ...]
    case: str | None
    flaw: str | None
    applies: Applies
    entries: tuple[Entry, ...]
    clocks: tuple[Clock, ...]

    @property
    def aware_at(self) -> datetime | None:
        """Return the earliest moment of awareness on record: from it the clocks run."""
        return earliest(self.of("aware"))

    @property
    def measure_at(self) -> datetime | None:
        """Return when a corrective or mitigating measure was first available."""
        return earliest(self.of("measure"))

    @property
    def next(self) -> Clock | None:
        """Return the clock that runs out first, late ones before all; None where none runs."""
        running = [(one.due, one) for one in self.clocks if one.state in {"due", "late"} and one.due is not None]
        return min(running, key=lambda pair: pair[0])[1] if running else None

    @property
    def late(self) -> bool:
        """Tell whether a report is overdue."""
        return any(one.state == "late" for one in self.clocks)

    @property
    def open(self) -> bool:
        """Tell whether a report is still owed, now or later."""
        return any(one.state in {"waiting", "due", "late"} for one in self.clocks)

    def of(self, kind: Note) -> tuple[Entry, ...]:
        """Return what was noted of one kind, in the order of noting."""
        return tuple(one for one in self.entries if one.type == kind)


def earliest(entries: tuple[Entry, ...]) -> datetime | None:
    """Return the earliest moment that entries speak of."""
    return min((one.at for one in entries), default=None)


def facts_of(kind: Kind, entries: tuple[Entry, ...], applies: Applies) -> Facts:
    """Return what the clocks run on. A correction that would move a clock later is kept, and moves none."""
    submitted: dict[str, datetime] = {}
    for one in entries:
        if one.type == "submitted":
            submitted[one.duty] = min(one.at, submitted.get(one.duty, one.at))
    aware = tuple(one for one in entries if one.type == "aware")
    measures = tuple(one for one in entries if one.type == "measure")
    return Facts(kind, earliest(aware), earliest(measures), submitted, applies)
