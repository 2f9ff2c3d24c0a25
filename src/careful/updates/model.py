"""What is true of updates: rollouts in waves, the devices in them, orders to devices, and what came of each.

Everything here is pure: no database, no ledger, no clock.

    member    waiting -> offered -> installed -> confirmed      a device in a rollout
               ^  ^         |----------+---> failed | silent -> accounted (a person says why it stays behind)
               |  +---------+ (tried again: after a resume, or when its wave was otherwise proven)
               +-> deferred (its owner, its window or its battery keeps it from it for longer than its wave waits)
    order     offered -> retrieved -> running -> succeeded | failed | silent | cancelled    (see conversation.py)

`installed` is the device's word alone; it is confirmed once the version that it then reports agrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from careful.kernel.errors import CarefulError

MemberState = Literal["waiting", "deferred", "offered", "installed", "confirmed", "failed", "silent", "accounted"]
RolloutState = Literal["proposed", "running", "halted", "finished", "superseded"]
OrderState = Literal["offered", "retrieved", "running", "succeeded", "failed", "silent", "cancelled"]
DrillKind = Literal["tampered", "rollback", "wrong_model", "wrong_device"]
Urgency = Literal["feature", "security", "exploited"]
Progress = Literal["assigned", "downloading", "verified", "installed"]
Consent = Literal["", "asked", "given"]
"""Whether the owner must agree to an order: not at all, asked and not agreed yet, agreed."""

MEMBER_STATES: tuple[MemberState, ...] = (
    "waiting",
    "deferred",
    "offered",
    "installed",
    "confirmed",
    "failed",
    "silent",
    "accounted",
)
URGENCIES: tuple[Urgency, ...] = ("feature", "security", "exploited")
OPEN_ORDER: tuple[OrderState, ...] = ("offered", "retrieved", "running")
DRILL_KINDS: tuple[DrillKind, ...] = ("tampered", "rollback", "wrong_model")
"""What every client must refuse."""
DIRECTED_KINDS: tuple[DrillKind, ...] = ("wrong_device",)
"""What a client must refuse that knows the director."""
REASON_LIMIT = 300


class Gone(CarefulError):
    """The order is over; what a device still says about it is kept, and changes nothing."""

    status: ClassVar[int] = 410


class NotAllowed(CarefulError):
    """The order is not in a state for this: a cancellation was answered that nobody asked for."""

    status: ClassVar[int] = 405


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much harm a rollout may do before it halts by itself, and how patient it is.

    It halts when a wave has at least `min_failures` failed or silent devices and these are more than
    `max_failures_percent` of it. `deadline_seconds`: how long an order may take before its device counts as silent.
    `attempts`: how often one device is tried.
    """

    max_failures_percent: float = 10.0
    min_failures: int = 1
    deadline_seconds: float = 3600.0
    attempts: int = 2

    @property
    def deadline(self) -> timedelta:
        """Return the patience as a span of time."""
        return timedelta(seconds=self.deadline_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """For whom a rollout is, when its devices may install, and why it is one that needs a reason.

    `group`: which devices, as `groups.py` reads it; "" is all. `window`: when devices may install, in each one's own
    time zone (`zone` where it has none). `min_battery`: per cent that a device on battery must have; `mains`: it must
    be plugged in. `downgrade`: devices go to an older version. `people`: who stands behind a downgrade.
    """

    group: str = ""
    urgency: Urgency = "security"
    window: str = ""
    zone: str = "UTC"
    min_battery: int = 0
    mains: bool = False
    watch_crashes: bool = True
    downgrade: bool = False
    reason: str = ""
    people: tuple[str, ...] = ()
    rolls_back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one wave is proven: `success_percent` of it confirmed opens the next (None: when all have ended).

    `deadline_seconds`: after how long a device of it is silent (None: as the rollout has it).
    """

    success_percent: float | None = None
    deadline_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One device in a rollout. `excused`: a person resumed knowing of its failure; `detail`: why it is as it is.

    `outcome` is how its last order went (failed or silent), kept when it is accounted for. A deferred one's `deadline`
    is when its owner wants to be asked again.
    """

    device: str
    wave: int
    state: MemberState = "waiting"
    attempts: int = 0
    deadline: datetime | None = None
    excused: bool = False
    detail: str = ""
    outcome: str = ""
    first_offered: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One wave: its number from 1, how it was asked for, when it opened, and its devices by state."""

    number: int
    asked: str
    opened_at: datetime | None
    counts: Mapping[str, int]
    rule: Rule = Rule()

    @property
    def size(self) -> int:
        """Return how many devices are in it."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A release on its way to the devices of a product. `generation` grows with every change of plan."""

    id: str
    product: str
    version: str
    release: str
    state: RolloutState
    reason: str
    limits: Limits
    generation: int
    open_waves: int
    waves: tuple[Wave, ...]
    excluded: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None
    policy: Policy = Policy()

    def count(self, *states: MemberState) -> int:
        """Return how many of its devices are in any of `states`."""
        return sum(wave.counts.get(state, 0) for wave in self.waves for state in states)

    @property
    def size(self) -> int:
        """Return how many devices are in it."""
        return sum(wave.size for wave in self.waves)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutDetail:
    """A rollout with each of its devices, and `left`: those that only a retry or a person's word can settle."""

    rollout: Rollout
    members: tuple[Member, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoConfirm:
    """A device agrees to every order by itself, because somebody said so: who, why, and since when."""

    initiator: str
    remark: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands between us and its device."""

    state: OrderState = "offered"
    cancelling: bool = False
    consent: Consent = ""

    @property
    def is_open(self) -> bool:
        """Tell whether the device may still carry it out."""
        return self.state in OPEN_ORDER

    @property
    def waits(self) -> bool:
        """Tell whether it waits for the owner's word."""
        return self.consent == "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one device is told to do. `id` is the DDI action id; `drill` is empty for a real update.

    `forced_from`: until then the owner may put it off, from then on not. `window`: when it may be installed, in the
    device's time zone ("22:00-04:00 Europe/Berlin"; "" is any time). `needs_confirmation`: the owner wants to be asked;
    until `confirmed_at` it is not to be carried out. `conditions` are for the device to keep (`min-battery`, `power`).
    `progress` is how far the device says it has come.
    """

    id: int
    device: str
    product: str
    release: str
    version: str
    rollout: str
    drill: str
    state: OrderState
    cancelling: bool
    detail: str
    made_at: datetime
    retrieved_at: datetime | None
    deadline: datetime
    closed_at: datetime | None
    forced_from: datetime | None = None
    window: str = ""
    needs_confirmation: bool = False
    confirmed_at: datetime | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)
    progress: Progress = "assigned"

    @property
    def waits_for_owner(self) -> bool:
        """Tell whether the owner has yet to agree."""
        return self.needs_confirmation and self.confirmed_at is None

    @property
    def is_open(self) -> bool:
        """Tell whether the device may still carry it out."""
        return self.state in OPEN_ORDER

    @property
    def consent(self) -> Consent:
        """Tell whether the owner is asked, and has agreed."""
        return "" if not self.needs_confirmation else "asked" if self.confirmed_at is None else "given"

    @property
    def standing(self) -> Standing:
        """Return where it stands between us and its device."""
        return Standing(self.state, self.cancelling, self.consent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a device says about an order (DDI feedback), already checked at the border."""

    execution: str
    finished: Literal["success", "failure", "none"]
    details: tuple[str, ...] = ()
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One report as it was kept; `late` means that the order was over by then."""

    number: int
    at: datetime
    report: Report
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """How far a version had come at one moment."""

    at: datetime
    fixed: int
    offered: int
    silent: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptake:
    """How a version spread: `total` devices were to get it, `points` in time order."""

    product: str
    version: str
    total: int
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """All that one poll of a device needs to know. `change` grows whenever any of it changes.

    `asking`: the order waits for the owner's word. `window`: outside of it the order is not told; "" once it was read.
    """

    device: str
    action: int | None = None
    cancelling: bool = False
    asking: bool = False
    forced_from: datetime | None = None
    window: str = ""
    installed: int | None = None
    wants_attributes: bool = True
    change: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where a product's repository stands: the metadata in force and when each role expires."""

    product: str
    versions: Mapping[str, int] = field(default_factory=dict)
    expires: Mapping[str, datetime] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    keys_here: tuple[str, ...] = ()
    keys_away: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a release demands of a device: to which version it must rise (in a downgrade, fall), and its like."""

    product: str
    version: str
    hardware: tuple[str, ...]
    security_version: int
    downgrade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is known of a device: `security_version` is that of the release it runs, 0 where unknown.

    `battery` (per cent) and `mains` are what it last said of itself, None where it has not.
    """

    device: str
    product: str
    hardware: str
    state: str
    version: str | None
    security_version: int = 0
    region: str = ""
    zone: str = ""
    consent: str = "automatic"
    tags: tuple[str, ...] = ()
    battery: int | None = None
    mains: bool | None = None
    postponed_until: datetime | None = None


def action_number(count: int) -> int:
    """Return the `count`-th action id (from 1): never a multiple of ten, which some clients cannot cancel.

    Raises OverflowError beyond a positive int32, the most that DDI clients can hold.
    """
    number = count + (count - 1) // 9
    if count < 1 or number >= 1 << 31:
        raise OverflowError(f"there is no action id number {count}")
    return number
