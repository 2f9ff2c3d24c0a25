import pytest

from careful import devices, updates
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.errors import Refused

BEN = Actor("staff", "ben")


@pytest.fixture
def cams(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.fleet(3, "1.0.1")


def test_a_downgrade_needs_a_second_person(world, staff, cams, hands):
    given = {"waves": ("all",), "downgrade": True, "reason": "1.0.1 overheats."}
    assert updates.preview_rollout(world, "cam-1", "1.0.0", **given).people == 2
    proposed = updates.start_rollout(world, staff, "cam-1", "1.0.0", **given)
    hands.advance()
    assert updates.rollout(world, proposed).rollout.state == "proposed"
    assert hands.ordered(cams) == []
    for nobody in (staff, OPERATOR, Actor("token", "t")):
        with pytest.raises(Refused):
            updates.confirm_rollout(world, nobody, proposed)
    assert updates.confirm_rollout(world, BEN, proposed) == "running"
    with pytest.raises(Refused):
        updates.confirm_rollout(world, BEN, proposed)
    hands.advance()
    hands.answer(cams)
    assert updates.rollout(world, proposed).rollout.state == "finished"
    assert devices.count_by_version(world, "cam-1") == {"1.0.0": 3}
    assert [name for name in hands.names() if name.startswith("rollout")] == [
        "rollout_proposed",
        "rollout_confirmed",
        "rollout_started",
        "rollout_finished",
    ]


def test_a_command_line_proposes_and_two_people_agree(world, staff, cams):
    proposed = updates.start_rollout(world, OPERATOR, "cam-1", "1.0.0", downgrade=True, reason="It overheats.")
    assert updates.confirm_rollout(world, staff, proposed) == "proposed"
    assert updates.confirm_rollout(world, BEN, proposed) == "running"


def test_a_device_without_a_downgrade_is_never_offered_older(world, staff, cams):
    with pytest.raises(Refused, match="No device"):
        updates.start_rollout(world, staff, "cam-1", "1.0.0")


def test_going_back_halts_and_is_for_those_that_took_it(world, staff, maker, cams, hands):
    maker.release("1.0.2")
    bad = updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=("1", "100%"), first=cams)
    hands.advance()
    hands.answer(cams)
    back = updates.roll_back(world, staff, bad, "1.0.1", "The picture is green.", waves=("all",))
    assert updates.rollout(world, bad).rollout.state == "halted"
    found = updates.rollout(world, back)
    assert [one.device for one in found.members] == [cams[0]]
    assert found.rollout.policy.rolls_back == bad
    updates.confirm_rollout(world, BEN, back)
    hands.advance()
    hands.answer(cams)
    assert devices.count_by_version(world, "cam-1") == {"1.0.1": 3}


def test_a_proposal_can_be_dropped(world, staff, cams):
    proposed = updates.start_rollout(world, staff, "cam-1", "1.0.0", downgrade=True, reason="It overheats.")
    updates.withdraw_rollout(world, staff, proposed, "Found the cause.")
    assert updates.rollout(world, proposed).rollout.state == "superseded"
    with pytest.raises(Refused):
        updates.confirm_rollout(world, BEN, proposed)
    with pytest.raises(Refused):
        updates.withdraw_rollout(world, staff, proposed, "again")
