"""Running recorded traffic through the detections of the running system, and counting what would have fired.

What fires again for the same device and cause within five minutes of the time before is one finding. With labels, each
attack is found or not, and what fired outside of all of them is a false alarm.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from careful.monitoring.captures import Recording
from careful.monitoring.labels import Attack, Labels
from careful.monitoring.model import Action, Detection, Expected, LimitFrom
from careful.monitoring.watcher import Watcher

APART = 300.0
GRACE = 600.0
"""Seconds after an attack in which what fires is still about it: missing messages show only then."""
BEFORE = 1.0
"""A window begins up to a second before the frame that is labelled."""
_MOST = 100_000
_DAY = 86_400.0
Expects = Callable[[str], Expected]
"""Device -> what is expected of it."""


@dataclass(slots=True)
class Finding:
    """One rule that fired for one device and cause, once or again and again."""

    rule: str
    device: str
    cause: str
    action: Action
    first: float
    last: float
    times: int
    observed: float
    limit: float
    limit_from: LimitFrom
    says: str

    def overlaps(self, attack: Attack) -> bool:
        """Tell whether it can be about an attack."""
        return (
            (not attack.device or attack.device == self.device)
            and self.last >= attack.start - BEFORE
            and self.first <= attack.end + GRACE
        )


@dataclass(slots=True)
class Findings:
    """What fired, in the order in which it first did."""

    _found: dict[tuple[str, str, str, Action], list[Finding]] = field(default_factory=dict)
    _all: list[Finding] = field(default_factory=list)
    too_many: int = 0

    def add(self, one: Detection) -> None:
        """Take one detection."""
        key = (one.rule, one.device, one.cause, one.action)
        before = self._found.get(key)
        if before and one.at - before[-1].last <= APART:
            known = before[-1]
            known.last, known.times = max(known.last, one.at), known.times + 1
            if abs(one.observed - one.limit) > abs(known.observed - known.limit):
                known.observed, known.limit, known.says = one.observed, one.limit, one.says
            return
        if len(self._all) >= _MOST:
            self.too_many += 1
            return
        made = Finding(
            one.rule, one.device, one.cause, one.action, one.at, one.at, 1, one.observed, one.limit, one.limit_from,
            one.says,
        )  # fmt: skip
        self._found.setdefault(key, []).append(made)
        self._all.append(made)

    def __iter__(self) -> Iterator[Finding]:
        """Yield the findings by time."""
        return iter(sorted(self._all, key=lambda one: (one.first, one.device, one.rule, one.cause)))


def replay(recording: Recording, expects: Expects, watcher: Watcher | None = None) -> Findings:
    """Read a recording to its end, or to where it is damaged, and return what fired."""
    watching, found = Watcher(every=True) if watcher is None else watcher, Findings()
    known: dict[str, Expected] = {}
    for window in recording.windows():
        expected = known.get(window.device)
        if expected is None:
            expected = known[window.device] = expects(window.device)
        for detection in watching.see(window, expected):
            found.add(detection)
    return found


@dataclass(frozen=True, slots=True)
class Judged:
    """One attack, and whether and how soon something fired."""

    attack: Attack
    rules: tuple[str, ...]
    """Those that fired, first to last."""
    after: float | None
    """Seconds from its beginning until the first fired."""


@dataclass(frozen=True, slots=True)
class Score:
    """How the findings compare with the labels."""

    attacks: tuple[Judged, ...]
    false_alarms: tuple[Finding, ...]
    device_days: float

    @property
    def found(self) -> int:
        """How many attacks were found."""
        return sum(one.after is not None for one in self.attacks)


def score(findings: Iterable[Finding], labels: Labels, device_days: float) -> Score:
    """Compare findings with labels."""
    listed = list(findings)
    attacks = labels.all()
    judged = []
    for attack in attacks:
        hits = sorted((one for one in listed if one.overlaps(attack)), key=lambda one: max(one.first, attack.start))
        rules = tuple(dict.fromkeys(one.rule for one in hits))
        judged.append(Judged(attack, rules, max(hits[0].first - attack.start, 0.0) if hits else None))
    false = tuple(one for one in listed if not any(one.overlaps(attack) for attack in attacks))
    return Score(tuple(judged), false, device_days)


def device_days(recording: Recording) -> float:
    """Return for how many days devices were watched, added up."""
    return sum(recording.account.devices.values()) / _DAY
