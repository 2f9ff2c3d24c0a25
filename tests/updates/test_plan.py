from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careful.updates.model import Limits, Member, Rule
from careful.updates.plan import Plan, Situation, is_failure, may_retry, plan

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LIMITS = Limits(max_failures_percent=10, min_failures=1, deadline_seconds=300, attempts=2)


def members(text: str) -> tuple[Member, ...]:
    """Read `1:cc 2:wo`, two waves by first letters of states; a capital F or S has used its attempts up."""
    states = {"c": "confirmed", "w": "waiting", "o": "offered", "f": "failed", "s": "silent", "a": "accounted"}
    states |= {"i": "installed", "d": "deferred"}
    found = []
    for part in text.split():
        wave, _, letters = part.partition(":")
        for letter in letters:
            attempts = 2 if letter.isupper() else (0 if letter == "w" else 1)
            found.append(
                Member(
                    device=f"d{len(found)}",
                    wave=int(wave),
                    state=states[letter.lower()],
                    attempts=attempts,
                    deadline=NOW + timedelta(minutes=1) if letter in "oid" else None,
                )
            )
    return tuple(found)


def situation(text: str, opened: int = 1, **more) -> Situation:
    return Situation(
        rollout="r",
        generation=3,
        **{
            "state": "running",
            "limits": LIMITS,
            "now": NOW,
            "opened": {wave: NOW - timedelta(minutes=10) for wave in range(1, opened + 1)},
            "members": members(text),
            **more,
        },
    )


