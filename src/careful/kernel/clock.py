"""The one clock. Whoever needs the time is given it; tests give a clock that they move by hand."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, always aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that moves only when told, for tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the moment the clock was last set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the clock by `by` (a negative span sets it back)."""
        self._now += by


def iso(moment: datetime) -> str:
    """Write `moment` as RFC 3339 in UTC with microseconds, the one form the ledger uses."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_iso(text: str) -> datetime:
    """Read what `iso` wrote. Raises ValueError for anything that is no RFC 3339 moment."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
