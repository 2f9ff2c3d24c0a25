"""Laws of a whole rollout: people, devices, workers and clocks do what they like, in any order, over the real database.

Hypothesis chooses; after each step the laws of `Rollouts.check` hold. What the planner alone must keep is in
test_plan.py; this is about what is written down: that nothing a device is told contradicts something else it is told,
and that nothing is lost.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from careful import devices, updates
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.clock import ManualClock
from careful.kernel.database import metadata
from careful.kernel.errors import NotFound, Refused
from careful.kernel.work import World
from careful.updates import conversation, executor, queries, store, windows
from careful.updates.model import Order, Report

ANN, BEN = Actor("staff", "ann"), Actor("staff", "ben")
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
FLEET = 5
WAVES = (("1", "2", "100%"), ("2,success=50", "100%"), ("1", "100%"), ("100%",))
WINDOWS = ("", "", "", "12:00-15:00")
VERSIONS = ("1.0.0", "1.0.1", "1.0.2")
REPORTS = {
    "download": Report(execution="download", finished="none"),
    "proceeding": Report(execution="proceeding", finished="none", details=("half of it",)),
    "success": Report(execution="closed", finished="success", details=("running it",)),
    "failure": Report(execution="closed", finished="failure", details=("rolled back: health check failed",)),
    "canceled": Report(execution="canceled", finished="none"),
    "rejected": Report(execution="rejected", finished="none"),
    "none": Report(execution="closed", finished="none"),
}
WORDS = st.sampled_from([*REPORTS, "success", "success", "success"])
DEVICE = st.integers(0, FLEET - 1)
ANY = st.integers(0, 1000)


@dataclass(frozen=True)
class Town:
    """A database as it was before anything was rolled out, to begin every story from."""

    world: World
    cams: tuple[str, ...]
    rows: dict[Any, list[dict[str, Any]]]

    @classmethod
    def of(cls, world: World, cams: list[str]) -> "Town":
        with world.look() as connection:
            rows = {
                table: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in metadata.sorted_tables
            }
        return cls(world, tuple(cams), rows)

    def anew(self) -> World:
        """Put everything back, and the clock too."""
        with self.world.database.transaction("write") as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table, rows in self.rows.items():
                if rows:
                    connection.execute(table.insert(), rows)
        return replace(self.world, clock=ManualClock(START))


class Rollouts(RuleBasedStateMachine):
    """All that may happen to rollouts, and what must stay true of them."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self.world, self.cams = town.anew(), town.cams
        self.stalled: list[tuple[Any, Any]] = []
        self.carried_out: list[tuple[Any, Any]] = []
        self.before: dict[str, Any] = {}
        self.orders: dict[int, Order] = {}
        self.fresh = False
        self.board = updates.Board(self.world, fresh=0.0)

    # What people do.

    def _start(self, version: str, **given: Any) -> None:
        with suppress(Refused):
            updates.start_rollout(self.world, ANN, "cam-1", version, first=self.cams, deadline_minutes=5, **given)

    @initialize(waves=st.sampled_from(WAVES), window=st.sampled_from(WINDOWS), ask=st.booleans())
    def begin(self, waves: tuple[str, ...], window: str, ask: bool) -> None:
        if ask:
            devices.set_traits(self.world, ANN, self.cams[1], consent="ask")
        self._start("1.0.1", waves=waves, window=window)

    @rule(
        version=st.sampled_from(VERSIONS[1:]),
        waves=st.sampled_from(WAVES),
        window=st.sampled_from(WINDOWS),
        limits=st.sampled_from([(10.0, 1, 2), (50.0, 1, 1), (50.0, 2, 3)]),
        supersede=st.booleans(),
    )
    def start(
        self, version: str, waves: tuple[str, ...], window: str, limits: tuple[float, int, int], supersede: bool
    ) -> None:
        most, least, attempts = limits
        given = {"max_failures_percent": most, "min_failures": least, "attempts": attempts, "supersede": supersede}
        self._start(version, waves=waves, window=window, **given)

    @rule(number=ANY, version=st.sampled_from(VERSIONS))
    def roll_back(self, number: int, version: str) -> None:
        if found := self._one(number):
            with suppress(Refused):
                updates.roll_back(self.world, ANN, found.id, version, "It overheats.", waves=("1", "100%"))

    @rule(number=ANY, agree=st.booleans())
    def second_word(self, number: int, agree: bool) -> None:
        if found := self._one(number, "proposed"):
            if agree:
                updates.confirm_rollout(self.world, BEN, found.id)
            else:
                updates.withdraw_rollout(self.world, BEN, found.id, "It does not.")

    @rule(number=ANY)
    def halt(self, number: int) -> None:
        if found := self._one(number, "running"):
            updates.halt(self.world, ANN, found.id, "Wait.")

    @rule(number=ANY)
    def resume(self, number: int) -> None:
        if found := self._one(number, "halted"):
            updates.resume(self.world, ANN, found.id, "Go on.")

    @rule(number=ANY, device=DEVICE)
    def account(self, number: int, device: int) -> None:
        if found := self._one(number, "running", "halted"):
            with suppress(Refused, NotFound):
                updates.account(self.world, ANN, found.id, self.cams[device], "It is in a drawer.")

    @rule(device=DEVICE, act=st.sampled_from([devices.quarantine, devices.restore, devices.restore, devices.retire]))
    def life(self, device: int, act: Any) -> None:
        with suppress(Refused):
            act(self.world, ANN, self.cams[device], "Odd.")

    @rule(device=DEVICE, consent=st.sampled_from(["automatic", "ask", "declined"]))
    def wish(self, device: int, consent: str) -> None:
        with suppress(Refused):
            devices.set_traits(self.world, ANN, self.cams[device], consent=consent)

    # What workers and clocks do.

    @rule(times=st.integers(1, 8))
    def work(self, times: int) -> None:
        with self._watching(carry_out=True):
            for _ in range(times):
                updates.advance(self.world)

    @rule()
    def plan_and_stall(self) -> None:
        with self._watching(carry_out=False):
            updates.advance(self.world)

    @precondition(lambda self: self.stalled)
    @rule(number=ANY)
    def go_on_late(self, number: int) -> None:
        found, decided = self.stalled[number % len(self.stalled)]
        now = self._read(found.id)
        done = executor.execute(self.world, found, decided)
        assert not (done and now.generation != decided.generation), "a plan of an older generation did something"

    @precondition(lambda self: self.carried_out)
    @rule(number=ANY)
    def work_twice(self, number: int) -> None:
        found, decided = self.carried_out[number % len(self.carried_out)]
        assert executor.execute(self.world, found, decided) == 0

    @rule(minutes=st.sampled_from([1, 2, 6, 6, 180, 720, -1, -10, -240]))
    def time(self, minutes: int) -> None:
        clock = self.world.clock
        assert isinstance(clock, ManualClock)
        clock.advance(timedelta(minutes=minutes))

    @rule()
    def restart(self) -> None:
        self.board = updates.Board(self.world, fresh=0.0)

    # What devices do.

    @rule(device=DEVICE, word=WORDS)
    def carry_out(self, device: int, word: str) -> None:
        """Do as a good device does: poll, read, report; and say what it runs then."""
        name = self.cams[device]
        poll = self.board.look(name)
        if poll.action is None or poll.cancelling or poll.asking:
            return
        with suppress(NotFound):
            order = updates.retrieved(self.world, name, poll.action)
            self._report(name, poll.action, word)
            if word == "success":
                with suppress(Refused):
                    devices.report_version(self.world, name, order.version, "ddi")

    @rule(words=st.lists(WORDS, min_size=FLEET, max_size=FLEET))
    def all_carry_out(self, words: list[str]) -> None:
        """Let every device do so, and a worker after them, so that stories get somewhere."""
        for device, word in enumerate(words):
            self.carry_out(device, word)
        self.work(4)

    @rule(device=DEVICE, number=ANY, word=WORDS, other=st.booleans())
    def report(self, device: int, number: int, word: str, other: bool) -> None:
        """Report about any order there ever was, in any order, perhaps one of another device."""
        name = self.cams[device]
        listed = sorted(self.orders) if other else [one.id for one in self.orders.values() if one.device == name]
        if listed:
            self._report(name, listed[-1 - number % len(listed)], word)

    def _report(self, name: str, action: int, word: str) -> None:
        was = updates.order(self.world, action)
        assert was is not None
        expected = conversation.on_report(was.standing, REPORTS[word]).says if was.device == name else "unknown"
        said = self._say(name, action, word)
        assert said == expected
        now = updates.order(self.world, action)
        assert now is not None
        if said != "taken":
            assert now == was, "what was refused changed something"
            return
        kept = updates.statuses(self.world, action)
        assert kept[0].report == REPORTS[word], "what was taken is not lost"
        again = self._say(name, action, word)  # the network gave it twice
        after = updates.order(self.world, action)
        assert after == now, "a duplicate changed something"
        assert again == ("taken" if now.is_open else "over")
        assert len(updates.statuses(self.world, action)) == len(kept) + (not now.is_open)

    def _say(self, name: str, action: int, word: str) -> str:
        try:
            updates.feedback(self.world, name, action, REPORTS[word])
        except updates.Gone:
            return "over"
        except NotFound:
            return "unknown"
        return "taken"

    @rule(device=DEVICE, word=st.sampled_from(["none", "success", "failure", "rejected", "proceeding"]))
    def answer_cancel(self, device: int, word: str) -> None:
        name = self.cams[device]
        poll = self.board.look(name)
        if poll.action is not None:
            with suppress(updates.NotAllowed):
                updates.answer_cancel(self.world, name, poll.action, REPORTS[word])

    @rule(device=DEVICE, agreed=st.booleans())
    def answer_consent(self, device: int, agreed: bool) -> None:
        name = self.cams[device]
        poll = self.board.look(name)
        if poll.action is not None:
            with suppress(NotFound):
                updates.answer_consent(self.world, name, poll.action, agreed=agreed)

    @rule(device=DEVICE, version=st.sampled_from(VERSIONS))
    def say_version(self, device: int, version: str) -> None:
        with suppress(Refused):
            devices.report_version(self.world, self.cams[device], version, "mqtt")

    # What must be true after each of these.

    @invariant()
    def check(self) -> None:
        with self.world.look() as connection:
            listed = [queries.read_rollout(connection, one.id) for one in updates.rollouts(self.world)]
            members = {one.id: queries.members(connection, one.id) for one in listed}
            orders = {row.id: store.as_order(row) for row in connection.execute(select(store.order))}
            told = {name: queries.poll(connection, name) for name in self.cams}
        self._one_thing_is_told(orders, told)
        self._what_is_over_stays_over(orders)
        for found in listed:
            self._counts_add_up(found, members[found.id])
            self._members_agree_with_orders(found, members[found.id], orders)
            was = self.before.get(found.id)
            if was is not None:
                self._moves_on(was, found, members[found.id], orders)
        self.before = {one.id: one for one in listed}
        self.members = members
        self.orders = orders

    def _one_thing_is_told(self, orders: dict[int, Order], told: dict[str, updates.Poll]) -> None:
        under_way = [one for one in orders.values() if one.is_open]
        assert max(Counter(one.device for one in under_way).values(), default=1) == 1, "two orders for one device"
        mine = {one.device: one for one in under_way}
        for name, poll in told.items():
            order = mine.get(name)
            assert poll.action == (order.id if order else None), "what is polled is what is open"
            if order is not None:
                assert (poll.cancelling, poll.asking) == (order.cancelling, order.standing.waits)
            seen = self.board.look(name)
            assert replace(seen, change=0) == replace(poll, change=0), "a gateway's memory differs"
            self._what_is_told_can_be_read(order)

    def _what_is_told_can_be_read(self, order: Order | None) -> None:
        """Ask whether exactly what is told can be read (without reading it: that would change it)."""
        if order is None:
            return
        held = not windows.is_open(order.window, self.world.clock.now())
        says = conversation.told(order.standing, held=held)
        assert (conversation.on_read(order.standing, held=held).says == "taken") == (says == "deploy")

    def _what_is_over_stays_over(self, orders: dict[int, Order]) -> None:
        assert self.orders.keys() <= orders.keys(), "an order is lost"
        for was in self.orders.values():
            now = orders[was.id]
            assert (was.device, was.version, was.made_at) == (now.device, now.version, now.made_at)
            if not was.is_open:
                assert now == was, "an order that was over changed"

    def _counts_add_up(self, found: updates.Rollout, members: tuple[updates.Member, ...]) -> None:
        assert sum(found.count(state) for state in updates.MEMBER_STATES) == len(members) == found.size
        counted = Counter((one.wave, one.state) for one in members)
        assert counted == Counter(
            {(wave.number, state): n for wave in found.waves for state, n in wave.counts.items() if n}
        )
        if found.id in self.before:
            assert {one.device for one in members} == {one.device for one in self.members[found.id]}, "one is lost"
        if found.state == "finished":
            assert all(one.state in {"confirmed", "accounted"} for one in members)

    def _members_agree_with_orders(
        self, found: updates.Rollout, members: tuple[updates.Member, ...], orders: dict[int, Order]
    ) -> None:
        mine = {one.device: one for one in orders.values() if one.rollout == found.id and one.is_open}
        for one in members:
            assert 0 <= one.attempts <= found.limits.attempts, "tried too often"
            if one.state == "offered":
                assert one.device in mine, "offered, and has no order"
            if one.device in mine:
                assert one.state in {"offered", "deferred"}, "it has an order, and its rollout knows nothing of it"
            if one.state == "offered":
                assert one.wave <= found.open_waves, "offered before its wave opened"

    def _moves_on(
        self,
        was: updates.Rollout,
        now: updates.Rollout,
        members: tuple[updates.Member, ...],
        orders: dict[int, Order],
    ) -> None:
        assert now.generation >= was.generation, "a generation went back"
        if now.state != was.state or now.open_waves != was.open_waves:
            assert now.generation > was.generation, "it moved on, and its generation did not"
        made = [one for one in orders.values() if one.id not in self.orders and one.rollout == now.id]
        if made:
            assert now.generation > was.generation, "orders were made, and the generation stayed"
        if was.state == now.state == "halted":
            assert not made, "a halted rollout gave new orders"
            assert now.open_waves == was.open_waves, "a halted rollout opened a wave"
        if now.state == "halted":
            unread = [one for one in orders.values() if one.rollout == now.id and one.state == "offered"]
            assert [one for one in unread if not one.cancelling] == [], "halted, and still told"
        if now.state in {"proposed", "superseded"}:
            assert not made
        if 1 < now.open_waves > was.open_waves:
            # A wave that gave all its devices to one that was refilled has nothing to prove.
            before = max((one.wave for one in members if one.wave < now.open_waves), default=0)
            proven = [one for one in (*members, *self.members[now.id]) if one.wave == before]
            assert any(one.state == "confirmed" for one in proven), "a wave opened, and nothing was proven before it"

    def teardown(self) -> None:
        """Let everybody be sensible from now on: every rollout must come to its end. Then ask the ledger."""
        for name in self.cams:
            with suppress(Refused):
                devices.set_traits(self.world, ANN, name, consent="automatic")
            with suppress(Refused):
                devices.restore(self.world, ANN, name, "Looked at.")
        for _ in range(40):
            if not self._bring_on():
                break
        else:
            listed = [updates.rollout(self.world, one.id) for one in updates.rollouts(self.world)]
            pytest.fail(f"some rollouts never end: {[one for one in listed if one.rollout.state in UNDER_WAY]}")
        self._agrees_with_ledger()

    def _bring_on(self) -> bool:
        """Let time pass, devices carry out what they are told, and people settle what is left to them."""
        self.time(minutes=180)
        for device, name in enumerate(self.cams):
            poll = self.board.look(name)
            if poll.action is not None and poll.cancelling:
                updates.answer_cancel(self.world, name, poll.action, REPORTS["success"])
            if poll.action is not None and poll.asking:
                updates.answer_consent(self.world, name, poll.action, agreed=True)
            self.carry_out(device, "success")
        self.work(8)
        self.check()
        left = [updates.rollout(self.world, one.id) for one in updates.rollouts(self.world) if one.state in UNDER_WAY]
        for one in left:
            for device in one.left:
                updates.account(self.world, ANN, one.rollout.id, device, "It is in a drawer.")
            if one.rollout.state == "halted":
                updates.resume(self.world, ANN, one.rollout.id, "Go on.")
        return bool(left)

    def _agrees_with_ledger(self) -> None:
        """Ask whether the ledger tells the same of each device as the rollouts do."""
        with self.world.look() as connection:
            entries = ledger.read(connection, limit=5000)
        said: dict[tuple[str, str], str] = {}
        for entry in entries:
            if entry.name.startswith("updates.device_") and "rollout" in entry.data and "device" in entry.data:
                said[entry.data["rollout"], entry.data["device"]] = entry.name.removeprefix("updates.device_")
        words = {"confirmed": "updated", "failed": "failed", "silent": "silent"}
        for found in updates.rollouts(self.world):
            for one in updates.rollout(self.world, found.id).members:
                if one.state in words:
                    assert said.get((found.id, one.device)) == words[one.state], (
                        f"{one} has another story in the ledger"
                    )

    @contextmanager
    def _watching(self, *, carry_out: bool) -> Iterator[None]:
        """Let the worker plan; keep its plans, and carry them out or not."""
        real = executor.execute
        patch = pytest.MonkeyPatch()

        def hand(world: World, found: updates.Rollout, decided: Any) -> int:
            if not carry_out:
                self.stalled.append((found, decided))
                return 0
            done = real(world, found, decided)
            self.carried_out.append((found, decided))
            return done

        patch.setattr(executor, "execute", hand)
        try:
            yield
        finally:
            patch.undo()

    def _one(self, number: int, *states: str) -> updates.Rollout | None:
        listed = [one for one in updates.rollouts(self.world) if not states or one.state in states]
        return listed[-1 - number % len(listed)] if listed else None

    def _read(self, rollout: str) -> updates.Rollout:
        return updates.rollout(self.world, rollout).rollout


UNDER_WAY = ("running", "halted")
STORIES = {"sqlite": (16, 30), "postgresql": (4, 25)}


def test_whatever_happens_in_whatever_order(world, maker, request):
    for version in VERSIONS:
        maker.release(version)
    town = Town.of(world, maker.fleet(FLEET))
    stories, steps = STORIES[world.database.engine.dialect.name]
    run_state_machine_as_test(
        lambda: Rollouts(town),
        settings=settings(
            max_examples=stories, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
