"""What the content of an intake proves of its own age, and what speaks against taking it for a full export; pure.

The newest change among records is a lower bound: who holds it is at least that young. A page of NVD states a time,
which holds for the answer as a whole: it counts when every page of that answer was read. The time of a file never
counts: a copy makes it new.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from careful.vulnerabilities.feeds.record import Malformed, Record, ecosystem_of, moment

SKEW = timedelta(minutes=15)
"""How far the clocks of a feed and of this machine may differ before a date is in the future."""
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_FEWER = 0.9


def not_in_future(at: datetime, now: datetime, where: str) -> datetime:
    """Return a feed's date. Raises Malformed, naming `where`, for one that has not come yet."""
    if at > now + SKEW:
        raise Malformed(f"{where}: {at:%Y-%m-%dT%H:%M:%SZ} lies in the future")
    return at


def not_before(at: datetime, known: datetime | None, where: str) -> None:
    """Raise Malformed, naming `where`, for a date older than that of what was taken before; seconds count."""
    if known and int(at.timestamp()) < int(known.timestamp()):
        raise Malformed(f"{where}: {at:%Y-%m-%d %H:%M}Z is older than {known:%Y-%m-%d %H:%M}Z, taken before")


@dataclass(slots=True)
class Proof:
    """What was seen of an intake so far."""

    newest: datetime | None = None
    last: str = ""
    records: Counter[tuple[str, str]] = field(default_factory=Counter)
    _stamps: list[datetime | None] = field(default_factory=list)
    _pages: dict[int, dict[int, int]] = field(default_factory=dict)

    def see(self, record: Record) -> None:
        """Note a record: its date, and the names that it speaks of."""
        self.last = record.modified.isoformat() if record.modified else ""
        self.see_date(self.last)
        self.records.update(
            {(one.kind, ecosystem_of(one.key) if one.kind == "purl" else "") for one in record.affected}
        )

    def see_date(self, text: str) -> None:
        """Note when a record was changed, empty where it does not say."""
        if text:
            found = datetime.fromisoformat(text)
            self.newest = found if self.newest is None else max(found, self.newest)

    def see_page(self, raw: Mapping[str, Any], accepted: int, now: datetime) -> None:
        """Note a page of NVD, of which `accepted` records were read."""
        total, start = raw.get("totalResults"), raw.get("startIndex", 0)
        stamp = moment(raw.get("timestamp"))
        known = isinstance(total, int) and isinstance(start, int)
        self._stamps.append(stamp if known and stamp and stamp <= now + SKEW else None)
        if isinstance(total, int) and isinstance(start, int) and accepted != total:
            self._pages.setdefault(total, {})[start] = accepted

    def missing(self) -> str:
        """Say which pages are not there, empty where all are that were announced."""
        for total, pages in sorted(self._pages.items()):
            if sum(pages.values()) < total:
                return f"it holds {sum(pages.values()):,} of the {total:,} records that it announces"
        return ""

    def as_of(self) -> datetime:
        """Return how young the content proves to be; 1970 where it proves nothing."""
        stamps = [one for one in self._stamps if one]
        if stamps and len(stamps) == len(self._stamps) and not self.missing():
            return min(stamps)
        return self.newest or UNDATED

    def against(self, covered: tuple[str, str], refused: int, before: int) -> str:
        """Say why this is no full export of what it is declared to be, empty where nothing speaks against it.

        `before` is how many records the last full export had: one that lost a tenth is a part of it.
        """
        count = self.records[covered]
        if refused:
            return f"{refused:,} of its records could not be read"
        if not count:
            return "no record in it is of that"
        if count < before * _FEWER:
            return f"it holds {count:,} records, the last full export held {before:,}"
        return self.missing()
