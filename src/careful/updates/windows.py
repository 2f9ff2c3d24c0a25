"""Maintenance windows: when, by the device's own clock on the wall, an update may begin. Pure.

22:00-04:00 Europe/Berlin          each night; over midnight where the end comes first
Sat,Sun 00:00-24:00 UTC            on these days (a night belongs to the day on which it begins)

Without a time zone it is UTC.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from careful.kernel.errors import Invalid

LONGEST = 96
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORM = re.compile(
    r"(?:((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:,(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)){0,6}) )?"
    r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])(?: ([A-Za-z0-9_+/-]{1,64}))?"
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `begins` for `length`, on `days` (0 is Monday), in a time zone."""

    begins: time
    length: timedelta
    days: frozenset[int]
    zone: ZoneInfo


@lru_cache(maxsize=1024)
def parse(window: str) -> Window:
    """Read a window. Raises Invalid."""
    found = _FORM.fullmatch(window) if len(window) <= LONGEST else None
    do = "Write it as 22:00-04:00 Europe/Berlin, or Sat,Sun 00:00-24:00 UTC."
    if found is None or int(found[4] + found[5]) > 2400:  # noqa: PLR2004 (the end of a day)
        raise Invalid(f"{window[:LONGEST]!r} is no maintenance window.", do=do, where="window")
    days, hour, minute, last_hour, last_minute, zone = found.groups()
    try:
        place = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise Invalid(f"{zone!r} is no time zone.", do=do, where="window") from unknown
    length = timedelta(hours=int(last_hour) - int(hour), minutes=int(last_minute) - int(minute))
    return Window(
        begins=time(int(hour), int(minute)),
        length=length if length > timedelta() else length + _DAY,
        days=frozenset(_DAYS.index(day) for day in days.split(",")) if days else frozenset(range(7)),
        zone=place,
    )


def is_open(window: str, now: datetime) -> bool:
    """Tell whether an update may begin now. No window is always open. Raises Invalid for what is no window."""
    if not window:
        return True
    known = parse(window)
    here = now.astimezone(known.zone).replace(tzinfo=None)
    for begun in (here.date(), here.date() - _DAY):
        start = datetime.combine(begun, known.begins)
        if begun.weekday() in known.days and start <= here < start + known.length:
            return True
    return False


def opens(window: str, now: datetime) -> datetime:
    """Return when an update may next begin: now where it may, else when the window opens next."""
    if not window or is_open(window, now):
        return now
    known = parse(window)
    today = now.astimezone(known.zone).date()
    for day in range(8):  # every window opens within a week
        begins = datetime.combine(today + day * _DAY, known.begins, known.zone)
        if begins.date().weekday() in known.days and begins > now:
            return begins.astimezone(UTC)
    raise AssertionError(f"{window!r} never opens")
