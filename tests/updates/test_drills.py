import json
from datetime import timedelta

import flat_repository
import pytest

from careful import devices, updates
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.updates.model import Report


@pytest.fixture
def cam(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    maker.release("1.0.0", "lock-1")
    return maker.device("cam-1-001", "1.0.0")


def answer(world, device, action, finished, *details):
    updates.retrieved(world, device, action)
    report = Report(execution="closed", finished=finished, details=details)
    updates.feedback(world, device, action, report)


@pytest.mark.parametrize(
    ("kind", "runs", "ordered", "line"),
    [
        pytest.param("tampered", "1.0.0", ("cam-1", "1.0.1"), "refused: tampered: other bytes", id="tampered"),
        pytest.param("tampered", "1.0.1", ("cam-1", "1.0.1"), "ERROR : HASH mismatch : ab <--> cd", id="by SWUpdate"),
        pytest.param("rollback", "1.0.1", ("cam-1", "1.0.0"), "refused: rollback: 1.0.0 is older", id="rollback"),
        pytest.param("wrong_model", "1.0.0", ("lock-1", "1.0.0"), "refused: wrong-model: a lock-1", id="wrong model"),
        pytest.param("wrong_model", "1.0.0", ("lock-1", "1.0.0"), "refused: unsigned: no such target", id="unknown"),
        pytest.param("wrong_device", "1.0.1", ("cam-1", "1.0.1"), "refused: wrong-device: signed for x", id="device"),
    ],
)
def test_a_device_that_refuses_and_says_so_has_held(world, staff, cam, hands, kind, runs, ordered, line):
    devices.report_version(world, cam, runs, "ddi")
    action = updates.drill(world, staff, cam, kind)
    order = updates.order_for(world, cam)
    assert (order.id, order.drill, order.product) == (action, kind, "cam-1")
    assert order.version == ordered[1]
    answer(world, cam, action, "failure", "reading the order", line)
    [(_, held)] = hands.events("updates.drill_held")
    assert held == {"kind": kind, "device": cam, "product": "cam-1", "reason": line}
    assert updates.order_for(world, cam) is None
    assert devices.get(world, cam).version == runs


def test_swupdate_says_why_before_it_closes(world, staff, cam, hands):
    action = updates.drill(world, staff, cam, "tampered")
    why = "ERROR : Checksum does not match: Should be ab, but actually is cd."
    for details in (("reading the order", why), ("cleaning up",)):
        updates.feedback(world, cam, action, Report(execution="proceeding", finished="none", details=details))
    answer(world, cam, action, "failure", "No suitable .swu image found")
    [(_, held)] = hands.events("updates.drill_held")
    assert held["reason"] == why


def test_a_device_that_reports_success_has_failed(world, staff, cam, hands):
    action = updates.drill(world, staff, cam, "tampered")
    answer(world, cam, action, "success", "running 1.0.1")
    assert hands.names()[-1] == "drill_failed"
    assert devices.get(world, cam).version == "1.0.0"  # what a rehearsal claims is no version report


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("refused: expired: the metadata is old", id="refused for another reason"),
        pytest.param("no space left", id="failed for another reason"),
        pytest.param("not refused: tampered", id="says something like it"),
        pytest.param("", id="without a word"),
    ],
)
def test_what_proves_nothing_is_told_so(world, staff, cam, hands, line):
    action = updates.drill(world, staff, cam, "tampered")
    answer(world, cam, action, "failure", *filter(None, [line]))
    [(_, unclear)] = hands.events("updates.drill_unclear")
    assert unclear["reason"] == (line or "the device failed without a reason")
    assert hands.events("updates.drill_held") == hands.events("updates.drill_failed") == []


def test_a_silent_device_proves_nothing(world, staff, clock, cam, hands):
    updates.drill(world, staff, cam, "tampered", timedelta(minutes=1))
    clock.advance(timedelta(minutes=2))
    hands.advance()
    assert hands.events("updates.drill_unclear")[0][1]["reason"] == "the device did not answer in time"
    assert updates.orders(world, drills=True)[0].state == "silent"


def test_a_drill_needs_a_free_device_and_a_fitting_release(world, staff, maker, cam):
    with pytest.raises(Refused, match="older than 1.0.0"):
        updates.drill(world, staff, cam, "rollback")
    with pytest.raises(Invalid):
        updates.drill(world, staff, cam, "magic")
    with pytest.raises(NotFound):
        updates.drill(world, staff, "cam-9", "tampered")
    updates.drill(world, staff, cam, "tampered")
    with pytest.raises(Refused, match="busy with action"):
        updates.drill(world, staff, cam, "tampered")
    blank = maker.device("cam-1-002", None)
    with pytest.raises(Refused, match="not said what it runs"):
        updates.drill(world, staff, blank, "rollback")
    devices.quarantine(world, staff, blank, "odd")
    with pytest.raises(Refused, match="would not answer"):
        updates.drill(world, staff, blank, "tampered")


def test_a_rollout_waits_for_a_device_in_a_drill(world, staff, cam, hands):
    action = updates.drill(world, staff, cam, "tampered")
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    hands.advance()
    assert updates.order_for(world, cam).id == action
    answer(world, cam, action, "failure", "refused: tampered: other bytes")
    hands.advance()
    assert updates.order_for(world, cam).rollout


def test_an_order_signed_for_another_device(world, staff, cam):
    action = updates.drill(world, staff, cam, "wrong_device")
    said = json.loads(updates.assignment(world, cam, action))["signed"]
    assert said["assignment"] == {"device": "another.device", "product": "cam-1", "action": action}


def test_a_product_without_a_director_cannot_rehearse_it(world, staff, maker):
    maker.declare()
    flat_repository.make(world, "cam-1")
    maker.release("1.0.0")
    with pytest.raises(Refused, match="has no director"):
        updates.drill(world, staff, maker.device("cam-1-001", "1.0.0"), "wrong_device")
