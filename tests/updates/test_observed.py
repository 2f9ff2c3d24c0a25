"""Success and failure are words; the version that a device reports is what counts."""

from datetime import timedelta

import pytest

from careful import devices, updates

DONE = updates.Report(execution="closed", finished="success")


@pytest.fixture
def cam(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.device("cam-1-001")


@pytest.fixture
def rollout(world, staff, cam, hands):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",), deadline_minutes=30)
    hands.advance()
    return started


def state(world, rollout):
    [one] = updates.rollout(world, rollout).members
    return one.state, one.detail


def close(world, cam, report):
    order = updates.order_for(world, cam)
    updates.retrieved(world, cam, order.id)
    updates.feedback(world, cam, order.id, report)


def test_a_skipped_update_that_is_called_a_success_is_found_out(world, clock, cam, rollout, hands):
    close(world, cam, updates.Report(execution="closed", finished="success", details=("Skipped Update.",)))
    updates.describe(world, cam, "merge", {"version": "1.0.0"})
    hands.advance()
    assert state(world, rollout)[0] == "installed"
    assert devices.get(world, cam).version == "1.0.0"
    clock.advance(timedelta(minutes=31))
    hands.advance()
    assert state(world, rollout) == ("failed", "says that it is installed, and never reported the version")
    assert updates.rollout(world, rollout).rollout.state == "halted"


def test_a_success_is_believed_when_the_version_agrees(world, cam, rollout, hands):
    close(world, cam, DONE)
    hands.advance()
    assert state(world, rollout)[0] == "installed"
    devices.report_version(world, cam, "1.0.1", "mqtt")
    hands.advance()
    assert state(world, rollout) == ("confirmed", "reports 1.0.1")


def test_a_version_that_was_told_first_proves_the_success_at_once(world, cam, rollout, hands):
    devices.report_version(world, cam, "1.0.1", "mqtt")
    close(world, cam, DONE)
    assert state(world, rollout)[0] == "confirmed"


def test_a_failure_that_wrote_the_release_all_the_same_is_fixed(world, cam, rollout, hands):
    close(world, cam, updates.Report(execution="closed", finished="failure", details=("checksum",)))
    assert state(world, rollout)[0] == "failed"
    devices.report_version(world, cam, "1.0.1", "ddi")
    hands.advance()
    assert state(world, rollout)[0] == "confirmed"
