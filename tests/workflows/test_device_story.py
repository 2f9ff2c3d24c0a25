"""One device's story: its life and its updates, in the order in which they happened."""

from datetime import timedelta

from village import OLD, STAFF, Village

from careful import devices, updates
from careful.kernel.ledger import Entry
from careful.workflows.device_story import story


def told(village, device="cam-1-001", **how):
    return [
        one.name if isinstance(one, Entry) else f"offered {one.version}" for one in story(village.world, device, **how)
    ]


def rolled_out(village):
    """Two cameras are offered a release; one takes it, one says nothing."""
    village.declare()
    village.ship("0.9.0")
    village.ship(OLD)
    village.run("0.9.0", "cam-1-001", "cam-1-002")
    village.later(minutes=1)
    updates.start_rollout(village.world, STAFF, "cam-1", OLD, waves=["100%"], deadline_minutes=30)
    village.work()
    village.later(minutes=1)
    village.run(OLD, "cam-1-001")
    village.work()
    village.later(minutes=60)
    village.work()


def test_offer_and_outcome_stand_between_what_was_before_and_after(village: Village):
    rolled_out(village)
    village.later(minutes=1)
    devices.quarantine(village.world, STAFF, "cam-1-001", "Noise.")
    assert told(village)[:4] == [
        "devices.quarantined",
        "updates.device_updated",
        "devices.version_reported",
        f"offered {OLD}",
    ]
    assert "devices.enrolled" in told(village)[4:]


def test_nothing_of_another_device(village: Village):
    rolled_out(village)
    silent = told(village, "cam-1-002")
    assert "updates.device_silent" in silent
    assert "updates.device_updated" not in silent
    assert "updates.device_silent" not in told(village)
    assert told(village, "cam-1-00") == []


def test_no_more_than_asked_for_and_the_newest_first(village: Village):
    rolled_out(village)
    whole = told(village)
    assert told(village, most=2) == whole[:2]
    moments = [one.at if isinstance(one, Entry) else one.made_at for one in story(village.world, "cam-1-001")]
    assert moments == sorted(moments, reverse=True)
    assert moments[0] - moments[-1] >= timedelta(minutes=2)
