"""By when a customer's request must be answered: the laws are data (`request_clocks.toml`), the reckoning is pure."""

import calendar
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Law:
    """A law that gives so many calendar months, or days, and once so many more."""

    id: str
    name: str
    markets: tuple[str, ...] = ()
    months: int = 0
    days: int = 0
    more_months: int = 0
    more_days: int = 0


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when, and by when at the latest if it is extended; `law` is what makes it so."""

    law: str
    due: datetime
    longest: datetime


def deadline(opened: datetime, markets: Collection[str] | None, regions: Mapping[str, Sequence[str]]) -> Deadline:
    """Return the deadline of a request for a product that is sold in `markets` (None: not stated, so any law)."""
    house, laws = clocks()
    counts = [one for one in laws if markets is None or _sold(one, markets, regions)] or [house]
    first = min(counts, key=lambda one: (_after(opened, one.months, one.days), one.id))
    longest = min(_after(opened, one.months + one.more_months, one.days + one.more_days) for one in counts)
    return Deadline(first.name, _after(opened, first.months, first.days), longest)


@cache
def clocks() -> tuple[Law, tuple[Law, ...]]:
    """Return the house rule, and the laws."""
    said = tomllib.loads(resources.files("careful.customer_data").joinpath("request_clocks.toml").read_text("utf-8"))
    laws = tuple(Law(**(one | {"markets": tuple(one["markets"])})) for one in said["law"])
    return Law(**said["house"]), laws


def _sold(law: Law, markets: Collection[str], regions: Mapping[str, Sequence[str]]) -> bool:
    countries = {country for region in law.markets for country in regions.get(region, ())}
    return any(one in law.markets or one.partition("-")[0] in countries for one in markets)


def _after(moment: datetime, months: int, days: int) -> datetime:
    """Return the same day so many months later, or the last one of a month that is too short; then days more."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
