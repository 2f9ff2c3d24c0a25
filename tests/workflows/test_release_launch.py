"""A release on its way to devices, in the sentences that its progress line shows."""

import pytest
from village import OLD, STAFF, Village

from careful import products, releases, updates
from careful.kernel.errors import NotFound
from careful.workflows import release_launch as flow

SUBJECT = f"cam-1/{OLD}"


def line(village, subject=SUBJECT):
    return [(status.state, status.says) for _, status in flow.progress(village.world, subject)]


def test_each_step_names_the_command_that_takes_it(village: Village):
    village.declare()
    draft = village.ship(OLD, sign=False)
    assert line(village) == [
        ("done", "The declaration is approved."),
        ("done", "Image and SBOM are here."),
        ("now", f"Sign it: careful release sign cam-1 {OLD}"),
        ("waiting", f"Publish it: careful release publish cam-1 {OLD}"),
        ("waiting", f"Start it: careful rollout start cam-1 {OLD}"),
    ]
    updates.sign_release(village.world, STAFF, draft.id)
    assert line(village)[2:4] == [
        ("done", "Its image is signed."),
        ("now", f"Publish it: careful release publish cam-1 {OLD}"),
    ]
    updates.publish(village.world, STAFF, draft.id)
    assert line(village)[3] == ("done", "Devices can see it in the repository.")


def test_what_was_withdrawn_is_not_to_be_published(village: Village):
    village.declare()
    one = village.ship(OLD)
    releases.withdraw(village.world, STAFF, one.id, "It does not start.")
    assert line(village)[3] == ("blocked", "It was withdrawn; devices are not offered it any more.")


def test_devices_come_round_one_by_one(village: Village):
    village.declare()
    village.ship("0.9.0")
    village.ship(OLD)
    village.run("0.9.0", "cam-1-001", "cam-1-002")
    rollout = updates.start_rollout(village.world, STAFF, "cam-1", OLD, waves=["100%"])
    village.run(OLD, "cam-1-001")
    village.work()
    assert line(village)[4] == ("now", "1 device runs it; rollout running.")
    updates.halt(village.world, STAFF, rollout, "Wait.")
    assert line(village)[4] == ("blocked", "1 device runs it; rollout halted.")
    updates.resume(village.world, STAFF, rollout, "Go on.")
    village.run(OLD, "cam-1-002")
    village.work()
    assert line(village)[4] == ("done", "2 devices run it.")
    assert line(village, "cam-1/0.9.0")[4][0] == "waiting"


def test_a_declaration_that_waits_for_approval(village: Village):
    text = b"schema: product/1\nproduct: {id: bell, name: Bell, models: [B]}\n"
    products.declare(village.world, STAFF, text)
    found = flow.declared(village.world, "bell/1")
    assert (found.state, found.says) == ("now", "Approve it: careful product approve bell")


@pytest.mark.parametrize("subject", ["cam-1/9", "nope/1", "nope", ""])
def test_what_is_not_there(village: Village, subject: str):
    village.declare()
    with pytest.raises(NotFound):
        flow.progress(village.world, subject)


def test_moments_are_those_of_the_release(village: Village):
    village.declare()
    village.ship(OLD)
    one = releases.get(village.world, "cam-1", OLD)
    assert [status.at for _, status in flow.progress(village.world, SUBJECT)][1:3] == [one.added_at, one.signed_at]
