"""How moments, counts and spans are written, on every page alike.

Each function is pure; those that compare with the present are given it. Moments become `<time>` elements so that a
reader's tools see the exact instant behind the words.
"""

from datetime import date, datetime, timedelta

from markupsafe import Markup

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_GROUP = "\N{NARROW NO-BREAK SPACE}"
_SPAN_DAYS_ALONE = 10
_YEAR_DAYS, _MONTH_DAYS = 365.25, 30.44
_DAYS_UNTIL_MONTHS = 75


def count(number: int) -> str:
    """Write a whole number with narrow spaces between thousands: 12 400."""
    return f"{number:,}".replace(",", _GROUP)


def plural(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: `1 device`, `3 devices`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def percent(part: int, whole: int) -> str:
    """Write a share in whole percent; a share that exists is never 0 %, one that is not all is never 100 %."""
    if whole <= 0:
        return "—"
    shown = round(100 * part / whole)
    if part and shown == 0:
        shown = 1
    if part < whole and shown == 100:  # noqa: PLR2004 (all of a hundred)
        shown = 99
    return f"{shown} %"


def span(length: timedelta) -> str:
    """Write a length of time with at most two units: `4 h 12 min`, `3 d 2 h`, `12 d`. Its sign is not shown."""
    seconds = abs(int(length.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        hours, rest = divmod(seconds, _HOUR)
        minutes = rest // _MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, rest = divmod(seconds, _DAY)
    hours = rest // _HOUR
    return f"{days} d {hours} h" if hours and days < _SPAN_DAYS_ALONE else f"{days} d"


def years_left(until: date, today: date) -> str:
    """Write how long it is until a day, for people: `7 years 4 months left`, `ended`, `ends today`."""
    days = (until - today).days
    if days < 0:
        return "ended"
    if days == 0:
        return "ends today"
    if days < _DAYS_UNTIL_MONTHS:
        return f"{plural(days, 'day')} left"
    years, months = divmod(int(days / _MONTH_DAYS), 12)
    parts = [plural(years, "year")] if years else []
    if months:
        parts.append(plural(months, "month"))
    return " ".join(parts) + " left"


def moment_text(at: datetime) -> str:
    """Write a moment in full: `22 Nov 2026, 14:05 UTC`."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC"


def day_text(day: date) -> str:
    """Write a day without any doubt about its order: `31 March 2034`."""
    return f"{day.day} {_LONG_MONTHS[day.month - 1]} {day.year}"


def moment(at: datetime | None, missing: str = "never") -> Markup:
    """Return a `<time>` element that shows the moment in full, or the word for none."""
    return Markup("{}").format(missing) if at is None else _time(at, moment_text(at))


def clock(at: datetime | None, missing: str = "never") -> Markup:
    """Return a `<time>` element that shows hour and minute only."""
    return Markup("{}").format(missing) if at is None else _time(at, f"{at:%H:%M} UTC")


def day(value: date | None, missing: str = "not known") -> Markup:
    """Return a `<time>` element that shows the day."""
    if value is None:
        return Markup("{}").format(missing)
    shown = value.date() if isinstance(value, datetime) else value
    return Markup('<time datetime="{}">{}</time>').format(shown.isoformat(), day_text(shown))


def ago(at: datetime | None, now: datetime, missing: str = "never") -> Markup:
    """Return a `<time>` element that shows how long since, or until: `3 h ago`, `in 2 d`."""
    if at is None:
        return Markup("{}").format(missing)
    gone = now - at
    if abs(gone) < timedelta(seconds=1):
        return _time(at, "now", moment_text(at))
    return _time(at, f"{span(gone)} ago" if gone > timedelta(0) else f"in {span(gone)}", moment_text(at))


def left(until: datetime, now: datetime) -> Markup:
    """Return a `<time>` element for a deadline: `6 h left`, `2 d late`."""
    remains = until - now
    return _time(until, f"{span(remains)} {'left' if remains >= timedelta(0) else 'late'}", moment_text(until))


def _time(at: datetime, shown: str, title: str = "") -> Markup:
    said = Markup(' title="{}"').format(title) if title else Markup("")
    return Markup('<time datetime="{}"{}>{}</time>').format(at.strftime("%Y-%m-%dT%H:%M:%SZ"), said, shown)
