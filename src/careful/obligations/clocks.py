"""Reporting clocks: the duties as data, and a pure planner from the facts of one matter to where each duty stands.

The pack `duties.toml` cites article and paragraph for each. Clocks run by the wall clock, to the very minute: where
Regulation (EEC, Euratom) 1182/71 would round a span up, Careful does not, so that it is never later than the law.
"""

import calendar
import tomllib
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from careful.obligations.model import Ask, Clock, Duty, Facts, State

_MONTHS_A_YEAR = 12
_PACK = "duties.toml"


@cache
def pack() -> tuple[Duty, ...]:
    """Return every duty, in the order of the law. The edition and source stand in the pack itself."""
    return tuple(
        Duty(
            id=one["id"],
            kind=one["kind"],
            title=one["title"],
            cites=one["cites"],
            starts=one["starts"],
            span=timedelta(hours=one.get("hours", 0), days=one.get("days", 0)),
            months=one.get("months", 0),
            asks=tuple(Ask(**ask) for ask in one["asks"]),
        )
        for one in _read()["duty"]
    )


def law() -> str:
    """Return the id of the law, as the products' laws name it, that the duties follow from."""
    return str(_read()["law"])


def duties(kind: str) -> tuple[Duty, ...]:
    """Return the duties of one kind of matter."""
    return tuple(one for one in pack() if one.kind == kind)


def plan(facts: Facts, now: datetime) -> tuple[Clock, ...]:
    """Say of each duty of a matter where it stands at `now`."""
    return tuple(_clock(one, facts, now) for one in duties(facts.kind))


def due_at(duty: Duty, start: datetime) -> datetime:
    """Return when a clock that starts then runs out. A month ends on the same day, or on the month's last."""
    if not duty.months:
        return start + duty.span
    months = start.month - 1 + duty.months
    year, month = start.year + months // _MONTHS_A_YEAR, months % _MONTHS_A_YEAR + 1
    return start.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1]))


def says_span(duty: Duty) -> str:
    """Write how long a clock runs: `24 hours`, `14 days`, `1 month`."""
    if duty.months:
        return f"{duty.months} month{'s' if duty.months > 1 else ''}"
    hours = int(duty.span.total_seconds() // 3600)
    return f"{duty.span.days} days" if duty.span.days and not hours % 24 and hours > 72 else f"{hours} hours"  # noqa: PLR2004 (the law's own unit: hours up to 72, then days)


def _clock(duty: Duty, facts: Facts, now: datetime) -> Clock:
    start, from_what = _start(duty, facts)
    due = due_at(duty, start) if start is not None else None
    done = facts.submitted.get(duty.id)
    if done is not None:
        in_time = due is None or done <= due
        why = f"Submitted on {_moment(done)}" + ("." if in_time else f"; it was due on {_moment(due)}.")
        return _made(duty, "done", due, why, done=done, in_time=in_time)
    if facts.applies.answer == "no":
        return _made(duty, "not applicable", None, facts.applies.says)
    doubt = f" {facts.applies.says} Counted as if it applied." if facts.applies.answer == "unknown" else ""
    if due is None:
        return _made(duty, "waiting", None, f"{from_what}{doubt}")
    why = f"{says_span(duty)} from {from_what}.{doubt}"
    return _made(duty, "late" if due < now else "due", due, why)


def _start(duty: Duty, facts: Facts) -> tuple[datetime | None, str]:
    """Return when a duty's clock started and from what; where it did not, what it waits for."""
    aware = facts.aware_at
    if aware is None:
        return None, "Nobody is on record as knowing of it."
    if duty.starts == "aware":
        return aware, f"awareness, on {_moment(aware)}"
    if duty.starts == "measure":
        return _start_of_measure(duty, aware, facts.measure_at)
    before = next(one for one in pack() if one.id == duty.starts)
    sent = facts.submitted.get(before.id)
    if sent is None:
        return None, f"Its {says_span(duty)} will run from when the {before.title.lower()} is submitted."
    return sent, f"the {before.title.lower()}, on {_moment(sent)}"


def _start_of_measure(duty: Duty, aware: datetime, measure: datetime | None) -> tuple[datetime | None, str]:
    if measure is None:
        return None, f"Its {says_span(duty)} will run from when a corrective or mitigating measure is available."
    if measure < aware:
        return aware, f"awareness, on {_moment(aware)}: the measure was available before"
    return measure, f"when a measure was available, on {_moment(measure)}"


def _made(
    duty: Duty,
    state: State,
    due: datetime | None,
    why: str,
    *,
    done: datetime | None = None,
    in_time: bool | None = None,
) -> Clock:
    return Clock(duty.id, duty.title, duty.cites, state, due, why, done, in_time)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "no day"


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(resources.files("careful.obligations").joinpath(_PACK).read_text("utf-8"))
