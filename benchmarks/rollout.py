"""A bad release and a fleet of 100,000: how long until it halts by itself, and how many devices it has hurt by then.

Each simulated agent polls every five minutes (at its own second), takes between 5 and 25 minutes to install and prove
itself, then reports health; 2 % fail and go back, 3 % never say a word again. The planner is the real one, asked
at each minute in which something has happened, with a clock of the simulation; orders, reports and deadlines follow
the executor's rules, and the database is left out. *Hurt* are the devices that ever failed or fell silent, of all that
were offered the release before it halted. Three rollouts of each policy, with other devices failing each time.
"""

import heapq
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from table import method, row

from careful.updates import waves
from careful.updates.model import Limits, Member
from careful.updates.plan import Plan, Situation, patience, plan

FLEET = 100_000
FAIL, SILENT = 0.02, 0.03
POLL = 300
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
RUNS = 3
POLICIES = (
    ("2, 10%, 100%", ("2", "10%", "100%"), Limits(deadline_seconds=3600, max_failures_percent=10)),
    ("2, 10%, 100%", ("2", "10%", "100%"), Limits(deadline_seconds=3600, max_failures_percent=3)),
    ("100, 1%, 10%, 100%", ("100", "1%", "10%", "100%"), Limits(deadline_seconds=3600, max_failures_percent=3)),
    ("100, 1%, 10%, 100%", ("100", "1%", "10%", "100%"), Limits(deadline_seconds=14_400, max_failures_percent=3)),
    (
        "100, 1%, 10%, 100% (98 % must confirm)",
        ("100,success=98", "1%,success=98", "10%,success=98", "100%"),
        Limits(deadline_seconds=3600, max_failures_percent=10),
    ),
    ("100%", ("100%",), Limits(deadline_seconds=3600, max_failures_percent=3)),
)


@dataclass
class Fleet:
    """Devices that answer by the clock of the simulation, and the executor's bookkeeping."""

    members: list[Member]
    asked: tuple[str, ...]
    limits: Limits
    chance: random.Random
    now: float = 0.0
    state: str = "running"
    reason: str = ""
    opened: dict[int, datetime] = field(default_factory=dict)
    due: list[tuple[float, int, str]] = field(default_factory=list)
    offered: set[int] = field(default_factory=set)
    hurt: set[int] = field(default_factory=set)
    place: dict[str, int] = field(default_factory=dict)
    next_deadline: float = float("inf")

    def moment(self) -> datetime:
        """Return the time of the simulation."""
        return START + timedelta(seconds=self.now)

    def decide(self) -> bool:
        """Plan and carry it out; tell whether anything was done."""
        decided = plan(
            Situation(
                rollout="r",
                generation=1,
                state="running",
                limits=self.limits,
                now=self.moment(),
                opened=self.opened,
                members=tuple(self.members),
                rules={number: waves.rule(one) for number, one in enumerate(self.asked, start=1)},
            )
        )
        self.carry_out(decided)
        return not decided.is_empty

    def carry_out(self, decided: Plan) -> None:
        """Do what a plan says, as the executor does."""
        if self.next_deadline <= self.now:
            waiting = [one.deadline for one in self.members if one.state == "offered" and one.deadline is not None]
            later = [(at - START).total_seconds() for at in waiting if at > self.moment()]
            self.next_deadline = min(later, default=float("inf"))
        for name in decided.silent:
            self.turn(self.place[name], state="silent")
        if decided.halt:
            self.state, self.reason = "halted", decided.halt
            return
        if decided.opens:
            self.opened[decided.opens] = self.moment()
        if decided.finish:
            self.state = "finished"
        for name in decided.offers:
            self.offer(self.place[name])

    def turn(self, place: int, **values: object) -> None:
        """Change one member."""
        if values.get("state") in {"failed", "silent"}:
            self.hurt.add(place)
        self.members[place] = replace(self.members[place], **values)  # type: ignore[arg-type]  # its fields

    def offer(self, place: int) -> None:
        """Order one device, which hears of it at its next poll."""
        one = self.members[place]
        rule = waves.rule(self.asked[one.wave - 1])
        deadline = self.moment() + patience(self.limits, rule)
        self.turn(place, state="offered", attempts=one.attempts + 1, deadline=deadline, changed_at=self.moment())
        self.offered.add(place)
        self.next_deadline = min(self.next_deadline, (deadline - START).total_seconds())
        luck = self.chance.random()
        if luck < SILENT:
            return
        outcome = "failed" if luck < SILENT + FAIL else "confirmed"
        takes = self.chance.uniform(0, POLL) + self.chance.uniform(300, 1500)
        heapq.heappush(self.due, (self.now + takes, place, outcome))

    def run(self) -> None:
        """Let time pass until the rollout is over or halted."""
        while self.state == "running":
            while self.decide() and self.state == "running":
                pass
            if not self.due and all(one.state not in {"waiting", "offered"} for one in self.members):
                return  # what is left waits for a person's word
            news = False
            while not news and self.state == "running":
                self.now += 60
                news = self.hear() or self.next_deadline <= self.now

    def hear(self) -> bool:
        """Take what devices report; tell whether it may change what is to be done."""
        news, had = False, bool(self.due)
        while self.due and self.due[0][0] <= self.now:
            _, place, outcome = heapq.heappop(self.due)
            if self.members[place].state == "offered":
                self.turn(place, state=outcome, changed_at=self.moment())
                news |= outcome == "failed"
        return news or (had and not self.due)


def once(asked: tuple[str, ...], limits: Limits, seed: int) -> Fleet:
    """Run one rollout."""
    dealt = list(waves.cut_waves([f"bench-{n:06d}" for n in range(FLEET)], asked, (), str(seed)))
    fleet = Fleet(dealt, asked, limits, random.Random(seed))
    fleet.place = {one.device: place for place, one in enumerate(dealt)}
    fleet.run()
    return fleet


def main() -> None:
    """Run each policy five times."""
    method(__doc__ or "")
    for name, asked, limits in POLICIES:
        print(f"waves {name}; at most {limits.max_failures_percent:g} % of one; silent after {limits.deadline}")
        runs = [once(asked, limits, seed) for seed in range(RUNS)]
        hurt = [float(len(fleet.hurt)) for fleet in runs]
        halted = sum(fleet.state == "halted" for fleet in runs)
        row(f"    {'until it halts' if halted else 'until all ended'}", [fleet.now / 60 for fleet in runs], "min")
        row("    offered by then", [float(len(fleet.offered)) for fleet in runs], "devices")
        row("    hurt by then", hurt, "devices")
        print(f"    halts {halted} of {RUNS}: {runs[0].reason or 'it went on to the end'}")


if __name__ == "__main__":
    main()
