from datetime import timedelta

import pytest

from careful import devices, updates
from careful.updates import fleet_queries


@pytest.fixture
def cams(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.fleet(3)


def test_what_planning_knows_of_a_device(world, staff, cams):
    devices.set_traits(world, staff, cams[0], region="eu", zone="Europe/Berlin", tag=["beta"], consent="ask")
    updates.describe(world, cams[0], "merge", {"battery": "40", "power": "battery"})
    first, *others = fleet_queries.candidates(world, "cam-1")
    assert (first.region, first.zone, first.tags, first.consent) == ("eu", "Europe/Berlin", ("beta",), "ask")
    assert (first.battery, first.mains, first.security_version, first.version) == (40, False, 1, "1.0.0")
    assert [one.device for one in others] == cams[1:]
    assert fleet_queries.candidates(world, "cam-1", cams[:1]) == [first]
    assert fleet_queries.candidates(world, "cam-1", ["nobody"]) == []


def test_orders_and_what_is_unsettled(world, staff, cams, hands):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("1", "100%"), first=cams)
    hands.advance()
    with world.look() as connection:
        assert list(fleet_queries.orders_of(connection, started, cams)) == cams[:1]
        assert fleet_queries.unsettled(connection, started) == set(cams)
        assert [one.rollout for one in fleet_queries.others(connection, "cam-1")] == [started]
        assert fleet_queries.first_offered(connection, cams[0], "1.0.1") == world.clock.now()
        assert fleet_queries.first_offered(connection, cams[1], "1.0.1") is None
    hands.answer(cams)
    with world.look() as connection:
        assert fleet_queries.unsettled(connection, started) == set(cams[1:])
        assert set(fleet_queries.last_orders(connection, started)) == set(cams)


def test_hours_of_watching_are_those_since_it_was_confirmed(world, staff, clock, cams, hands):
    devices.report_crashes(world, dict.fromkeys(cams, 0))
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("1", "100%"), first=cams, attempts=1)
    hands.advance()
    hands.answer(cams)
    clock.advance(timedelta(hours=2))
    devices.report_crashes(world, {cams[0]: 5, cams[1]: 1})
    with_it, without = fleet_queries.crash_watch(world, updates.rollout(world, started).rollout)
    assert (with_it.hours, with_it.crashed, with_it.devices) == (2.0, 1, 1)
    assert (without.hours, without.crashed, without.devices) == (4.0, 1, 1)
