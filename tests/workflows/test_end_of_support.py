"""A product's support from its announced end to the devices that are left."""

from datetime import date, timedelta

import pytest
from village import NEW, OLD, STAFF, Village

from careful import devices, products
from careful.kernel.errors import NotFound, Refused
from careful.workflows import end_of_support as flow

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
KEEPS, STOPS = "Pictures on your own network.", "Alerts on your phone."


@pytest.fixture
def camera(village: Village) -> Village:
    village.declare()
    products.publish_page(village.world, STAFF, "cam-1")
    village.ship(OLD, "pillow==10.0.0")
    village.ship(NEW, "pillow==10.0.1")
    village.run(OLD, "cam-1-001", "cam-1-002")
    village.own(cam_1_001="kim@example.com")
    return village


def states(village: Village) -> list[str]:
    return [status.state for _, status in flow.progress(village.world, "cam-1")]


def subjects(village: Village) -> list[str]:
    return [one["subject"] for one in village.mails()]


def days_to_the_end(village: Village) -> int:
    until = products.get(village.world, "cam-1").published_until
    assert until is not None
    return (until - village.world.clock.now().date()).days


def test_nothing_is_due_years_before(camera: Village) -> None:
    camera.work()
    assert states(camera) == ["waiting"] * 6
    assert flow.past_support(camera.world) == []


def test_from_the_announcement_to_the_devices_that_are_left(camera: Village) -> None:
    camera.later(days=days_to_the_end(camera) - 200)
    assert states(camera)[0] == "now"
    flow.announce(camera.world, STAFF, "cam-1", NEW, KEEPS, STOPS)
    camera.work()
    assert states(camera) == ["done", "now", "done", "done", "waiting", "waiting"]
    assert len(camera.mails()) == 1
    assert KEEPS in camera.mails()[0]["body"]
    camera.work()
    assert len(camera.mails()) == 1  # once for each stage
    camera.run(NEW, "cam-1-001", "cam-1-002")
    assert states(camera)[1] == "done"
    camera.later(days=days_to_the_end(camera) - 20)
    camera.work()
    assert len(camera.mails()) == 2
    assert products.ending(camera.world, "cam-1").kept_at is None
    camera.later(days=21)
    camera.work()
    assert any(subject.endswith("have ended") for subject in subjects(camera))
    assert states(camera) == ["done"] * 6
    kept = products.ending(camera.world, "cam-1")
    assert kept.kept_at is not None
    assert kept.vex_sha256
    assert "openvex" in products.last_vex(camera.world, "cam-1")
    devices.seen(camera.world, {"cam-1-001": camera.world.clock.now()})
    [left] = flow.past_support(camera.world)
    assert (left.product, left.devices, left.online, left.on_last, left.announced) == ("cam-1", 2, 1, 2, True)
    assert states(camera)[5] == "now"


def test_whoever_was_never_told_is_told_that_it_has_ended_and_no_more(camera: Village) -> None:
    flow.announce(camera.world, STAFF, "cam-1", NEW, KEEPS, STOPS)
    camera.later(days=days_to_the_end(camera) + 1)
    camera.work()
    assert len(camera.mails()) == 1
    assert subjects(camera)[0].endswith("have ended")


def test_past_support_without_an_announcement_is_blocked(camera: Village) -> None:
    camera.later(days=days_to_the_end(camera) + 1)
    assert states(camera)[0] == "blocked"
    assert [one.announced for one in flow.past_support(camera.world)] == [False]


def test_what_cannot_be_announced(camera: Village) -> None:
    camera.ship("1.0.2", "pillow==10.0.1", sign=False)
    with pytest.raises(Refused):
        flow.announce(camera.world, STAFF, "cam-1", "1.0.2", KEEPS, STOPS)
    with pytest.raises(NotFound):
        flow.announce(camera.world, STAFF, "cam-1", "9.9.9", KEEPS, STOPS)
    with pytest.raises(NotFound):
        flow.progress(camera.world, "nope")


@pytest.mark.parametrize(("days", "stage"), [(400, 1), (31, 1), (30, 2), (0, 2), (-1, 3)])
def test_when_owners_must_have_been_told(database, days: int, stage: int) -> None:
    today = date(2026, 11, 2)
    assert flow.stage_due(today + timedelta(days=days), today) == stage
