"""Verdicts over facts: four values, three times, one sentence; pure.

A fact is one or more ledger entries. It has three times: when it was true, when it was measured, when the ledger
received it. A recommendation says how old its fact may be; past that the verdict is unknown, whatever it was.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from careful.kernel.clock import from_iso
from careful.kernel.ledger import Entry


class Value(StrEnum):
    """The four values. Unknown is never green."""

    MET = "met"
    NOT_MET = "not met"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "unknown"


_WORST_FIRST = (Value.NOT_MET, Value.UNKNOWN, Value.MET, Value.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a recommendation says of one product (or of all, where `subject` is empty), and on which entries."""

    value: Value
    says: str
    entries: tuple[Entry, ...] = ()
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One recommendation's verdict, with the fact that decides it and its times.

    `true_at`, `measured_at` and `received_at` are of the oldest deciding entry; `stale_at` is when the verdict turns
    unknown by itself (None: this fact does not age). `events` are the numbers of the deciding ledger entries.
    """

    id: str
    title: str
    asks: str
    verdict: Value
    says: str
    fact: str
    true_at: datetime | None
    measured_at: datetime | None
    received_at: datetime | None
    stale_at: datetime | None
    events: tuple[int, ...]
    parts: tuple[Finding, ...] = ()


class Facts:
    """Ledger entries, oldest first, indexed by name, and the moment at which they are judged."""

    def __init__(self, entries: Iterable[Entry], now: datetime) -> None:
        self.now = now
        self._by_name: dict[str, list[Entry]] = {}
        for entry in entries:
            self._by_name.setdefault(entry.name, []).append(entry)

    def all(self, name: str, **where: Any) -> list[Entry]:  # noqa: ANN401 (event fields are JSON values)
        """Return the entries called `name` whose fields have the given values, oldest first."""
        return [entry for entry in self._by_name.get(name, ()) if _fits(entry, where)]

    def first(self, name: str, **where: Any) -> Entry | None:  # noqa: ANN401 (event fields are JSON values)
        """Return the oldest such entry."""
        return next(iter(self.all(name, **where)), None)

    def last(self, name: str, **where: Any) -> Entry | None:  # noqa: ANN401 (event fields are JSON values)
        """Return the newest such entry."""
        return next(reversed(self.all(name, **where)), None)

    def products(self) -> list[str]:
        """Return every product that was ever declared or released."""
        told_of = [name for name in self._by_name if name.startswith(("products.", "releases."))]
        return sorted({entry.data["product"] for name in told_of for entry in self._by_name[name]})


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommendation of the guide: our words, the fact that decides, how old it may be, and how it is decided."""

    id: str
    title: str
    asks: str
    fact: str
    reads: tuple[str, ...]
    decide: Callable[[Facts], Iterable[Finding]]
    max_age: timedelta | None = None


def judge(recommendation: Recommendation, facts: Facts) -> Verdict:
    """Return the verdict: the worst of its findings, stale ones turned to unknown."""
    findings = [_aged(one, recommendation.max_age, facts.now) for one in recommendation.decide(facts)]
    if not findings:
        findings = [Finding(Value.UNKNOWN, "Nothing has been recorded that would tell.")]
    value = next(one for one in _WORST_FIRST if any(finding.value is one for finding in findings))
    deciding = [finding for finding in findings if finding.value is value]
    entries = sorted({entry.seq: entry for finding in deciding for entry in finding.entries}.values(), key=true_time)
    oldest = entries[0] if entries else None
    ages = recommendation.max_age is not None and value is not Value.NOT_APPLICABLE and oldest is not None
    return Verdict(
        id=recommendation.id,
        title=recommendation.title,
        asks=recommendation.asks,
        verdict=value,
        says=" ".join(finding.says for finding in deciding),
        fact=recommendation.fact,
        true_at=true_time(oldest) if oldest else None,
        measured_at=oldest.at if oldest else None,
        received_at=oldest.at if oldest else None,
        stale_at=true_time(oldest) + recommendation.max_age if ages and oldest and recommendation.max_age else None,
        events=tuple(entry.seq for entry in entries),
        parts=tuple(findings),
    )


def true_time(entry: Entry) -> datetime:
    """Return when the entry's fact was true: its own `as_of` where it has one (never later than its receipt)."""
    as_of = entry.data.get("as_of")
    return min(from_iso(as_of), entry.at) if isinstance(as_of, str) and as_of else entry.at


def span(age: timedelta) -> str:
    """Write an age in words: the largest unit that fits."""
    minutes = int(age.total_seconds() // 60)
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes >= size:
            number = minutes // size
            return f"{number} {unit}{'s' if number != 1 else ''}"
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def _aged(finding: Finding, max_age: timedelta | None, now: datetime) -> Finding:
    if max_age is None or not finding.entries or finding.value is not Value.MET:
        return finding
    age = now - min(true_time(entry) for entry in finding.entries)
    if age <= max_age:
        return finding
    said = f"{finding.says} But that is {span(age)} old and counts for {span(max_age)}."
    return replace(finding, value=Value.UNKNOWN, says=said)


def _fits(entry: Entry, where: Mapping[str, Any]) -> bool:
    return all(entry.data.get(field) == value for field, value in where.items())