def says(decided: Plan) -> dict:
    names = ("confirm", "drop", "silent", "defer", "wake", "halt", "opens", "refill", "offers", "finish", "left")
    return {name: getattr(decided, name) for name in names if getattr(decided, name)}


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        pytest.param(situation("1:ww 2:ww", opened=0), {"opens": 1, "offers": ("d0", "d1")}, id="the first wave opens"),
        pytest.param(situation("1:oo 2:ww"), {}, id="nothing while devices are under way"),
        pytest.param(situation("1:co 2:ww"), {}, id="one healthy device opens no wave while another is under way"),
        pytest.param(
            situation("1:cc 2:ww"), {"opens": 2, "offers": ("d2", "d3")}, id="all healthy: the next wave opens"
        ),
        pytest.param(
            situation("1:cf 2:ww"),
            {"halt": "1 of 2 devices in wave 1 failed, 0 of them by silence; at most 10 % may."},
            id="a failed canary halts",
        ),
        pytest.param(
            situation("1:cs 2:ww"),
            {"halt": "1 of 2 devices in wave 1 failed, 1 of them by silence; at most 10 % may."},
            id="a silent canary halts",
        ),
        pytest.param(
            situation("1:ccccccccccf 2:w"),
            {"opens": 2, "offers": ("d10", "d11")},
            id="a failure within the limits: the next wave opens, and the device is tried again",
        ),
        pytest.param(
            situation("1:ccccccccccF 2:w"),
            {"opens": 2, "offers": ("d11",), "left": ("d10",)},
            id="no attempts left: the device waits for a word",
        ),
        pytest.param(
            situation("1:ff 2:ww", limits=replace(LIMITS, min_failures=3)),
            {"halt": "None of the 2 devices in wave 1 proved healthy."},
            id="nobody healthy and too few to be over the limit: still no next wave",
        ),
        pytest.param(situation("1:cc 2:cca", opened=2), {"finish": True}, id="all settled: finished"),
        pytest.param(situation("1:cc 2:ccF", opened=2, limits=replace(LIMITS, max_failures_percent=50)),
                     {"left": ("d4",)}, id="not finished while a device is unaccounted for"),
        pytest.param(situation("1:ff 2:ww", state="halted"), {}, id="halted stays halted"),
        pytest.param(situation("1:ca", state="halted"), {"finish": True}, id="halted, but all are accounted for"),
        pytest.param(situation("1:cc 2:ww", state="superseded"), {}, id="superseded does nothing"),
        pytest.param(
            situation("1:aa 2:www", opened=1),
            {"refill": ("d2", "d3")},
            id="a wave of accounted devices is refilled",
        ),
        pytest.param(situation("1:aa 2:aaw"), {"refill": ("d4",)}, id="it is refilled from those that are left"),
        pytest.param(situation("1:aa 2:aa 3:ww"), {"refill": ("d4", "d5")}, id="a wave that is over refills nothing"),
        pytest.param(situation("1:aa 2:f"), {"refill": ("d2",)}, id="one that failed before its wave moves up, too"),
        pytest.param(
            situation("1:cc 2:ca 3:w"), {"opens": 3, "offers": ("d4",)}, id="a wave that is over need not be opened"
        ),
        pytest.param(
            situation("1:co 2:ww", now=NOW + timedelta(minutes=2)),
            {"silent": ("d1",), "halt": "1 of 2 devices in wave 1 failed, 1 of them by silence; at most 10 % may."},
            id="past its deadline a device is silent",
        ),
        pytest.param(
            situation("1:co 2:ww", now=NOW + timedelta(minutes=2), running=frozenset({"d1"})),
            {"confirm": ("d1",), "opens": 2, "offers": ("d2", "d3")},
            id="past its deadline, but it reports the release",
        ),
        pytest.param(
            situation("1:co", running=frozenset({"d1"})), {}, id="a version alone is no proof while the order is open"
        ),
        pytest.param(
            situation("1:cw", gone={"d1": "retired"}),
            {"drop": (("d1", "retired"),), "finish": True},
            id="a retired device is accounted for",
        ),
        pytest.param(
            situation("1:cw 2:w", held={"d1": "quarantined"}),
            {"silent": ("d1",), "halt": "1 of 2 devices in wave 1 failed, 1 of them by silence; at most 10 % may."},
            id="who could not be offered it all through the deadline is silent",
        ),
        pytest.param(
            situation("1:cw 2:w", held={"d1": "quarantined"}, opened=0),
            {"opens": 1},
            id="a held device gets no offer",
        ),
        pytest.param(situation("1:ci 2:ww"), {}, id="installed is no proof: the wave goes on"),
        pytest.param(situation("1:ci 2:ww", running=frozenset({"d1"})), {"confirm": ("d1",), "opens": 2,
                     "offers": ("d2", "d3")}, id="installed, and its version agrees"),
        pytest.param(situation("1:ci", now=NOW + timedelta(minutes=2)), {"silent": ("d1",),
                     "halt": "1 of 2 devices in wave 1 failed, 1 of them by silence; at most 10 % may."},
                     id="installed, and its version never agreed"),
        pytest.param(situation("1:cw 2:w", kept={"d1": "its battery is low"}),
                     {"defer": (("d1", "its battery is low"),), "opens": 2, "offers": ("d2",)},
                     id="who is kept from it for long is deferred, and its wave goes on"),
        pytest.param(situation("1:cw 2:w", kept={"d1": "postponed"}, limits=replace(LIMITS, deadline_seconds=3600)), {},
                     id="who is kept from it is waited for first"),
        pytest.param(situation("1:ww 2:w", kept={"d0": "x", "d1": "x"}), {"defer": (("d0", "x"), ("d1", "x"))},
                     id="deferred is no proof: nothing opens, nothing is refilled"),
        pytest.param(situation("1:cd 2:o", opened=2), {}, id="a deferred device is looked at when it is due"),
        pytest.param(situation("1:cd", now=NOW + timedelta(minutes=2)), {"offers": ("d1",)},
                     id="nothing keeps it from it any more"),
        pytest.param(situation("1:cd", now=NOW + timedelta(minutes=2), kept={"d1": "x"}), {"defer": (("d1", "x"),)},
                     id="still kept from it"),
        pytest.param(situation("1:co 2:w", now=NOW + timedelta(minutes=2), asking=frozenset({"d1"})),
                     {"defer": (("d1", "its owner has not agreed yet"),), "opens": 2, "offers": ("d2",)},
                     id="an owner who does not answer is no failure"),
        pytest.param(situation("1:cd", now=NOW + timedelta(minutes=2), ordered=frozenset({"d1"})), {"wake": ("d1",)},
                     id="the owner agreed"),
        pytest.param(situation("1:co 2:w", now=NOW + timedelta(minutes=2), waits={"d1": "waiting: battery at 31 %"}),
                     {"defer": (("d1", "waiting: battery at 31 %"),), "opens": 2, "offers": ("d2",)},
                     id="a device that says what it waits for is no failure"),
        pytest.param(situation("1:co 2:w", waits={"d1": "waiting: battery at 31 %"}), {},
                     id="and is waited for first"),
        pytest.param(situation("1:cd", now=NOW + timedelta(minutes=2), ordered=frozenset({"d1"}),
                               kept={"d1": "its battery is low"}), {"wake": ("d1",)},
                     id="who has an order is excused by what it says of it alone"),
        pytest.param(situation("1:cccoo 2:ww", rules={1: Rule(success_percent=60)}), {"opens": 2,
                     "offers": ("d5", "d6")}, id="the threshold is reached, though some are under way"),
        pytest.param(situation("1:ccooo 2:ww", rules={1: Rule(success_percent=60)}), {}, id="not reached yet"),
        pytest.param(situation("1:ccccccccccFF 2:w", rules={1: Rule(success_percent=95)},
                               limits=replace(LIMITS, max_failures_percent=50)),
                     {"left": ("d10", "d11"),
                      "halt": "10 of 12 devices in wave 1 proved healthy; at least 95 % must."},
                     id="ended below the threshold: halt"),
        pytest.param(situation("1:ccccccccccff 2:w", rules={1: Rule(success_percent=95)},
                               limits=replace(LIMITS, max_failures_percent=50)), {"offers": ("d10", "d11")},
                     id="ended below the threshold, and some may be tried again"),
        pytest.param(situation("1:cd 2:w", rules={1: Rule(success_percent=95)}), {},
                     id="the threshold counts who is deferred"),
        pytest.param(situation("1:cw 2:w", held={"d1": "quarantined"}, rules={1: Rule(deadline_seconds=3600)}), {},
                     id="a wave has its own patience"),
    ],
)  # fmt: skip
def test_plan(given_, expected):
    assert says(plan(given_)) == expected
    assert plan(given_).generation == given_.generation


