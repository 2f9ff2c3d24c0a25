from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from careful import updates
from careful.updates import waiting
from careful.updates.model import Member, Order, Report

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SAYS = "waiting: battery at 31 %, asked for 50 %"
ORDER = Order(
    id=1,
    device="d",
    product="cam-1",
    release="r",
    version="1.0.1",
    rollout="x",
    drill="",
    state="running",
    cancelling=False,
    detail=SAYS,
    made_at=NOW - HOUR,
    retrieved_at=NOW - HOUR,
    deadline=NOW,
    closed_at=None,
    conditions={"min-battery": "50"},
)
MEMBER = Member(device="d", wave=1, state="offered", first_offered=NOW - HOUR)


@pytest.mark.parametrize(
    ("order", "member", "said", "expected"),
    [
        pytest.param({}, {}, NOW, SAYS, id="said just now"),
        pytest.param({"conditions": {}, "window": "22:00-04:00 UTC"}, {}, NOW, SAYS, id="for its window"),
        pytest.param({"conditions": {}}, {}, NOW, "", id="nothing was asked for that could be waited for"),
        pytest.param({"detail": "downloading 1.0.1"}, {}, NOW, "", id="it has begun"),
        pytest.param({"state": "failed"}, {}, NOW, "", id="it is over"),
        pytest.param({}, {}, NOW - 2 * HOUR, "", id="not said anew: it may be dead"),
        pytest.param({}, {}, None, "", id="never said"),
        pytest.param({}, {"first_offered": NOW - timedelta(days=7)}, NOW, "", id="longer than an owner could postpone"),
    ],
)
def test_whom_waiting_excuses(order, member, said, expected):
    found = waiting.excuse(replace(ORDER, **order), replace(MEMBER, **member), said, "security", HOUR / 12, NOW)
    assert found == expected


@pytest.fixture
def waits():
    return Report(execution="scheduled", finished="none", details=(SAYS,))


def test_a_device_that_waits_is_deferred_and_gets_on_when_it_does(world, staff, clock, maker, hands, waits):
    maker.release("1.0.0")
    maker.release("1.0.1")
    cams = maker.fleet(2)
    rollout = updates.start_rollout(
        world, staff, "cam-1", "1.0.1", waves=("1", "100%"), first=cams, deadline_minutes=5,
        min_battery=50,
    )  # fmt: skip
    hands.advance()
    hands.answer(cams[:1], waits)
    [told] = [one for one in updates.fates_of(world, rollout) if one.device == cams[0]]
    assert (told.fate, told.why) == ("deferred", SAYS)
    clock.advance(timedelta(minutes=6))
    hands.advance()
    found = updates.rollout(world, rollout)
    assert (found.rollout.state, found.members[0].state, found.members[0].detail) == ("running", "deferred", SAYS)
    clock.advance(timedelta(minutes=30))
    hands.answer(cams[:1], Report(execution="proceeding", finished="none", details=("downloading 1.0.1",)))
    hands.advance()
    assert updates.rollout(world, rollout).members[0].state == "offered"
    hands.answer(cams[:1])
    assert updates.rollout(world, rollout).members[0].state == "confirmed"


def test_a_device_that_died_while_it_waited_is_silent(world, staff, clock, maker, hands, waits):
    maker.release("1.0.0")
    maker.release("1.0.1")
    cams = maker.fleet(1)
    rollout = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("100%",), deadline_minutes=5, min_battery=50)
    hands.advance()
    hands.answer(cams, waits)
    clock.advance(timedelta(minutes=30))
    hands.advance()
    assert updates.rollout(world, rollout).members[0].state == "deferred"
    clock.advance(timedelta(minutes=40))
    hands.advance()
    clock.advance(timedelta(minutes=6))
    hands.advance()
    assert updates.rollout(world, rollout).members[0].state == "silent"
