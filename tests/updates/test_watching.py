from datetime import timedelta

import pytest

from careful import devices, updates
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid

MONITORING = Actor("token", "monitoring")


@pytest.fixture
def cams(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.fleet(12)


@pytest.fixture
def rollout(world, staff, cams, hands):
    devices.report_crashes(world, dict.fromkeys(cams, 0))
    started = updates.start_rollout(
        world, staff, "cam-1", "1.0.1", waves=("4", "100%"), first=cams, deadline_minutes=60 * 24 * 7
    )
    hands.advance()
    return started


def test_monitoring_may_halt_with_a_reason(world, cams, rollout, hands):
    assert updates.alarm(world, MONITORING, "cam-1", "Twice as many pictures are black.", "1.0.0") == []
    assert updates.alarm(world, MONITORING, "cam-1", "Twice as many pictures are black.") == [rollout]
    assert updates.alarm(world, MONITORING, "cam-1", "Twice as many pictures are black.") == []
    found = updates.rollout(world, rollout).rollout
    assert (found.state, found.reason) == ("halted", "Monitoring: Twice as many pictures are black.")
    assert hands.ordered(cams) == []
    with pytest.raises(Invalid):
        updates.alarm(world, MONITORING, "cam-1", " ")


def crash(world, clock, names, times, hours):
    for hour in range(1, hours + 1):
        clock.advance(timedelta(hours=1))
        devices.report_crashes(world, dict.fromkeys(names, hour * times))


def test_more_crashes_than_before_halt_it(world, clock, cams, rollout, hands):
    hands.answer(cams[:3])
    crash(world, clock, cams[:3], 2, hours=5)
    hands.advance()
    found = updates.rollout(world, rollout).rollout
    assert found.state == "halted"
    assert found.reason.startswith("Devices with it crash more: 3 of them")


def test_as_many_crashes_as_before_do_not(world, clock, cams, rollout, hands):
    hands.answer(cams[:3])
    crash(world, clock, cams, 2, hours=5)
    hands.advance()
    assert updates.rollout(world, rollout).rollout.state == "running"


def test_one_device_in_a_loop_does_not(world, clock, cams, rollout, hands):
    hands.answer(cams[:3])
    crash(world, clock, cams[:1], 1000, hours=5)
    hands.advance()
    assert updates.rollout(world, rollout).rollout.state == "running"
