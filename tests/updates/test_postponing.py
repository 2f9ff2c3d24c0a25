from datetime import timedelta

import pytest
from makers import Maker

from careful import products, updates
from careful.kernel.errors import Invalid, Refused
from careful.updates.fitting import PATIENCE

WITH = b"""schema: product/1
product: {id: cam-1, name: Test, models: [CAM-1]}
support: {user_can_postpone: true}
"""


@pytest.fixture
def cams(world, staff, maker: Maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    products.declare(world, staff, WITH)
    products.approve(world, staff, "cam-1")
    return maker.fleet(2)


def start(world, staff, hands, urgency="security", **more):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",), urgency=urgency, **more)
    hands.advance()
    return started


def test_a_postponed_update_is_taken_back_and_offered_again(world, staff, clock, cams, hands):
    started = start(world, staff, hands)
    assert updates.order_for(world, cams[0]).forced_from == clock.now() + PATIENCE["security"]
    until = updates.postpone(world, staff, cams[0], clock.now() + timedelta(hours=5))
    hands.advance()
    assert hands.ordered(cams) == cams[1:]
    hands.answer(cams)
    clock.advance(timedelta(hours=2))
    hands.advance()
    [one] = [one for one in updates.rollout(world, started).members if one.device == cams[0]]
    assert (one.state, one.attempts) == ("deferred", 0)
    assert one.detail.startswith("its owner postponed it until")
    assert updates.rollout(world, started).rollout.state == "running"  # it waits; that is no failure
    clock.advance(until - clock.now() + timedelta(minutes=2))
    hands.advance()
    assert hands.ordered(cams) == cams[:1]
    hands.answer(cams)
    assert updates.rollout(world, started).rollout.state == "finished"


@pytest.mark.parametrize("urgency", PATIENCE)
def test_nobody_puts_it_off_beyond_the_limit(world, staff, clock, cams, hands, urgency):
    start(world, staff, hands, urgency, deadline_minutes=60 * 24)
    first = clock.now()
    limit = first + PATIENCE[urgency]
    assert updates.postpone(world, staff, cams[0], first + timedelta(days=300)) == limit
    hands.advance()
    clock.advance(PATIENCE[urgency])
    with pytest.raises(Refused, match="no longer"):
        updates.postpone(world, staff, cams[0], clock.now() + timedelta(hours=1))


def test_who_has_begun_finishes(world, staff, clock, cams, hands):
    start(world, staff, hands)
    updates.retrieved(world, cams[0], updates.order_for(world, cams[0]).id)
    with pytest.raises(Refused, match="has begun"):
        updates.postpone(world, staff, cams[0], clock.now() + timedelta(hours=1))
    with pytest.raises(Invalid):
        updates.postpone(world, staff, cams[1], clock.now())


def test_only_what_the_product_declares_can_be_put_off(world, staff, clock, maker, hands):
    maker.release("1.0.0", "lock-1")
    maker.release("1.0.1", "lock-1")
    lock = maker.device("lock-1-001", product="lock-1")
    updates.start_rollout(world, staff, "lock-1", "1.0.1", waves=("all",))
    hands.advance()
    assert updates.order_for(world, lock).forced_from is None
    with pytest.raises(Refused, match="cannot put updates off"):
        updates.postpone(world, staff, lock, clock.now() + timedelta(hours=1))


def test_who_is_offered_nothing_has_nothing_to_put_off(world, staff, clock, cams):
    with pytest.raises(Refused, match="offered nothing"):
        updates.postpone(world, staff, cams[0], clock.now() + timedelta(hours=1))


def test_what_may_be_put_off_is_known_before(world, staff, clock, cams, hands):
    assert updates.postponable(world, cams[0]) is None  # nothing is offered
    start(world, staff, hands)
    limit = clock.now() + PATIENCE["security"]
    found = updates.postponable(world, cams[0])
    assert (found.version, found.until, found.urgency) == ("1.0.1", limit, "security")
    assert updates.postpone(world, staff, cams[0], clock.now() + timedelta(days=90)) == limit
    assert updates.postponable(world, cams[0]).until == limit
    updates.retrieved(world, cams[1], updates.order_for(world, cams[1]).id)
    assert updates.postponable(world, cams[1]) is None  # it has begun
    clock.advance(PATIENCE["security"])
    assert updates.postponable(world, cams[0]) is None
