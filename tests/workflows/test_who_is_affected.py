"""Whom a case concerns: devices by release, owners by number, the mend and its rollout, in one set of words."""

from dataclasses import asdict

import pytest
from village import FLEET, NEW, OLD, STAFF, Village

from careful import devices, notices, updates
from careful.kernel.errors import NotFound
from careful.workflows.who_is_affected import affected


def test_before_anything_was_done(village: Village) -> None:
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.hear()
    one = affected(village.world, village.found().id)
    assert one.says == (
        "No device runs it, and none did since it was found.",
        "So there is no owner to tell.",
        "No notice is drafted yet.",
        "No signed release is free of it yet.",
    )
    assert (one.now, one.mend, one.notice) == ({}, None, None)


def test_devices_by_release_and_owners_by_number(village: Village) -> None:
    case = village.affected()
    village.ship("1.0.0-b", "pillow==10.0.0")
    village.run("1.0.0-b", "cam-1-009")
    village.found()
    one = affected(village.world, case.id)
    assert one.now == {OLD: FLEET, "1.0.0-b": ("cam-1-009",)}
    assert (one.running, one.ever, one.owners, one.reachable, one.nobody) == (4, 4, 1, 2, 2)
    assert one.says[:2] == (
        "4 devices run it now: 3 on 1.0.0, 1 on 1.0.0-b.",
        "1 owner of 2 devices can be told; 2 devices have no owner on record. The notice goes to them alone.",
    )
    assert "kim" not in str(asdict(one))


def test_nobody_can_be_told(village: Village) -> None:
    case = village.affected()
    for device in FLEET[:2]:
        devices.forget_owner(village.world, STAFF, device)
    assert affected(village.world, case.id).says[1] == (
        "None of them has an owner on record: nobody can be told by a notice."
    )


def test_from_the_mend_to_the_last_device(village: Village) -> None:
    case = village.affected()
    made = village.ship(NEW, "pillow==10.0.1", sign=False)
    updates.sign_release(village.world, STAFF, made.id)
    village.found()
    said = affected(village.world, case.id).says
    assert said[3:] == (
        "1.0.1 is free of it, but it is not published, so no device can take it.",
        "No rollout of it was started.",
    )
    updates.publish(village.world, STAFF, made.id)
    rollout = updates.start_rollout(village.world, STAFF, "cam-1", NEW, waves=["100%"])
    village.work()
    village.later(minutes=1)
    village.run(NEW, "cam-1-001")
    village.later(minutes=60)
    village.work()
    one = affected(village.world, case.id)
    assert one.mend is not None
    assert (one.mend.rollout, one.mend.confirmed, one.mend.devices) == (rollout, 1, 3)
    assert one.says[0] == "2 devices run it now: 2 on 1.0.0. In all, 3 devices did since it was found."
    assert one.says[3:] == (
        "1.0.1 is free of it, and devices can take it.",
        "Its rollout is halted: 1 of 3 devices confirmed it (33%).",
    )
    village.run(NEW, *FLEET)
    assert (
        affected(village.world, case.id).says[0] == "No device runs it now. In all, 3 devices did since it was found."
    )


def test_who_was_told(village: Village) -> None:
    case = village.affected()
    draft = notices.draft(village.world, STAFF, case.id)
    assert affected(village.world, case.id).says[2] == f"{draft.id} is a draft; nobody was told yet."
    notices.publish(village.world, STAFF, draft.id)
    notices.tell_owners(village.world, STAFF, draft.id)
    one = affected(village.world, case.id)
    assert (one.notice, one.public, one.told) == (draft.id, True, 2)
    assert one.says[2] == f"{draft.id} is public; the owners of 2 devices were told."


def test_harmless_is_told_to_nobody(village: Village) -> None:
    case = village.affected()
    village.judge("not_affected")
    assert affected(village.world, case.id).says[1:3] == (
        "1 owner of 2 devices can be told; 1 device has no owner on record.",
        "It was judged harmless, so nobody needs to be told.",
    )


def test_a_case_that_is_not_there(village: Village) -> None:
    with pytest.raises(NotFound):
        affected(village.world, "none")
