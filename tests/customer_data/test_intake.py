"""What was taken and refused, counted and summarised, on both databases."""

import threading
from datetime import timedelta

import pytest

from careful import customer_data
from careful.customer_data import Stopped, intake
from careful.kernel import ledger


@pytest.fixture
def stop(world):
    def run(device="cam-1-001", field="ssid", kind="undeclared-field", count=1, left_out=0, **more):
        here = {"product": "cam-1", "release": "1.0.0", "item": "clip"} | more
        one = Stopped(
            device=device, field=field, kind=kind, count=count, left_out=left_out, at=world.clock.now(), **here
        )
        customer_data.count_stopped(world, [one])

    return run


def told(world, name="refused"):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=[f"customer_data.{name}"])]


def test_refusals_are_counted_by_device_release_and_field(world, house, stop):
    stop()
    stop(count=3, left_out=2)
    stop(device="cam-1-002")
    world.clock.advance(timedelta(minutes=1))
    stop(release="2.0.0")
    newest, oldest = customer_data.refused_fields(world, "cam-1")
    assert (newest.release, newest.count, newest.devices) == ("2.0.0", 1, 1)
    assert (oldest.release, oldest.count, oldest.left_out, oldest.devices) == ("1.0.0", 5, 2, 2)
    place = ("cam-1", "1.0.0", "clip", "ssid", "undeclared-field")
    assert sorted((device, times) for device, times, _ in customer_data.refused_devices(world, place)) == [
        ("cam-1-001", 4),
        ("cam-1-002", 1),
    ]
    assert customer_data.refused_fields(world, "other") == []
    assert len(customer_data.refused_fields(world)) == 2


def test_the_ledger_hears_of_a_period_in_one_fact(world, house, stop):
    stop(count=2)
    for _ in range(3):
        stop(count=10, left_out=4)
        stop(device="cam-1-002")
    first = world.clock.now()
    assert [(one["count"], one["devices"]) for one in told(world)] == [(2, 1)]
    world.clock.advance(intake.TOLD_EVERY)
    assert customer_data.tell_intake(world) == 1
    assert customer_data.tell_intake(world) == 0
    fact = told(world)[-1]
    assert {name: fact[name] for name in ("product", "release", "item", "field", "kind")} == {
        "product": "cam-1",
        "release": "1.0.0",
        "item": "clip",
        "field": "ssid",
        "kind": "undeclared-field",
    }
    assert (fact["count"], fact["left_out"], fact["devices"]) == (33, 12, 2)
    assert fact["since"] <= fact["until"]
    assert first is not None


def test_several_gateways_count_at_once_and_nothing_is_told_twice(world, house, stop):
    def gateway(name):
        for _ in range(10):
            stop(device=name)

    threads = [threading.Thread(target=gateway, args=(f"cam-1-{number:03d}",)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    (row,) = customer_data.refused_fields(world)
    assert (row.count, row.devices) == (40, 4)
    world.clock.advance(intake.TOLD_EVERY)
    customer_data.tell_intake(world)
    assert sum(one["count"] for one in told(world)) == 40


def test_a_device_that_makes_up_names_moves_one_counter(world, house):
    many = [
        Stopped(
            product="cam-1", release="", device="cam-1-001", item="clip", field=f"x{number}", kind="undeclared-field",
            count=1, left_out=0, at=world.clock.now(),
        )
        for number in range(intake.PLACES_MOST + 50)
    ]  # fmt: skip
    customer_data.count_stopped(world, many)
    customer_data.count_stopped(world, many)
    rows = customer_data.refused_fields(world, "cam-1")
    assert len(rows) == intake.PLACES_MOST + 1
    assert sum(one.count for one in rows) == 2 * len(many)
    assert next(one for one in rows if one.item == intake.OTHERS).count == 100
    assert len(told(world)) == intake.NAMES_TOLD
    world.clock.advance(intake.TOLD_EVERY)
    customer_data.tell_intake(world)
    assert len(told(world)) == 2 * intake.NAMES_TOLD


def test_what_is_old_is_forgotten(world, house, stop):
    stop()
    world.clock.advance(intake.KEPT + timedelta(days=1))
    assert customer_data.refused_fields(world, "cam-1") == []
    stop(field="other")
    world.clock.advance(timedelta(minutes=1))
    customer_data.tell_intake(world)
    assert [one.field for one in customer_data.refused_fields(world)] == ["other"]


def test_what_was_taken_is_counted_by_item_and_field_and_told_once_a_day(world, house):
    customer_data.count_observed(world, "cam-1", {("clip", ("zone",)): 2, ("clip", ("zone", "seconds")): 3})
    customer_data.count_observed(world, "cam-1", {("climate", ()): 1})
    customer_data.count_observed(world, "cam-1", {})
    found = {(one.item, one.field): one.count for one in customer_data.observed_fields(world, "cam-1")}
    assert found == {("clip", ""): 5, ("clip", "zone"): 5, ("clip", "seconds"): 3, ("climate", ""): 1}
    assert [(one["records"], one["fields"]) for one in told(world, "observed")] == [(5, ["clip.seconds", "clip.zone"])]
    world.clock.advance(intake.OBSERVED_EVERY)
    assert customer_data.tell_intake(world) == 1
    assert told(world, "observed")[-1]["records"] == 1
    assert told(world, "observed")[-1]["fields"] == []
