from datetime import timedelta

import pytest

from careful import devices, updates
from careful.kernel.errors import Invalid, NotFound, Refused


@pytest.fixture
def cams(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.fleet(3)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        pytest.param({"waves": ("2", "10%")}, Invalid, id="waves that leave devices out"),
        pytest.param({"max_failures_percent": 101}, Invalid, id="more than all may fail"),
        pytest.param({"min_failures": 0}, Invalid, id="halts at none"),
        pytest.param({"deadline_seconds": 0}, Invalid, id="no time"),
        pytest.param({"deadline_minutes": 1e6}, Invalid, id="for ever"),
        pytest.param({"attempts": 0}, Invalid, id="never tried"),
        pytest.param({"version": "9.9.9"}, NotFound, id="no such release"),
        pytest.param({"product": "cam-7"}, NotFound, id="no such product"),
        pytest.param({"exclude": ("cam-1-001", "cam-1-002", "cam-1-003")}, Refused, id="everyone excluded"),
        pytest.param({"version": "1.0.0"}, Refused, id="nobody runs something older"),
    ],
)
def test_a_rollout_that_makes_no_sense_is_refused(world, staff, cams, hands, more, error):
    with pytest.raises(error):
        updates.start_rollout(world, staff, **{"product": "cam-1", "version": "1.0.1", **more})
    assert "rollout_started" not in hands.names()


def test_only_what_is_published_is_rolled_out(world, staff, maker, cams):
    one = maker.release("1.0.2", publish=False)
    for _ in range(2):
        with pytest.raises(Refused, match="not published"):
            updates.start_rollout(world, staff, "cam-1", "1.0.2")
        updates.sign_release(world, staff, one.id)
    updates.publish(world, staff, one.id)
    assert updates.start_rollout(world, staff, "cam-1", "1.0.2")


def test_whom_it_goes_to(world, staff, maker, cams, hands):
    maker.device("cam-1-newer", "2.0.0")
    maker.device("cam-1-gone")
    devices.retire(world, staff, "cam-1-gone", "broken")
    maker.device("cam-1-blank", None)
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", exclude=cams[:1], waves=("all",))
    assert sorted(one.device for one in updates.rollout(world, started).members) == [*cams[1:], "cam-1-blank"]
    assert updates.rollout(world, started).rollout.excluded == (cams[0],)


def test_one_rollout_at_a_time_and_a_halted_one_gives_way(world, staff, maker, cams, hands):
    first = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("1", "all"))
    hands.advance()
    maker.release("1.0.2")
    with pytest.raises(Refused, match="being rolled out already"):
        updates.start_rollout(world, staff, "cam-1", "1.0.2")
    [busy] = hands.ordered(cams)
    updates.retrieved(world, busy, updates.order_for(world, busy).id)
    updates.halt(world, staff, first, "found a fault")
    second = updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=("all",))
    hands.advance()
    assert [one.state for one in updates.rollouts(world)] == ["superseded", "running"]
    assert {updates.order_for(world, device).rollout for device in cams} == {second}


def test_halted_devices_are_asked_to_drop_it_and_get_it_again(world, staff, cams, hands, done):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    hands.advance()
    order = updates.order_for(world, cams[0])
    updates.retrieved(world, cams[0], order.id)
    updates.halt(world, staff, started, "found a fault")
    assert hands.ordered(cams) == cams[:1]
    assert updates.order_for(world, cams[0]).cancelling
    with pytest.raises(Refused):
        updates.halt(world, staff, started, "again")
    updates.answer_cancel(world, cams[0], order.id, done)
    assert updates.order(world, order.id).state == "cancelled"
    updates.resume(world, staff, started, "no fault after all")
    with pytest.raises(Refused):
        updates.resume(world, staff, started, "again")
    hands.advance()
    assert hands.ordered(cams) == cams
    hands.answer(cams)
    assert updates.rollout(world, started).rollout.state == "finished"


def test_a_device_that_is_too_far_refuses_to_drop_it_and_finishes(world, staff, cams, hands, done):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    hands.advance()
    order = updates.order_for(world, cams[0])
    updates.retrieved(world, cams[0], order.id)
    updates.halt(world, staff, started, "found a fault")
    updates.answer_cancel(world, cams[0], order.id, updates.Report(execution="rejected", finished="failure"))
    assert not updates.order_for(world, cams[0]).cancelling
    updates.feedback(world, cams[0], order.id, done)
    assert updates.rollout(world, started).rollout.count("installed") == 1
    devices.report_version(world, cams[0], "1.0.1", "ddi")
    hands.advance()
    assert updates.rollout(world, started).rollout.count("confirmed") == 1


def test_reasons_are_needed_and_only_failures_are_accounted_for(world, staff, clock, cams, hands):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",), deadline_seconds=60)
    hands.advance()
    for act in (updates.halt, updates.resume):
        with pytest.raises(Invalid, match="reason"):
            act(world, staff, started, "  ")
    with pytest.raises(NotFound):
        updates.halt(world, staff, "nothing", "why")
    with pytest.raises(NotFound):
        updates.account(world, staff, started, "cam-9", "why")
    with pytest.raises(Refused, match="is offered"):
        updates.account(world, staff, started, cams[0], "why")
    clock.advance(timedelta(seconds=61))
    hands.advance()
    for device in cams:
        updates.account(world, staff, started, device, "switched off")
    hands.advance()
    assert updates.rollout(world, started).rollout.state == "finished"
