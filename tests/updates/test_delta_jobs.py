"""Deltas from a fleet's need to what a device is offered."""

import random
import time

import pytest

from careful import devices, releases, updates
from careful.updates import delta_jobs

PARTS = [random.Random(number).randbytes(60_000) for number in range(2)]  # noqa: S311 (bytes to compare, no secret)


def content(version):
    return PARTS[0] + version.encode() + PARTS[1]


@pytest.fixture
def fleet(maker):
    maker.release("1.0.0", content=content("1.0.0"))
    maker.fleet(2)
    maker.release("1.0.1", content=content("1.0.1"))
    return maker


def work(world, maker=None, seconds=60):
    """Let the worker look in until a job has given something."""
    hand = maker or updates.DeltaMaker()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if hand.advance(world):
            return True
        if hand._job is None:
            return False
        time.sleep(0.05)
    pytest.fail("the job never ends")


def test_a_delta_is_made_signed_and_offered(world, fleet, hands):
    release = releases.get(world, "cam-1", "1.0.1")
    assert updates.delta_for(world, "cam-1-001", release) is None
    assert work(world)
    [made] = updates.deltas(world, release.id)
    assert (made.state, made.format, made.published_at) == ("ready", "lzma", None)
    assert made.size < release.artifact.size / 100
    assert updates.delta_for(world, "cam-1-001", release) is None  # nobody signed it yet
    assert updates.publish_deltas(world) == 1
    assert updates.publish_deltas(world) == 0
    assert updates.delta_for(world, "cam-1-001", release).sha256 == made.sha256
    assert not work(world)
    names = [name for name, _ in hands.events()]
    assert names.count("delta_made") == 1
    assert not (world.home / "deltas" / "patch").exists()


@pytest.mark.parametrize("version", [None, "0.9", "1.0.1"])
def test_who_runs_something_else_gets_the_full_image(world, fleet, version):
    assert work(world)
    updates.publish_deltas(world)
    fleet.device("cam-1-009", version)
    assert updates.delta_for(world, "cam-1-009", releases.get(world, "cam-1", "1.0.1")) is None


def test_one_that_saves_nothing_is_noted_once(world, maker, staff, hands):
    maker.release("1.0.0", content=PARTS[0])
    maker.device("cam-1-001")
    release = maker.release("1.0.1", content=PARTS[1])
    assert work(world)
    [made] = updates.deltas(world, release.id)
    assert made.state == "useless"
    assert "saves too little" in made.reason
    assert not work(world)
    assert updates.try_again(world, staff, release.id) == 1
    assert updates.deltas(world, release.id) == []
    assert delta_jobs.next_pair(world) is not None


def test_a_job_that_dies_is_noted_with_its_last_word(world, fleet, monkeypatch):
    monkeypatch.setattr(delta_jobs.sys, "executable", "/bin/false")
    assert work(world)
    [made] = updates.deltas(world, releases.get(world, "cam-1", "1.0.1").id)
    assert made.state == "failed"


def test_two_workers_make_one(world, fleet):
    one, other = updates.DeltaMaker(), updates.DeltaMaker()
    one.advance(world)
    other.advance(world)
    assert other._job is None
    other.close()
    assert work(world, one)


def test_a_worker_that_stops_leaves_nothing(world, fleet):
    hand = updates.DeltaMaker()
    hand.advance(world)
    hand.close()
    assert [path.name for path in (world.home / "deltas").iterdir()] == ["lock"]
    assert work(world)  # begun again


def test_no_deltas_where_the_maker_wants_none(world, fleet, staff):
    releases.set_policy(world, staff, "cam-1", b'[deltas]\nformat = "off"\n')
    assert not work(world)


def test_small_devices_get_heatshrink(world, fleet, staff):
    releases.set_policy(world, staff, "cam-1", b'[deltas]\nformat = "heatshrink"\n')
    assert work(world)
    [made] = updates.deltas(world, releases.get(world, "cam-1", "1.0.1").id)
    assert made.filename.endswith(".heatshrink.delta")


def test_a_device_that_was_fixed_elsewhere_changes_nothing(world, fleet):
    devices.report_version(world, "cam-1-001", "1.0.1", "ddi")
    assert delta_jobs.next_pair(world).devices == 1
