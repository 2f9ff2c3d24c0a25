"""Requests past their time are told once, and no more when they are answered."""

from datetime import timedelta

from careful import customer_data
from careful.kernel import ledger


def told(world):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=["customer_data.request_overdue"])]


def test_told_once_and_not_before_it_is_due(house, staff):
    world = house.world
    first = customer_data.open_request(world, staff, "cam-1-001", "access")
    world.clock.advance(timedelta(days=1))
    second = customer_data.open_request(world, staff, "cam-1-001", "delete")
    assert (customer_data.tell_overdue(world), customer_data.overdue_requests(world)) == (0, [])
    world.clock.advance(first.due - world.clock.now() + timedelta(seconds=1))
    assert [customer_data.tell_overdue(world) for _ in range(2)] == [1, 0]
    assert [one.id for one in customer_data.overdue_requests(world)] == [first.id]
    world.clock.advance(timedelta(days=2))
    customer_data.refuse_request(world, staff, first.id, "not the owner")
    assert [customer_data.tell_overdue(world) for _ in range(2)] == [1, 0]
    assert [(one["request"], one["kind"]) for one in told(world)] == [(first.id, "access"), (second.id, "delete")]
    assert [one.id for one in customer_data.overdue_requests(world)] == [second.id]
