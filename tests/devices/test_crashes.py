from datetime import timedelta

import pytest
from makers import Maker

from careful import devices


@pytest.fixture
def maker(world, staff, tmp_path):
    return Maker(world, staff, tmp_path)


def test_what_grew_is_kept_by_the_hour(world, clock, maker):
    cam, other = maker.device("cam-1-001"), maker.device("cam-1-002")
    start = clock.now()
    assert devices.report_crashes(world, {cam: 7, other: 0, "nobody": 3}) == 0  # where a counter stands is no crash
    assert devices.report_crashes(world, {cam: 9}) == 1
    assert devices.report_crashes(world, {cam: 9}) == 0
    assert devices.report_crashes(world, {cam: 10}) == 1
    clock.advance(timedelta(hours=1))
    devices.report_version(world, cam, "1.0.1", "ddi")
    assert devices.report_crashes(world, {cam: 0}) == 0  # it began anew
    assert devices.report_crashes(world, {cam: 1, other: 1}) == 2
    found = [(one.device, one.version, one.times) for one in devices.crashes(world, "cam-1", start)]
    assert found == [(cam, "1.0.0", 3), (cam, "1.0.1", 1), (other, "1.0.0", 1)]
    assert devices.crashes(world, "cam-1", clock.now() + timedelta(hours=1)) == []


def test_numbers_beyond_sense_are_left(world, maker):
    cam = maker.device("cam-1-001")
    devices.report_crashes(world, {cam: 0})
    assert devices.report_crashes(world, {cam: -1}) == 0
    assert devices.report_crashes(world, {cam: 10**12}) == 0


def test_old_hours_are_forgotten(world, clock, maker):
    cam, start = maker.device("cam-1-001"), clock.now()
    devices.report_crashes(world, {cam: 0})
    devices.report_crashes(world, {cam: 1})
    clock.advance(timedelta(days=100))
    devices.report_crashes(world, {cam: 2})
    assert len(devices.crashes(world, "cam-1", start)) == 1