# The laws: a make-believe fleet answers at random, people resume and account at random, and a witness watches.


@dataclass
class Fleet:
    """Applies plans as the executor does, and remembers what no plan may do."""

    now: Situation
    halted_since: bool = False

    def apply(self, decided: Plan) -> None:
        was = {one.device: one for one in self.now.members}
        self._witness(decided, was)
        changed = {one.device: one for one in self._noted(decided)}
        opened = dict(self.now.opened)
        if decided.opens:
            opened[decided.opens] = self.now.now
        for device in decided.offers:
            one, deadline = changed[device], self.now.now + self.now.limits.deadline
            changed[device] = replace(one, state="offered", attempts=one.attempts + 1, deadline=deadline)
        state = "halted" if decided.halt else "finished" if decided.finish else self.now.state
        if decided.halt:
            changed = {
                device: replace(one, state="waiting", attempts=one.attempts - 1) if one.state == "offered" else one
                for device, one in changed.items()
            }
        self.now = replace(
            self.now,
            members=tuple(changed.values()),
            opened=opened,
            state=state,
            generation=self.now.generation + 1,
        )

    def _noted(self, decided: Plan) -> list[Member]:
        gone = dict(decided.drop)
        noted = []
        for one in self.now.members:
            if one.device in decided.confirm:
                noted.append(replace(one, state="confirmed"))
            elif one.device in dict(decided.defer):
                noted.append(replace(one, state="deferred", deadline=self.now.now + timedelta(minutes=1)))
            elif one.device in decided.wake:
                noted.append(replace(one, state="offered", deadline=self.now.now + self.now.limits.deadline))
            elif one.device in gone:
                noted.append(replace(one, state="accounted"))
            elif one.device in decided.silent:
                noted.append(replace(one, state="silent", attempts=one.attempts + (one.state == "waiting")))
            elif one.device in decided.refill:
                noted.append(replace(one, wave=max(self.now.opened)))
            else:
                noted.append(one)
        return noted

    def _witness(self, decided: Plan, was: dict[str, Member]) -> None:
        if self.now.state == "halted":
            assert (decided.offers, decided.opens, decided.refill) == ((), 0, ()), "halted is halted"
        for device in decided.offers:
            one = was[device]
            assert device not in self.now.held
            assert device not in self.now.gone
            assert one.attempts < self.now.limits.attempts, "tried too often"
            assert one.state in {"waiting", "deferred", "failed", "silent"} or device in decided.silent
            assert device not in self.now.kept, "kept from it"
            assert device not in self.now.asking | self.now.ordered, "it has an order"
            assert one.wave <= max((*self.now.opened, decided.opens)), "offered before its wave opened"
        if decided.opens > 1:
            before = max(self.now.opened)
            settled = {*decided.silent, *decided.confirm, *(device for device, _ in decided.drop)}
            mine = [one for one in was.values() if one.wave == before]
            assert any(one.state == "confirmed" or one.device in decided.confirm for one in mine), "nothing was proven"
            rule = self.now.rules.get(before, Rule())
            if rule.success_percent is None:
                pending = {"waiting", "offered", "installed"}
                settled |= set(dict(decided.defer))
                assert all(one.state not in pending or one.device in settled for one in mine), "not over"
            else:
                proven = sum(one.state == "confirmed" or one.device in decided.confirm for one in mine)
                gone = sum(one.state == "accounted" or one.device in dict(decided.drop) for one in mine)
                assert proven * 100 >= rule.success_percent * (len(mine) - gone), "below its threshold"
        assert not set(dict(decided.defer)) & {*decided.silent, *decided.offers}, (
            "deferred is neither failed nor offered"
        )
        if decided.halt:
            assert (decided.offers, decided.opens) == ((), 0)

    def happen(self, choose: st.DataObject) -> None:
        """Let one thing happen: a device answers, time passes, a device is cut off or retired, a person speaks."""
        acts = ["answer", "answer", "answer", "time", "hold", "keep", "owner", "retire", "person"]
        act = choose.draw(st.sampled_from(acts))
        listed = list(self.now.members)
        if act == "time":
            self.now = replace(self.now, now=self.now.now + timedelta(minutes=choose.draw(st.integers(1, 6))))
        elif act == "answer":
            for place, one in enumerate(listed):
                if one.state in {"offered", "installed"} and choose.draw(st.booleans()):
                    said = ["confirmed"] * 4 + ["failed", "installed"]
                    listed[place] = replace(one, state=choose.draw(st.sampled_from(said)))
        elif act == "keep":
            device = choose.draw(st.sampled_from(listed)).device
            self.now = replace(self.now, kept={} if device in self.now.kept else {device: "postponed"})
        elif act == "owner":
            have = {one.device for one in listed if one.state in {"offered", "deferred"} and one.attempts}
            asked = frozenset(choose.draw(st.sets(st.sampled_from(sorted(have))))) if have else frozenset()
            deferred = {one.device for one in listed if one.state == "deferred"}
            self.now = replace(self.now, asking=asked, ordered=frozenset(have & deferred) - asked)
        elif act == "hold":
            device = choose.draw(st.sampled_from(listed)).device
            self.now = replace(self.now, held={} if device in self.now.held else {device: "quarantined"})
        elif act == "retire":
            device = choose.draw(st.sampled_from(listed)).device
            self.now = replace(self.now, gone={**self.now.gone, device: "retired"})
        elif self.now.state == "halted":
            self._person(listed)
        self.now = replace(self.now, members=tuple(listed))

    def _person(self, listed: list[Member]) -> None:
        for place, one in enumerate(listed):
            if is_failure(one):
                again = may_retry(one, self.now.limits)
                listed[place] = replace(one, state="waiting") if again else replace(one, excused=True)
        self.now = replace(self.now, state="running")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_fleet_makes_the_planner_break_its_laws(data):
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    limits = Limits(
        max_failures_percent=data.draw(st.sampled_from([0, 10, 50])),
        min_failures=data.draw(st.integers(1, 3)),
        deadline_seconds=300,
        attempts=data.draw(st.integers(1, 3)),
    )
    text = " ".join(f"{wave}:{'w' * size}" for wave, size in enumerate(sizes, start=1))
    success = data.draw(st.sampled_from([None, 50, 100]))
    rules = {wave: Rule(success_percent=success) for wave in range(1, len(sizes) + 1)}
    fleet = Fleet(situation(text, opened=0, limits=limits, rules=rules))
    for _ in range(data.draw(st.integers(1, 40))):
        fleet.happen(data)
        for _ in range(4):
            decided = plan(fleet.now)
            if decided.is_empty:
                break
            fleet.apply(decided)
        else:
            assert plan(fleet.now).is_empty, "a plan carried out leaves nothing to do at once"
        if fleet.now.state == "finished":
            assert all(one.state in {"confirmed", "accounted"} for one in fleet.now.members)
            break


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_a_healthy_fleet_is_fixed_wave_by_wave(sizes):
    text = " ".join(f"{wave}:{'w' * size}" for wave, size in enumerate(sizes, start=1))
    fleet = Fleet(situation(text, opened=0))
    for wave in range(1, len(sizes) + 1):
        fleet.apply(plan(fleet.now))
        assert max(fleet.now.opened) == wave
        fleet.now = replace(
            fleet.now,
            members=tuple(
                replace(one, state="confirmed") if one.state == "offered" else one for one in fleet.now.members
            ),
        )
    assert plan(fleet.now).finish
