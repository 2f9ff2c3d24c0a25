"""Following decisions: which release mends a flaw, and whose ground moved so that a person must look again.

A background step: it takes no input, looks at the world, and may run twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from careful import devices, releases
from careful.kernel.actors import SYSTEM
from careful.kernel.work import Work, World
from careful.vulnerabilities import ground, queries, store
from careful.vulnerabilities.events import FixFound, ReviewAsked
from careful.vulnerabilities.judging import expired
from careful.vulnerabilities.model import Case, due_after

_REASON = 300


def follow(world: World) -> int:
    """Find the release that mends each flaw, then ask again where the ground of a decision moved; return how many."""
    cases = queries.cases(world)
    if not cases:
        return 0
    known = queries.matched(world)
    shipped: dict[str, list[releases.Release]] = {}
    for one in releases.list_for(world):
        if one.state == "signed" and one.id in known:
            shipped.setdefault(one.product, []).append(one)
    found = sum(_find_fix(world, case, shipped.get(case.product, [])) for case in cases)
    by_product: dict[str, dict[str, Case]] = {}
    for case in cases:
        by_product.setdefault(case.product, {})[case.id] = case
    return found + sum(_ask_again(world, product, shipped.get(product, []), of) for product, of in by_product.items())


def _find_fix(world: World, case: Case, line: Sequence[releases.Release]) -> int:
    if not line or not case.releases:
        return 0
    newest = max(line, key=lambda one: one.security_version)
    if newest.version in case.releases:
        return 0
    highest = max((one.security_version for one in line if one.version in case.releases), default=0)
    fix = min((one for one in line if one.security_version > highest), key=lambda one: one.security_version)
    if case.fixed_in == fix.version or not _surely_gone(world, case, fix):
        return 0
    with world.change(SYSTEM) as work:
        store.set_case(work.connection, case.id, fixed_in=fix.version)
        work.record(FixFound(case=case.id, version=fix.version))
    return 1


def _surely_gone(world: World, case: Case, fix: releases.Release) -> bool:
    """Tell whether the component was looked up or is gone, and not merely can be looked up no more."""
    names = {one.name for one in queries.findings(world, flaw=case.flaw, product=case.product)}
    return names.isdisjoint(component.name for component, _ in queries.unmatched_in(world, fix.id))


@dataclass(frozen=True, slots=True)
class _Line:
    """A product's releases that count: the newest that is signed, and those that a device still runs."""

    looked: Sequence[releases.Release]
    newest: releases.Release | None


@dataclass(frozen=True, slots=True)
class _Look:
    """What became of the ground of one decision: it moved, or more of it is known."""

    row: Any
    changes: Sequence[ground.Moved]
    fuller: ground.Ground | None = None
    present: bool = False


def _ask_again(world: World, product: str, shipped: Sequence[releases.Release], cases: Mapping[str, Case]) -> int:
    """Ask for a new look at a product's decisions, opening closed cases again where that is needed."""
    newest = max(shipped, key=lambda one: one.security_version) if shipped else None
    fielded = devices.count_by_version(world, product)
    line = _Line([one for one in shipped if one is newest or fielded.get(one.version)], newest)
    now = world.clock.now()
    with world.look() as connection:
        rows = [row for row in store.decided_rows(connection, product) if row.id in cases]
        found: dict[str, list[ground.Carrier]] = {}
        for each in store.carriers(connection, product, (row.flaw for row in rows), [one.id for one in line.looked]):
            found.setdefault(each.flaw, []).append(ground.carrier(each.name, each.version, each.ground))
        ids = [one.id for one in line.looked]
        placed = lambda flaw: store.placed_carriers(connection, product, [flaw], ids)  # noqa: E731 (it holds the transaction)
        looks = [_look_at(row, cases[row.id], found.get(row.flaw, []), line, now, placed) for row in rows]
    due = [one for one in looks if one is not None]
    if not due:
        return 0
    with world.change(SYSTEM) as work:
        held = store.lock_cases(work.connection, (one.row.id for one in due))
        return sum(_note(work, one) for one in due if held[one.row.id].judged_at == one.row.judged_at)


def _look_at(
    row: Any,  # noqa: ANN401 (a row)
    case: Case,
    carried: Sequence[ground.Carrier],
    line: _Line,
    now: datetime,
    placed: Callable[[str], Iterable[Any]],
) -> _Look | None:
    """Look at one decision; None where it holds. `placed` asks where the carriers of a flaw are."""
    newest = line.newest
    present = newest is not None and newest.version in case.releases
    if row.state == "open" and row.accepted_until is not None and row.accepted_until <= now:
        return _Look(row, [ground.Moved(expired(row.accepted_until))], None, present)
    settled = row.state == "closed" and row.status in {"affected", "fixed"}
    if not carried or (settled and not present):
        return None
    before = ground.read(row.judged_on)
    if ground.moved(before, [("", one) for one in carried], exploited=case.attacked):
        changes = ground.moved(before, _newest_of(placed(row.flaw), line.looked), exploited=case.attacked)
        return _Look(row, changes, None, present)
    if present and row.fixed_in and newest is not None:
        says = f"it was gone in {row.fixed_in} and is back in {newest.version}"
        return _Look(row, [ground.Moved(says, newest.version)], None, present)
    fuller = ground.completed(before, carried, exploited=case.attacked)
    return _Look(row, (), fuller) if fuller != before else None


def _newest_of(rows: Iterable[Any], looked: Sequence[releases.Release]) -> list[tuple[str, ground.Carrier]]:
    """Return what carries the flaw, each with the newest release that it is in."""
    order = {one.id: (one.security_version, one.version) for one in looked}
    newest: dict[ground.Carrier, tuple[int, str]] = {}
    for each in rows:
        one = ground.carrier(each.name, each.version, each.ground)
        newest[one] = max(newest.get(one, (0, "")), order[each.release])
    return [(newest[one][1], one) for one in sorted(newest, key=repr)]


def _note(work: Work, look: _Look) -> int:
    """Note that a decision is to be looked at again, or that more of its ground is known."""
    case = look.row.id
    if look.fuller is not None:
        store.set_case(work.connection, case, judged_on=ground.written(look.fuller))
        return 0
    reason = "; ".join(one.says for one in look.changes)
    where = sorted({one.release for one in look.changes})
    values: dict[str, Any] = {"review": reason, "review_in": [] if "" in where else where}
    attacked = bool(look.row.exploited or look.row.told_exploited)
    due = max(look.row.due, work.now + due_after(look.row.severity, exploited=attacked))
    values |= {"due": due, "state": "open", "closed_at": None} | ({"fixed_in": None} if look.present else {})
    store.set_case(work.connection, case, **values)
    work.record(ReviewAsked(case=case, reason=reason[:_REASON], due=due))
    return 1
