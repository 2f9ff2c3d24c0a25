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
    world.clock.advance(timedelta(minutes=12))
    assert customer_data.receipt(world, customer_data.end_customer(world, staff, DEVICE, "asked").id).releases == ()


def test_a_gateway_that_was_killed_does_not_hold_the_receipt_for_ever(house, staff):
    world = house.world
    for name in ("g1", "g2"):
        customer_data.hold(world, name)
    customer_data.key_of(world, DEVICE)
    world.clock.advance(timedelta(minutes=3))  # both were killed meanwhile
    one = customer_data.end_customer(world, staff, DEVICE, "asked").id
    heard = customer_data.receipt(world, one).releases[0].heard
    assert customer_data.signed_receipt(world, one).count("has not yet said") == 2
    customer_data.end_holding(world, "g2")
    world.clock.advance(customer_data.GONE_AFTER - timedelta(minutes=3))
    note = customer_data.signed_receipt(world, one)
    assert "has not yet said" not in note
    gone = f"{heard + customer_data.GONE_AFTER:%Y-%m-%d %H:%M:%S}"
    assert f"g1 was last heard of at {heard:%Y-%m-%d %H:%M:%S} UTC; its copy of the key was gone by {gone} UTC." in note
    assert "g2 has ended since, and its copy of the key with its memory." in note
