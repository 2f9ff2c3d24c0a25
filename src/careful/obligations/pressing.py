"""Cases in the order in which they press: by the reporting clocks that run, late ones first, then by their due dates.

A case is a vulnerability's, a clock is the law's: this is where both are known. Every list of cases comes from here, so
that the console, the API and the command line say the same in the same order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Literal

from careful import vulnerabilities
from careful.kernel.work import World
from careful.obligations.model import Clock, Entry
from careful.obligations.queries import View, said_by

_NO_CLOCK = datetime.min.replace(tzinfo=UTC)
_FIELDS = tuple(one.name for one in fields(vulnerabilities.Case))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressing(vulnerabilities.Case):
    """A case as lists show it: with `why` it is urgent, in one line, and the `report` that the law wants next.

    `said` is who of the maker's people says that the flaw is exploited; no feed need know it.
    """

    why: str
    report: Clock | None = None
    said: vulnerabilities.Said | None = None


def pressing(
    world: World, state: Literal["open", "closed"] | None = None, product: str | None = None
) -> list[Pressing]:
    """List cases, the most pressing first; a closed one stands among them for as long as a report on it is owed."""
    return _put_together(world, View(world, listed=vulnerabilities.cases(world, state, product)))


def standing(world: World, wanted: str) -> Pressing:
    """Return one case as lists show it. Raises NotFound."""
    return _put_together(world, View(world, listed=[vulnerabilities.case(world, wanted)]))[0]


def urgency(world: World, wanted: str) -> tuple[str, ...]:
    """Say why a case is urgent, in sentences, also where nobody but the maker's people know it. Raises NotFound."""
    by = said_by(View(world, only=wanted).entries.get(wanted, ()))
    return vulnerabilities.urgency(world, wanted, _said(by) if by else None)


def _put_together(world: World, view: View) -> list[Pressing]:
    reports: dict[str, Clock] = {}
    said: dict[str, vulnerabilities.Said] = {}
    for one in view.cases:
        noted = view.entries.get(one.id, ())
        if one.exploited or noted:
            running, by = view.of_case(one).next, said_by(noted)
            reports |= {one.id: running} if running else {}
            said |= {one.id: _said(by)} if by else {}
    brief = vulnerabilities.urgency_in_brief(world, view.cases, said)
    return sorted((_pressing(one, brief, reports, said) for one in view.cases), key=_order)


def _said(one: Entry) -> vulnerabilities.Said:
    return vulnerabilities.Said(one.by, one.at, one.says)


def _pressing(
    one: vulnerabilities.Case,
    brief: Mapping[str, str],
    reports: Mapping[str, Clock],
    said: Mapping[str, vulnerabilities.Said],
) -> Pressing:
    same = {name: getattr(one, name) for name in _FIELDS}
    return Pressing(**same, why=brief[one.id], report=reports.get(one.id), said=said.get(one.id))


def _order(one: Pressing) -> tuple[bool, datetime, bool, datetime, str, str]:
    """Put reports first by when they are due, so late ones lead; then what is open, then what is closed, by day."""
    clock = one.report.due if one.report else None
    return clock is None, clock or _NO_CLOCK, one.state != "open", one.due, one.flaw, one.product
