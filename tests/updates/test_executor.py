"""Rollouts door to door within the domain: the planner's hand, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from careful import devices, updates
from careful.updates import executor
from careful.updates.executor import execute, is_calm
from careful.updates.model import Wave
from careful.updates.plan import Plan


@pytest.fixture
def cams(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.fleet(6)


@pytest.fixture
def rollout(world, staff, cams, hands):
    started = updates.start_rollout(
        world,
        staff,
        "cam-1",
        "1.0.1",
        waves=("1", "2", "100%"),
        first=cams,
        deadline_minutes=5,
        max_failures_percent=20,
    )
    hands.advance()
    return started


def test_a_healthy_fleet_is_fixed_wave_by_wave(world, cams, rollout, hands):
    assert hands.ordered(cams) == cams[:1]
    hands.answer(cams)
    assert hands.ordered(cams) == cams[1:3]
    hands.answer(cams)
    assert hands.ordered(cams) == cams[3:]
    hands.answer(cams)
    found = updates.rollout(world, rollout).rollout
    assert (found.state, found.count("confirmed")) == ("finished", 6)
    assert devices.count_by_version(world, "cam-1") == {"1.0.1": 6}
    assert hands.events("updates.rollout_finished") == [
        (
            "rollout_finished",
            {"rollout": rollout, "product": "cam-1", "version": "1.0.1", "fixed": 6, "failed": 0, "silent": 0},
        )
    ]
    assert hands.names().count("wave_opened") == 3


def test_a_device_that_rolls_back_halts_it_and_a_person_lets_it_go_on(world, staff, cams, rollout, hands, failed):
    hands.answer(cams)
    hands.answer(cams[1:2], failed)
    found = updates.rollout(world, rollout)
    assert found.rollout.state == "halted"
    assert found.rollout.reason.startswith("1 of 2 devices in wave 2 failed")
    assert hands.events("updates.device_failed") == [
        (
            "device_failed",
            {
                "rollout": rollout,
                "device": cams[1],
                "reason": "rolled back: health check failed",
                "rolled_back": True,
            },
        )
    ]
    assert hands.ordered(cams) == []  # the other one had not read its order: it was taken back
    hands.advance()
    assert hands.ordered(cams) == []
    updates.resume(world, staff, rollout, "The server was at fault.")
    hands.advance()
    assert hands.ordered(cams) == cams[1:3]
    hands.answer(cams)
    hands.answer(cams)
    assert updates.rollout(world, rollout).rollout.state == "finished"


def test_silence_is_failure_and_is_accounted_for(world, staff, clock, cams, rollout, hands):
    hands.answer(cams)
    hands.answer(cams[1:2])
    for _ in range(2):
        clock.advance(timedelta(minutes=6))
        hands.advance()
        assert updates.rollout(world, rollout).rollout.state == "halted"
        updates.resume(world, staff, rollout, "It was in a drawer.")
        hands.advance()
    found = updates.rollout(world, rollout)
    assert found.left == (cams[2],)
    assert hands.ordered(cams) == cams[3:]
    hands.answer(cams)
    assert updates.rollout(world, rollout).rollout.state == "running"
    updates.account(world, staff, rollout, cams[2], "Its owner keeps it off.")
    hands.advance()
    assert updates.rollout(world, rollout).rollout.state == "finished"
    [(_, finished)] = hands.events("updates.rollout_finished")
    assert (finished["fixed"], finished["failed"], finished["silent"]) == (5, 0, 1)


def test_a_device_that_wakes_up_late_and_runs_it_counts_as_fixed(world, clock, cams, rollout, hands):
    hands.answer(cams)
    order = updates.order_for(world, cams[1])
    updates.retrieved(world, cams[1], order.id)
    clock.advance(timedelta(minutes=6))
    hands.advance()
    with pytest.raises(updates.Gone):
        updates.feedback(world, cams[1], order.id, updates.Report(execution="closed", finished="success"))
    assert updates.statuses(world, order.id)[0].late
    devices.report_version(world, cams[1], "1.0.1", "mqtt")
    hands.advance()
    states = {one.device: one.state for one in updates.rollout(world, rollout).members}
    assert states[cams[1]] == "confirmed"


def test_a_device_that_falls_back_later_reopens_the_rollout(world, staff, clock, cams, rollout, hands):
    for _ in range(3):
        hands.answer(cams)
    clock.advance(timedelta(hours=1))
    devices.report_version(world, cams[0], "1.0.0", "ddi")
    hands.advance()
    assert hands.events("updates.rollout_reopened")[0][1]["device"] == cams[0]
    assert updates.rollout(world, rollout).rollout.state == "halted"
    updates.resume(world, staff, rollout, "The power had failed.")
    hands.advance()
    assert hands.ordered(cams) == cams[:1]
    hands.answer(cams)
    assert updates.rollout(world, rollout).rollout.state == "finished"


def test_a_retired_device_is_accounted_for_and_a_quarantined_one_waits(world, staff, cams, rollout, hands):
    devices.retire(world, staff, cams[1], "broken")
    devices.quarantine(world, staff, cams[2], "odd")
    hands.answer(cams)
    states = {one.device: one.state for one in updates.rollout(world, rollout).members}
    assert (states[cams[1]], states[cams[2]]) == ("accounted", "waiting")
    devices.restore(world, staff, cams[2], "checked")
    hands.advance()
    assert hands.ordered(cams) == [cams[2]]


def test_two_workers_with_one_plan_do_it_once(world, cams, rollout, hands):
    found = updates.rollout(world, rollout).rollout
    decided = Plan(rollout=rollout, generation=found.generation, opens=2, offers=tuple(cams[1:3]))
    assert execute(world, found, decided) == 3
    assert execute(world, found, decided) == 0
    assert hands.names().count("wave_opened") == 2


def test_uptake_shows_fixed_offered_and_silent(world, clock, cams, rollout, hands):
    hands.answer(cams)
    clock.advance(timedelta(minutes=1))
    hands.answer(cams[1:2])
    clock.advance(timedelta(minutes=6))
    hands.advance()
    seen = updates.uptake(world, "cam-1", "1.0.1")
    assert seen.total == 6
    last = seen.points[-1]
    assert (last.fixed, last.offered, last.silent, last.failed) == (2, 0, 1, 0)
    assert [one.at for one in seen.points] == sorted(one.at for one in seen.points)


def test_a_large_wave_is_offered_in_parts_and_held_devices_do_not_block_it(
    world, staff, maker, hands, monkeypatch, clock
):
    monkeypatch.setattr(executor, "_AT_ONCE", 2)
    maker.release("1.0.1")
    cams = maker.fleet(7)
    for cam in cams[:3]:
        devices.quarantine(world, staff, cam, "odd")
    started = updates.start_rollout(
        world, staff, "cam-1", "1.0.1", waves=("all",), first=cams, deadline_minutes=5, max_failures_percent=90
    )
    hands.advance()
    assert hands.ordered(cams) == cams[3:]
    clock.advance(timedelta(minutes=6))
    hands.advance()
    found = updates.rollout(world, started).rollout
    assert (found.count("silent"), found.state) == (7, "halted")


OPEN = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("counts", "state", "due", "calm"),
    [
        pytest.param({"offered": 3}, "running", 60, True, id="all under way"),
        pytest.param({"offered": 3}, "running", 0, False, id="one is late"),
        pytest.param({"offered": 2, "failed": 1}, "running", 60, False, id="one failed"),
        pytest.param({"offered": 2, "waiting": 1}, "running", 60, False, id="one waits"),
        pytest.param({"confirmed": 3}, "running", None, False, id="all done"),
        pytest.param({"offered": 1, "confirmed": 2}, "halted", 60, True, id="halted, one on its way"),
        pytest.param({"waiting": 3}, "halted", None, True, id="halted"),
        pytest.param({"accounted": 3}, "halted", None, False, id="halted, all settled"),
    ],
)
def test_when_nothing_needs_planning(rollout_like, counts, state, due, calm):
    found = replace(rollout_like(Wave(number=1, asked="all", opened_at=OPEN, counts=counts)), state=state)
    deadline = None if due is None else OPEN + timedelta(seconds=due)
    assert is_calm(found, deadline, OPEN) is calm


def test_before_the_first_wave_there_is_planning_to_do(rollout_like):
    assert not is_calm(rollout_like(Wave(number=1, asked="all", opened_at=None, counts={"waiting": 3})), None, OPEN)
