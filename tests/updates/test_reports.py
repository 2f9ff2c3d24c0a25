import pytest

from careful import devices, updates
from careful.kernel.errors import NotFound, TooMany
from careful.updates import reports
from careful.updates.model import Report


@pytest.fixture
def cam(maker):
    maker.release("1.0.1")
    return maker.device("cam-1-001")


@pytest.fixture
def order(world, staff, cam):
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    return updates.order_for(world, cam)


def report(execution, finished="none", *details):
    return Report(execution=execution, finished=finished, details=details)


@pytest.mark.parametrize(
    ("given", "state"),
    [
        pytest.param(report("closed", "success"), "succeeded", id="closed, success"),
        pytest.param(report("closed", "none"), "succeeded", id="closed, none"),
        pytest.param(report("closed", "failure"), "failed", id="closed, failure"),
        pytest.param(report("canceled", "none"), "cancelled", id="canceled"),
        *[
            pytest.param(report(word), "running", id=word)
            for word in ("proceeding", "scheduled", "resumed", "rejected", "download", "downloaded")
        ],
    ],
)
def test_what_a_report_makes_of_an_order(world, cam, order, given, state):
    updates.feedback(world, cam, order.id, given)
    assert updates.order(world, order.id).state == state
    assert (updates.order_for(world, cam) is None) == (state != "running")


def test_reading_an_order_is_noted_once(world, cam, order):
    assert updates.retrieved(world, cam, order.id).state == "offered"
    assert updates.order(world, order.id).retrieved_at is not None
    updates.feedback(world, cam, order.id, report("proceeding"))
    updates.retrieved(world, cam, order.id)
    assert updates.order(world, order.id).state == "running"


def test_success_raises_the_version_failure_does_not(world, cam, order):
    updates.feedback(world, cam, order.id, report("closed", "failure", "no space left"))
    assert devices.get(world, cam).version == "1.0.0"
    assert updates.rollouts(world)[0].count("failed") == 1


def test_nobody_reports_for_another(world, maker, cam, order):
    other = maker.device("cam-1-002")
    for act in (updates.feedback, updates.answer_cancel):
        with pytest.raises(NotFound):
            act(world, other, order.id, report("closed", "success"))
    with pytest.raises(NotFound):
        updates.retrieved(world, other, order.id)


def test_reports_have_an_end(world, cam, order, monkeypatch):
    monkeypatch.setattr(reports, "MOST_STATUSES", 3)
    for number in range(3):
        updates.feedback(world, cam, order.id, report("proceeding", "none", f"step {number}"))
    with pytest.raises(TooMany):
        updates.feedback(world, cam, order.id, report("proceeding", "none", "one more"))
    assert len(updates.statuses(world, order.id)) == 3


def test_late_reports_are_kept_while_there_is_room(world, cam, order, monkeypatch):
    monkeypatch.setattr(reports, "MOST_STATUSES", 1)
    monkeypatch.setattr(reports, "_MOST_LATE", 2)
    updates.feedback(world, cam, order.id, report("closed", "success"))
    for _ in range(5):
        with pytest.raises(updates.Gone):
            updates.feedback(world, cam, order.id, report("proceeding"))
    assert [one.late for one in updates.statuses(world, order.id)] == [True, True, False]


def test_a_refusal_is_the_reason(world, cam, order):
    lines = ("fetched", "refused: tampered: other bytes", "closed")
    updates.feedback(world, cam, order.id, report("closed", "failure", *lines))
    assert updates.order(world, order.id).detail == "refused: tampered: other bytes"


def test_attributes_have_a_number(world, cam):
    updates.describe(world, cam, "merge", {f"k{number}": "v" for number in range(100)})
    with pytest.raises(TooMany):
        updates.describe(world, cam, "merge", {"one": "more"})
    updates.describe(world, cam, "remove", {f"k{number}": "" for number in range(99)})
    assert updates.attributes(world, cam) == {"k99": "v"}


def test_crashes_that_a_device_tells_are_kept(world, clock, cam):
    since = clock.now()
    updates.describe(world, cam, "merge", {"crashes": "3"})
    updates.describe(world, cam, "merge", {"crashes": "4"})
    updates.describe(world, cam, "merge", {"crashes": "many"})
    [crashed] = devices.crashes(world, "cam-1", since)
    assert (crashed.device, crashed.version, crashed.times) == (cam, "1.0.0", 1)
