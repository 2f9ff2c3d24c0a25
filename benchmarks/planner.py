"""The planner over 1,000,000 devices: what each decision costs, at the moments that make it look at the most.

Pure: `plan` gets a snapshot in memory and returns a plan; reading the snapshot from the database is not in these
figures. A rollout in waves of 1,000, 1 %, 10 %, 50 % and 100 %.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from table import method, row

from careful.updates import groups, waves
from careful.updates.fitting import objection
from careful.updates.model import Candidate, Limits, Member, Offer
from careful.updates.plan import Plan, Situation, plan

FLEET = 1_000_000
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ASKED = ("1000", "1%", "10%", "50%", "100%")
OFFER = Offer(product="bench", version="1.0.1", hardware=("rev-a",), security_version=2)


def situation(members: tuple[Member, ...], opened: int, **more: object) -> Situation:
    """Return a rollout whose first waves are open."""
    return Situation(
        rollout="r",
        generation=1,
        state="running",
        limits=Limits(),
        now=NOW,
        opened={wave: NOW - timedelta(hours=1) for wave in range(1, opened + 1)},
        members=members,
        **more,  # type: ignore[arg-type]  # what a moment adds
    )


def at(members: tuple[Member, ...], open_to: int, ended: int, under_way: str) -> tuple[Member, ...]:
    """Return the members when the waves up to `ended` have confirmed, and `open_to` is under way."""
    due = NOW + timedelta(minutes=30)
    state = {True: "confirmed", False: under_way}
    return tuple(
        one if one.wave > open_to else replace(one, state=state[one.wave <= ended], deadline=due, changed_at=NOW)
        for one in members
    )


def timed(what: str, act: Callable[[], Plan]) -> None:
    """Measure three calls, and print what came of them."""
    taken, found = [], act()
    for _ in range(3):
        began = time.perf_counter()
        found = act()
        taken.append(time.perf_counter() - began)
    row(what, taken, "s")
    said = f"{len(found.offers):,} offers, {len(found.silent):,} silent"
    print(f"    {said}{', halts' if found.halt else ''}{', finishes' if found.finish else ''}")


def main() -> None:
    """Deal a million devices into waves, and plan at five moments."""
    method(__doc__ or "")
    fleet = [
        Candidate(
            device=f"bench-{number:07d}",
            product="bench",
            hardware="rev-a" if number % 20 else "rev-b",
            state="active",
            version="1.0.0",
            region="eu" if number % 2 else "us",
        )
        for number in range(FLEET)
    ]
    group = groups.parse("region=eu,us tag!=lab")
    began = time.perf_counter()
    chosen, left_out = groups.divide(fleet, lambda one: objection(one, OFFER), group, ())
    row("choose by query, and say why not the others", [time.perf_counter() - began], "s")
    print(f"    {len(chosen):,} chosen, {len(left_out):,} left out")
    names = [one.device for one in fleet]
    began = time.perf_counter()
    dealt = waves.cut_waves(names, ASKED, (), "bench")
    row("deal into waves", [time.perf_counter() - began], "s")
    late = replace(situation(at(dealt, 3, 2, "offered"), 3), now=NOW + timedelta(hours=1))
    moments = {
        "plan: the first wave opens": situation(dealt, 0),
        "plan: the last wave is under way": situation(at(dealt, 5, 4, "offered"), 5),
        "plan: the last wave opens": situation(at(dealt, 4, 4, "offered"), 4),
        "plan: 100,000 devices are late": late,
        "plan: all have confirmed": situation(at(dealt, 5, 5, "offered"), 5),
    }
    for what, given in moments.items():
        timed(what, partial(plan, given))


if __name__ == "__main__":
    main()
