from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.updates.model import Limits, Member
from careful.updates.plan import (
    Candidate,
    Offer,
    Plan,
    Situation,
    check_waves,
    cut_waves,
    hindrance,
    is_failure,
    may_retry,
    objection,
    plan,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LIMITS = Limits(max_failures_percent=10, min_failures=1, deadline_seconds=300, attempts=2)


def members(text: str) -> tuple[Member, ...]:
    """Read `1:cc 2:wo`, two waves by first letters of states; a capital F or S has used its attempts up."""
    states = {"c": "confirmed", "w": "waiting", "o": "offered", "f": "failed", "s": "silent", "a": "accounted"}
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
                    deadline=NOW + timedelta(minutes=1) if letter == "o" else None,
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
    names = ("confirm", "drop", "silent", "halt", "opens", "refill", "offers", "finish", "left")
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
    ],
)  # fmt: skip
def test_plan(given_, expected):
    assert says(plan(given_)) == expected
    assert plan(given_).generation == given_.generation


OFFER = Offer(product="cam-1", version="1.0.1", hardware=("rev-a",), security_version=3)
DEVICE = Candidate(device="d", product="cam-1", hardware="rev-a", state="active", version="1.0.0", security_version=2)


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        pytest.param(DEVICE, "", id="fits"),
        pytest.param(replace(DEVICE, version=None), "", id="has not said what it runs"),
        pytest.param(replace(DEVICE, product="lock-1"), "it is a lock-1", id="another model"),
        pytest.param(replace(DEVICE, hardware="rev-b"), "not made for hardware rev-b", id="other hardware"),
        pytest.param(replace(DEVICE, version="1.0.1"), "runs it already", id="runs it"),
        pytest.param(replace(DEVICE, version="1.1.0"), "runs 1.1.0, which is not older", id="runs newer"),
        pytest.param(replace(DEVICE, version="beta"), "runs beta, which is not older", id="runs what has no order"),
        pytest.param(
            replace(DEVICE, security_version=4), "runs security version 4, which is higher", id="security falls"
        ),
        pytest.param(replace(DEVICE, state="retired"), "retired", id="retired"),
    ],
)
def test_objection(device, expected):
    assert objection(device, OFFER) == expected


@pytest.mark.parametrize(
    ("state", "hindered"), [("active", False), ("enrolled", False), ("quarantined", True), ("retired", True)]
)
def test_a_device_that_may_not_connect_is_held(state, hindered):
    assert bool(hindrance(replace(DEVICE, state=state))) is hindered


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param((), id="none"),
        pytest.param(("2", "10%"), id="not all in the end"),
        pytest.param(("0", "100%"), id="an empty wave"),
        pytest.param(("120%", "100%"), id="more than all"),
        pytest.param(("two", "100%"), id="a word"),
        pytest.param(("1",) * 20 + ("100%",), id="too many"),
    ],
)
def test_waves_that_make_no_sense_are_refused(asked):
    with pytest.raises(Invalid):
        check_waves(asked)


@given(
    st.sets(st.integers(0, 500).map(str), max_size=80),
    st.lists(st.sampled_from(["1", "2", "5", "10%", "25%"]), max_size=4),
    st.lists(st.integers(0, 500).map(str), max_size=5),
)
def test_every_device_is_dealt_into_one_wave(devices, asked, first):
    dealt = cut_waves(devices, [*asked, "100%"], first, "salt")
    assert sorted(one.device for one in dealt) == sorted(devices)
    assert [one.wave for one in dealt] == sorted(one.wave for one in dealt)
    head = [device for device in dict.fromkeys(first) if device in devices]
    assert [one.device for one in dealt][: len(head)] == head
    assert dealt == cut_waves(sorted(devices, reverse=True), [*asked, "100%"], first, "salt")


def test_twenty_devices_go_in_two_and_two_and_the_rest():
    dealt = cut_waves([f"d{n}" for n in range(20)], ("2", "10%", "100%"), (), "s")
    assert [sum(one.wave == wave for one in dealt) for wave in (1, 2, 3)] == [2, 2, 16]


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
            assert one.state in {"waiting", "failed", "silent"} or device in decided.silent
            assert one.wave <= max((*self.now.opened, decided.opens)), "offered before its wave opened"
        if decided.opens > 1:
            before = max(self.now.opened)
            settled = {*decided.silent, *decided.confirm, *(device for device, _ in decided.drop)}
            mine = [one for one in was.values() if one.wave == before]
            assert any(one.state == "confirmed" or one.device in decided.confirm for one in mine), "nothing was proven"
            assert all(one.state not in {"waiting", "offered"} or one.device in settled for one in mine), "not over"
        if decided.halt:
            assert (decided.offers, decided.opens) == ((), 0)

    def happen(self, choose: st.DataObject) -> None:
        """Let one thing happen: a device answers, time passes, a device is cut off or retired, a person speaks."""
        act = choose.draw(st.sampled_from(["answer", "answer", "answer", "time", "hold", "retire", "person"]))
        listed = list(self.now.members)
        if act == "time":
            self.now = replace(self.now, now=self.now.now + timedelta(minutes=choose.draw(st.integers(1, 6))))
        elif act == "answer":
            for place, one in enumerate(listed):
                if one.state == "offered" and choose.draw(st.booleans()):
                    listed[place] = replace(one, state=choose.draw(st.sampled_from(["confirmed"] * 4 + ["failed"])))
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
    fleet = Fleet(situation(text, opened=0, limits=limits))
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
