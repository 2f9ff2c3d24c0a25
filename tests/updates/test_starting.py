import pytest

from careful import devices, updates
from careful.kernel.errors import Invalid, Refused


@pytest.fixture
def cams(maker):
    for version in ("1.0.0", "1.0.1", "1.0.2"):
        maker.release(version)
    return maker.fleet(4)


def named(preview):
    return [list(wave.devices) for wave in preview.waves]


def test_a_preview_says_who_and_why_not_the_others_and_changes_nothing(world, staff, maker, cams, hands):
    devices.set_traits(world, staff, cams[0], region="eu")
    devices.set_traits(world, staff, cams[1], region="eu", consent="declined")
    devices.set_traits(world, staff, cams[2], region="eu", consent="ask")
    maker.device("cam-1-900", "1.0.1")
    before = hands.names()
    seen = updates.preview_rollout(world, "cam-1", "1.0.1", waves=("1", "100%"), group="region=eu", first=cams)
    assert named(seen) == [[cams[0]], cams[1:3]] or named(seen)[0] == [cams[0]]
    assert dict(seen.left_out) == {cams[3]: "not region=eu", "cam-1-900": "runs it already"}
    assert dict(seen.waits) == {cams[1]: "its owner wants no updates", cams[2]: "its owner is asked first"}
    assert (seen.size, seen.stands_in_the_way, seen.people) == (3, "", 1)
    assert hands.names() == before
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("1", "100%"), group="region=eu", first=cams)
    members = updates.rollout(world, started).members
    assert [[one.device for one in members if one.wave == wave] for wave in (1, 2)] == named(seen)


def test_a_preview_of_what_cannot_start_says_why(world, maker, cams):
    maker.release("1.0.3", publish=False)
    seen = updates.preview_rollout(world, "cam-1", "1.0.3")
    assert "not published" in seen.stands_in_the_way
    assert seen.size == 4


def test_rollouts_for_different_devices_run_side_by_side(world, staff, cams, hands):
    one = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",), group=f"device={cams[0]},{cams[1]}")
    two = updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=("all",), group=f"device={cams[2]},{cams[3]}")
    hands.answer(cams)
    assert [updates.rollout(world, each).rollout.count("confirmed") for each in (one, two)] == [0, 0]
    hands.answer(cams)
    assert [updates.rollout(world, each).rollout.state for each in (one, two)] == ["finished", "finished"]
    assert devices.count_by_version(world, "cam-1") == {"1.0.1": 2, "1.0.2": 2}


def test_a_newer_version_takes_over_when_that_is_said(world, staff, cams, hands):
    old = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    hands.advance()
    begun = updates.order_for(world, cams[0])
    updates.retrieved(world, cams[0], begun.id)
    seen = updates.preview_rollout(world, "cam-1", "1.0.2", waves=("all",))
    assert seen.says == (f"This takes over 4 devices from rollout {old} (1.0.1, running), which ends.",)
    with pytest.raises(Refused, match="being rolled out already"):
        updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=("all",))
    new = updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=("all",), supersede=True)
    hands.advance()
    assert updates.rollout(world, old).rollout.state == "superseded"
    orders = {device: updates.order_for(world, device) for device in cams}
    assert orders[cams[0]].id == begun.id  # it has read its order: it carries that out first
    assert {orders[device].rollout for device in cams[1:]} == {new}
    hands.answer(cams)
    hands.answer(cams)
    assert devices.count_by_version(world, "cam-1") == {"1.0.2": 4}
    assert updates.rollout(world, new).rollout.state == "finished"


def test_only_the_shared_devices_are_taken_over(world, staff, cams, hands):
    old = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    hands.advance()
    updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=("all",), group=f"device={cams[3]}", supersede=True)
    hands.answer(cams)
    hands.answer(cams)
    found = updates.rollout(world, old)
    assert (found.rollout.state, found.rollout.count("confirmed"), found.rollout.count("accounted")) == (
        "finished",
        3,
        1,
    )
    assert hands.events("updates.devices_taken_over")[0][1]["devices"] == 1
    assert devices.get(world, cams[3]).version == "1.0.2"


def test_an_older_version_never_takes_a_device_from_a_newer_one(world, staff, cams, hands):
    newer = updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=("all",), group=f"device={cams[0]}")
    seen = updates.preview_rollout(world, "cam-1", "1.0.1", waves=("all",))
    assert dict(seen.left_out) == {cams[0]: f"rollout {newer} brings it something as new"}
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    hands.answer(cams)
    hands.answer(cams)
    assert devices.get(world, cams[0]).version == "1.0.2"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"group": "colour=red"}, "group"),
        ({"urgency": "soon"}, "urgency"),
        ({"window": "late"}, "window"),
        ({"window": "22:00-04:00", "zone": "Mars/Base"}, "window"),
        ({"min_battery": 101}, "min_battery"),
        ({"waves": ("5%,luck=1", "100%")}, "waves"),
        ({"downgrade": True}, "reason"),
    ],
)
def test_what_makes_no_sense_is_refused(world, staff, cams, given, where):
    with pytest.raises(Invalid) as refused:
        updates.start_rollout(world, staff, "cam-1", "1.0.1", **given)
    assert refused.value.where == where
    with pytest.raises(Invalid):
        updates.preview_rollout(world, "cam-1", "1.0.1", **given)
