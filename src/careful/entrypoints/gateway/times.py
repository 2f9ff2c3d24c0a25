"""A record's own time, where the product file says which field holds it: it must be in reach of our clock. Pure.

A text is RFC 3339 with its offset; a number is seconds since 1970, or milli- or microseconds where it is too large for
seconds. A clock may run `AHEAD_SECONDS` fast. What is older than it may be kept is not taken to be deleted at once.
"""

from collections.abc import Mapping
from datetime import datetime

from careful.products import Denied, Stream

AHEAD_SECONDS = 300.0
DAY_SECONDS = 86_400.0
DAYS_AT_MOST = 3650
"""The reach of a record whose retention is not declared."""
_MILLI_FROM, _MICRO_FROM = 1e11, 1e14


def judge(stream: Stream, fields: Mapping[str, object], now: float) -> Denied | None:
    """Return why a record's time is refused; None where it is in reach, or the record has none.

    `now` is in seconds since 1970.
    """
    if stream.time not in fields:
        return None
    at = seconds_of(fields[stream.time])
    if at is None:
        return Denied("wrong-type", f"{stream.name}.{stream.time}")
    if at > now + AHEAD_SECONDS:
        return Denied("future-time", f"{stream.name}.{stream.time}")
    if at < now - (stream.kept_days or DAYS_AT_MOST) * DAY_SECONDS:
        return Denied("ancient-time", f"{stream.name}.{stream.time}")
    return None


def seconds_of(value: object) -> float | None:
    """Return a time as seconds since 1970; None where it is none."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
            return None if found.tzinfo is None else found.timestamp()
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    size = abs(value)
    return value / (1e6 if size >= _MICRO_FROM else 1e3 if size >= _MILLI_FROM else 1)
