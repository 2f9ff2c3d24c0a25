import pytest

from careful import updates
from careful.kernel.errors import NotFound
from careful.updates import queries
from careful.updates.model import Limits


def test_limits_are_stored_and_read_back():
    limits = Limits(max_failures_percent=2.5, min_failures=3, deadline_seconds=7.0, attempts=4)
    assert queries.limits_from(queries.limits_as(limits)) == limits


def test_what_is_not_there(world):
    assert updates.rollouts(world) == []
    assert updates.order(world, 7) is None
    assert updates.order_for(world, "cam-1-001") is None
    assert updates.uptake(world, "cam-1", "1.0.0").points == ()
    with pytest.raises(NotFound, match="no rollout"):
        updates.rollout(world, "nothing")


def test_lists_by_product_and_device(world, staff, maker, hands):
    for product in ("cam-1", "lock-1"):
        maker.release("1.0.1", product)
        maker.device(f"{product}-001", product=product)
        updates.start_rollout(world, staff, product, "1.0.1", waves=("all",))
    hands.advance()
    assert [one.product for one in updates.rollouts(world)] == ["cam-1", "lock-1"]
    assert [one.product for one in updates.rollouts(world, "lock-1")] == ["lock-1"]
    assert [one.device for one in updates.orders(world, device="cam-1-001")] == ["cam-1-001"]
    assert len(updates.orders(world, drills=False)) == 2
    assert updates.orders(world, drills=True) == []
