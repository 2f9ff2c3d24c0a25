"""On what conditions an order may be carried out. Pure: the agent looks, this judges.

The server says them with the order (chunk metadata), and holds orders back by what it knows; the device knows better:

    min-battery   50                           per cent that must be left, unless it is plugged in
    power         mains                        it must be plugged in
    window        22:00-04:00 Europe/Berlin    when it may begin; "Sat,Sun 00:00-24:00 UTC" on these days only

What cannot be read here is never taken for fulfilled: the order is refused. A condition can only ever hold it back.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from careful_device.errors import AgentError

_PERCENT = 100
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(
    r"(?:((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:,(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)){0,6}) )?"
    r"([01][0-9]|2[0-3]):([0-5][0-9])-(([01][0-9]|2[0-3]):([0-5][0-9])|24:00)(?: ([A-Za-z0-9_+/-]{1,64}))?"
)
_DAY = timedelta(days=1)
_WORD = {True: "mains", False: "battery"}
_STEP = 5


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What must hold before the image is fetched, and again before it is installed."""

    min_battery: int = 0
    mains: bool = False
    window: str = ""


@dataclass(frozen=True, kw_only=True)
class Power:
    """What drives the device: per cent of battery, and whether it is plugged in; None where that does not apply.

    `trouble`: why it cannot be told, in a few words. A device that has no battery is plugged in.
    """

    battery: int | None = None
    mains: bool | None = None
    trouble: str = ""


def conditions_from(metadata: dict[str, str]) -> Conditions:
    """Return the conditions of an order. Raises AgentError for what is none."""
    battery, power, window = (metadata.get(name, "") for name in ("min-battery", "power", "window"))
    if battery and not (battery.isascii() and battery.isdecimal() and int(battery[:9]) <= _PERCENT):
        raise AgentError(f"The order's min-battery is no percentage: {battery[:20]!r}.")
    if power not in ("", "mains"):
        raise AgentError(f"The order's power is a condition that this agent does not know: {power[:20]!r}.")
    if window and _WINDOW.fullmatch(window) is None:
        raise AgentError(f"The order's window cannot be read: {window[:100]!r}.")
    return Conditions(min_battery=int(battery or 0), mains=power == "mains", window=window)


def lacking(wanted: Conditions, power: Power, now: datetime) -> tuple[str, str]:
    """Return what an order has to wait for, as a kind and in words; both empty when nothing is lacking.

    `now` has a time zone.
    """
    if (wanted.min_battery or wanted.mains) and power.trouble:
        return "power", f"its power cannot be told: {power.trouble}"
    if wanted.mains and power.mains is False:
        return "power", "not plugged in"
    battery = None if power.mains is True else power.battery
    if battery is not None and battery < wanted.min_battery:
        return "battery", f"battery at {battery} %, asked for {wanted.min_battery} %"
    if wanted.window and not in_window(wanted.window, now):
        return "window", f"outside its window, {wanted.window}"
    return "", ""


def in_window(window: str, now: datetime) -> bool:
    """Tell whether `now` is inside; True where the time zone is not known here: then the server alone watches."""
    found = _WINDOW.fullmatch(window)
    if found is None:
        return False
    days, hour, minute, end, _hour, _minute, zone = found.groups()
    try:
        here = now.astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError: no such file on this device
        return True
    begins = time(int(hour), int(minute))
    length = timedelta(hours=int(end[:2]) - int(hour), minutes=int(end[3:]) - int(minute))
    length = length if length > timedelta() else length + _DAY
    allowed = {_DAYS.index(day) for day in days.split(",")} if days else set(range(7))
    starts = (datetime.combine(day, begins) for day in (here.date(), here.date() - _DAY))
    return any(start.weekday() in allowed and start <= here < start + length for start in starts)


def said_of(power: Power) -> dict[str, str]:
    """Return what to tell the server of a device that has a battery; nothing of one that has none."""
    if power.battery is None:
        return {}
    return {"battery": str(power.battery), **({} if power.mains is None else {"power": _WORD[power.mains]})}


def is_news(before: Power | None, now: Power) -> bool:
    """Tell whether the server should hear of a change: it holds orders back by what it heard last."""
    if now.battery is None or (before is not None and before.battery is None):
        return now.battery is not None
    return before is None or before.mains != now.mains or abs((before.battery or 0) - now.battery) >= _STEP


def power_from(plain: dict[str, Any]) -> Power:
    """Return what a command of the maker's says: {"battery": 31, "power": "battery"}, either or both."""
    battery, power = plain.get("battery"), plain.get("power")
    good = battery is None or (isinstance(battery, int) and not isinstance(battery, bool) and 0 <= battery <= _PERCENT)
    if not good or power not in (None, "mains", "battery") or (battery is None and power is None):
        return Power(trouble='the power command must print {"battery": 0 to 100, "power": "mains" or "battery"}')
    return Power(battery=battery, mains=None if power is None else power == "mains")
