"""What became of detections: one alert for each cause, the devices in it, and what a person said was expected. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from careful.monitoring.firing import NAME_MOST
from careful.monitoring.model import ACTIONS, Action, Detection, LimitFrom

AlertState = Literal["open", "expected", "confirmed"]
Verdict = Literal["expected", "confirmed"]
Fate = Literal["shown", "due", "cut", "held", "let in"]
"""What became of a device in an alert: shown only; to be cut off; cut off; held for a person; let in again since."""
Scope = Literal["device", "release", "product"]
SCOPES: tuple[Scope, ...] = ("device", "release", "product")
NAMES_MOST = 12
"""Names that an alert lists; what comes beyond is counted."""
ROWS_MOST = 20
"""Open alerts of one detection and product; what comes beyond shares one, so that no device can fill the list."""
_OTHERS = "others"
_SHOWN_MOST = 3
NO_DEVICE = ""
"""In place of a device where nobody said who they are: strangers at the door."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A detection, with what is known of its device, and its recent past for a chart."""

    detection: Detection
    product: str
    release: str | None
    past: tuple[float, ...] = ()
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDevice:
    """One device in an alert."""

    alert: str
    device: str
    release: str | None
    fate: Fate
    says: str
    observed: float
    limit: float
    past: tuple[float, ...]
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One cause, at however many devices."""

    id: str
    rule: str
    product: str
    cause: str
    says: str
    action: Action
    limit: float
    limit_from: LimitFrom
    observed: float
    devices: int
    held: int
    cut: int
    times: int
    first_at: datetime
    last_at: datetime
    state: AlertState
    drill: bool
    judged_by: str
    judged_at: datetime | None
    why: str
    names: tuple[str, ...] = ()
    """The first names of what it is about, where devices choose them."""
    more: int = 0
    """How often something came that is none of these."""

    @property
    def subject(self) -> str:
        """Return what the cause is about, beyond rule and product; empty where they are all."""
        about = "|".join(self.cause.split("|")[2:])
        if not self.names:
            return about
        rest = len(self.names) - _SHOWN_MOST + self.more
        named = ", ".join(self.names[:_SHOWN_MOST]) + (f" and {rest} more" if rest > 0 else "")
        return f"{named} ({about})" if about and about != _OTHERS else named


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A person's word that one cause is expected: for one device, one release or one product, until a moment."""

    id: str
    alert: str
    rule: str
    cause: str
    scope: Scope
    value: str
    product: str
    until: datetime
    why: str
    by: str
    made_at: datetime
    ended_at: datetime | None
    times: int
    names: tuple[str, ...] = ()
    """What it speaks of, where the alert listed names; other names are not expected."""

    def covers(self, seen: Seen, now: datetime) -> bool:
        """Tell whether it speaks of this detection: the same cause, within its scope and time, and nothing else."""
        if self.ended_at is not None or now >= self.until or self.cause != seen.detection.cause:
            return False
        if self.scope != "device" and self.product != seen.product:
            return False
        if self.names and not set(seen.detection.names) <= set(self.names):
            return False
        actual = {"device": seen.detection.device, "release": seen.release, "product": seen.product}
        return actual[self.scope] == self.value


def harder(one: Action, other: Action) -> Action:
    """Return the harder of two actions."""
    return max(one, other, key=ACTIONS.index)


def may_cut(fleet: int, cut_within_hour: int, share_percent: float, at_least: int) -> int:
    """Return how many more devices of a fleet may be cut off this hour without a person."""
    return max(0, max(at_least, int(fleet * share_percent / 100)) - cut_within_hour)


def named(kept: Sequence[str], more: int, seen: Iterable[Seen]) -> tuple[list[str], int]:
    """Return an alert's names and how often others came, after these detections."""
    names = list(kept)
    for one in seen:
        for name in one.detection.names:
            if name in names:
                continue
            if len(names) < NAMES_MOST:
                names.append(name)
            else:
                more += 1
    return names, more


def shared(seen: Iterable[Seen]) -> list[Seen]:
    """Return detections under the cause that those share which are too many for alerts of their own."""
    return [replace(one, detection=_shared(one.detection)) for one in seen]


def _shared(found: Detection) -> Detection:
    rule, product, *about = found.cause.split("|")
    names = found.names or ("|".join(about)[:NAME_MOST],)
    return replace(found, cause=f"{rule}|{product}|{_OTHERS}", names=names)


def by_cause(found: Iterable[Seen]) -> Mapping[str, list[Seen]]:
    """Group detections by cause, causes and devices in one order whatever order they came in."""
    groups: dict[str, list[Seen]] = {}
    for one in sorted(found, key=lambda seen: (seen.detection.cause, seen.detection.device, seen.detection.at)):
        groups.setdefault(one.detection.cause, []).append(one)
    return groups
