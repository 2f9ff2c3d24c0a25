"""Who held a key when its customer's time ended stands on the receipt, with when they let go of it."""

from datetime import timedelta

from careful import customer_data

DEVICE = "cam-1-001"


def test_acknowledged_by_whoever_held_keys(house, staff):
    world = house.world
    customer = customer_data.key_of(world, DEVICE).customer
    for name in ("g1", "g2", "g0"):
        customer_data.hold(world, name)
    customer_data.end_holding(world, "g0")
    made = customer_data.end_customer(world, staff, DEVICE, "asked")
    customer_data.let_go(world, "g2", [customer, "other"])
    first = world.clock.now()
    world.clock.advance(timedelta(minutes=1))
    customer_data.let_go(world, "g2", [customer])
    customer_data.let_go(world, "g3", [])
    found = customer_data.receipt(world, made.id)
    assert [(one.holder, one.at) for one in found.releases] == [("g1", None), ("g2", first)]


def test_who_has_not_been_heard_of_is_not_waited_for(house, staff):
    world = house.world
    customer_data.key_of(world, DEVICE)
    customer_data.hold(world, "g1")
    world.clock.advance(timedelta(minutes=5))
    assert customer_data.receipt(world, customer_data.end_customer(world, staff, DEVICE, "asked").id).releases == ()
