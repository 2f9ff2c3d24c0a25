"""What a door knows of devices and counts of their messages, without any network."""

import time
from datetime import timedelta

import pytest

from careful import customer_data, devices, products
from careful.entrypoints.gateway import intake
from careful.entrypoints.gateway.allowance import within
from careful.entrypoints.gateway.intake import Counts, Intake, Speaker

FILE = b"""\
schema: product/1
product: {id: cam-1, name: Cam, models: [C-1]}
data: [{id: tips, fields: [page], consent: opt_in}, {id: climate, fields: [celsius], personal: false}]
"""
ME = Speaker("cam-1-001", "cam-1", "")


@pytest.fixture
def door(world, staff):
    products.declare(world, staff, FILE)
    products.approve(world, staff, "cam-1")
    devices.make_tokens(world, staff, "cam-1", ["cam-1-001", "cam-1-002"], "rev-a")
    return Intake(world)


def test_who_is_let_in_is_known_with_permit_and_consents(door, world, staff):
    before = door.admit("cam-1-001", "cam-1")
    assert (before.permit.version, before.consents, before.release) == (1, frozenset(), "")
    customer_data.give_consent(world, staff, "cam-1-001", "tips")
    after = door.admit("cam-1-001", "cam-1")
    assert after.consents == {"tips:opt_in"}
    assert after.mark > before.mark
    assert after.permit is before.permit  # compiled once


def test_the_news_are_products_and_devices(door, world, staff):
    size = door.changed(0).size
    customer_data.give_consent(world, staff, "cam-1-001", "tips")
    devices.quarantine(world, staff, "cam-1-002", "odd")
    news = door.changed(size)
    assert (news.products, news.devices) == (frozenset(), {"cam-1-001"})
    assert news.concerns(ME)
    assert not news.concerns(Speaker("cam-1-002", "cam-1", ""))
    assert door.changed(news.size).devices == frozenset()
    devices.report_version(world, "cam-1-001", "1.0.0", "ddi")
    said = door.changed(news.size)
    assert (said.devices, said.releases) == (frozenset(), {"cam-1-001": "1.0.0"})
    assert said.concerns(ME)
    assert not said.concerns(Speaker("cam-1-001", "cam-1", "1.0.0"))
    assert door.admit("cam-1-001", "cam-1").release == "1.0.0"
    products.declare(world, staff, FILE.replace(b"[celsius]", b"[celsius, x]"))
    assert door.changed(news.size).concerns(Speaker("cam-1-002", "cam-1", ""))


def test_counts_come_to_the_database(door, world):
    permit = door.admit("cam-1-001", "cam-1").permit
    permit.drain()
    door.watch("cam-1", permit)
    permit.streams["climate"].count(["celsius"])
    door.count(ME, "undeclared-field", "climate.ssid.x")
    door.count(ME, "undeclared-field", "climate.ssid.x", left_out=True)
    door.count(ME, "foreign-topic", "d/else")
    door.count(Speaker("", "", ""), "handshake", "no certificate")
    door.began(ME, "tips")
    door.began(ME, "tips")
    counts = door.drain()
    door.write(counts)
    assert counts == Counts()
    (row,) = customer_data.refused_fields(world)
    assert (row.item, row.field, row.count, row.left_out) == ("climate", "ssid.x", 2, 1)
    kinds = {one.kind: one.count for one in devices.refusals(world, "cam-1-001")}
    assert kinds == {"undeclared-field": 2, "foreign-topic": 1}
    assert [one.count for one in customer_data.observed_fields(world, "cam-1")] == [1, 1]
    assert door.drain() == Counts()


def test_a_device_that_makes_up_names_takes_no_room_from_others(door, world):
    for number in range(1000):
        door.count(ME, "undeclared-field", f"climate.x{number}")
    door.count(Speaker("cam-1-002", "cam-1", ""), "undeclared-field", "climate.ssid")
    counts = door.drain()
    assert len(counts.fields) == customer_data.PLACES_MOST + 2
    door.write(counts)
    found = customer_data.refused_fields(world, "cam-1")
    assert sum(one.count for one in found) == 1001
    assert "ssid" in {one.field for one in found}


def test_what_could_not_be_written_is_kept_and_nothing_is_written_twice(door, world, monkeypatch):
    door.count(ME, "wrong-type", "climate.celsius")
    door.began(ME, "tips")
    counts = door.drain()
    monkeypatch.setattr(customer_data, "note_began", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        door.write(counts)
    door.count(ME, "wrong-type", "climate.celsius")
    door.put_back(counts)
    monkeypatch.undo()
    door.write(door.drain())
    assert [one.count for one in customer_data.refused_fields(world)] == [2]
    assert [one.count for one in devices.refusals(world, "cam-1-001")] == [2]


def test_what_a_device_has_used_of_an_hour_outlives_the_door(door, world, staff):
    text = FILE.replace(b"personal: false}", b"personal: false, rate: {messages: 3, per: hour}}")
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    may = door.admit("cam-1-001", "cam-1")
    door.watch("cam-1", may.permit)
    rate = may.permit.streams["climate"].rate
    assert [within(door.spent("cam-1-001", may.used), "climate", rate, 9, time.monotonic()) for _ in range(2)] == [
        True
    ] * 2
    counts = door.drain()
    door.put_back(counts)  # could not be written
    door.write(door.drain())
    world.clock.advance(timedelta(minutes=30))
    other = Intake(world)
    spent = other.spent("cam-1-001", other.admit("cam-1-001", "cam-1").used)
    assert [within(spent, "climate", rate, 9, time.monotonic()) for _ in range(2)] == [True, False]
    assert within(spent, "climate", rate, 9, time.monotonic() + 1801)  # its hour is over by then
    world.clock.advance(timedelta(days=2))
    assert customer_data.forget_remembered(world) == 1
    assert other.admit("cam-1-001", "cam-1").used == ()


def test_what_was_left_out_is_counted_once_by_its_mark(door, world, monkeypatch):
    dropped = [("undeclared-field", "climate.ssid"), ("wrong-type", "climate.celsius")]
    assert door.left_out(ME, dropped, b"one")
    assert door.left_out(ME, dropped, b"one")
    assert len(door.write(door.drain())) == 2
    assert door.left_out(ME, dropped, b"one")  # sent again, after the door had died
    assert Intake(world).write(door.drain()) == []
    assert {one.field: (one.count, one.left_out) for one in customer_data.refused_fields(world)} == {
        "ssid": (1, 1), "celsius": (1, 1),
    }  # fmt: skip
    monkeypatch.setattr(intake, "ONCE_MOST", 0)
    assert not door.left_out(ME, dropped, b"two")  # too many at once: counted without asking
    door.write(door.drain())
    assert [one.count for one in customer_data.refused_fields(world)] == [2, 2]
    world.clock.advance(timedelta(days=31))
    assert customer_data.forget_remembered(world) == 1
    assert customer_data.forget_remembered(world) == 0
