"""What can happen in monitoring. Ids, rules and counts only: never an address, a field's value or a reading."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("monitoring.watched", subject="source/{source}")
@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(Event):
    """A source of signals (`mqtt`, `https`, `agents`) is being watched: told when it begins, then once an hour.

    `devices` were heard through it and `windows` judged since the last time, `detections` came of that.
    """

    source: str
    devices: int
    windows: int
    detections: int


@event("monitoring.alert_raised", subject="alert/{alert}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Event):
    """A detection fired for a cause that no open alert has; `action` is the hardest it asks for."""

    alert: str
    rule: str
    product: str
    action: str
    limit_from: str
    devices: int
    drill: bool


@event("monitoring.alert_spread", subject="alert/{alert}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSpread(Event):
    """An alert reached ten, a hundred, a thousand devices."""

    alert: str
    rule: str
    product: str
    devices: int


@event("monitoring.quarantine_held", subject="alert/{alert}")
@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineHeld(Event):
    """More devices than may be cut off without a person are to be: they are held for one; told when it begins."""

    alert: str
    rule: str
    product: str
    devices: int


@event("monitoring.staff_told", subject="alert/{alert}")
@dataclass(frozen=True, slots=True, kw_only=True)
class StaffTold(Event):
    """So many people were written to about an alert for which devices were cut off or are held."""

    alert: str
    people: int


@event("monitoring.held_decided", subject="alert/{alert}")
@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDecided(Event):
    """A person decided on the held devices of an alert: they are cut off now."""

    alert: str
    product: str
    devices: int


@event("monitoring.alert_judged", subject="alert/{alert}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AlertJudged(Event):
    """A person said that an alert was expected, or that it was trouble (`verdict` expected or confirmed).

    `scope` and `until` say what was expected from then on; nothing else changed.
    """

    alert: str
    rule: str
    product: str
    verdict: str
    scope: str
    until: datetime | None
    reason: str


@event("monitoring.expectation_ended", subject="alert/{alert}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationEnded(Event):
    """What a person had called expected is so no more."""

    expectation: str
    alert: str


@event("monitoring.chain_reset", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReset(Event):
    """A device's chain of nonces begins anew, as after it was restored from a backup."""

    device: str
    reason: str


@event("monitoring.drilled", subject="drill/{kind}")
@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled(Event):
    """A behaviour was planted on a device of the drill's own.

    `seen_ms` and `cut_ms` are from the first misdeed to the alert and to the end of the connection; None: never.
    `held` tells whether all that the drill asks for came in time.
    """

    kind: str
    device: str
    rule: str
    seen_ms: int | None
    cut_ms: int | None
    held: bool
    reason: str


@event("monitoring.traffic_compared", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficCompared(Event):
    """A product's recorded traffic was compared with its declaration, both ways. Counts only; hosts stand elsewhere.

    `recording` is the SHA-256 of what was read, `as_of` when it was recorded, `release` the one that ran, if that was
    said. `callers` were answered and not declared, `in_the_clear` went outside unencrypted, `amplification` is how many
    times the bytes it was asked with a service gave, at most.
    """

    product: str
    version: int
    release: str
    source: str
    recording: str
    as_of: datetime
    devices: int
    seconds: int
    seen: int
    undeclared: int
    declared: int
    never_seen: int
    streams_undeclared: int
    streams_never_seen: int
    in_the_clear: int
    callers: int
    amplification: int
