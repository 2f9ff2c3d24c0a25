import pytest

from careful import updates
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused, TooMany
from careful.updates import confirmation, reports, store
from careful.updates.model import Report, action_number

DONE = Report(execution="closed", finished="success")


@pytest.fixture
def cam(maker):
    return maker.device("cam-1-001")


@pytest.fixture
def offer(world, staff, maker, cam):
    """Make an order that needs its owner's word."""
    release = maker.release("1.0.1")

    def make(**more):
        with world.change(staff) as work:
            action = action_number(store.next_number(work.connection, "action"))
            row = {"id": action, "device": cam, "product": "cam-1", "release": release.id, "version": "1.0.1"}
            row |= {"rollout": "", "drill": "", "made_at": work.now, "deadline": work.now, "needs_confirmation": True}
            store.add_orders(work.connection, [row | more])
        return action

    return make


def names(world):
    with world.look() as connection:
        return [one.name for one in ledger.read(connection) if one.name.startswith(("updates.owner", "updates.auto"))]


def poll(world, device):
    return updates.Board(world, fresh=0).get(device)


def test_nothing_is_carried_out_without_the_owners_word(world, cam, offer):
    action = offer()
    assert poll(world, cam).asking
    assert updates.waiting_order(world, cam, action).id == action
    with pytest.raises(NotFound):
        updates.retrieved(world, cam, action)
    with pytest.raises(NotFound, match="owner"):
        updates.feedback(world, cam, action, DONE)
    updates.answer_consent(world, cam, action, agreed=True)
    assert not poll(world, cam).asking
    with pytest.raises(NotFound):
        updates.waiting_order(world, cam, action)
    updates.retrieved(world, cam, action)
    updates.feedback(world, cam, action, DONE)
    assert updates.order(world, action).state == "succeeded"
    with pytest.raises(updates.Gone):
        updates.answer_consent(world, cam, action, agreed=False)
    assert names(world) == ["updates.owner_agreed"]


def test_a_refusal_waits_and_may_be_taken_back(world, cam, offer):
    action = offer()
    for _ in range(3):
        updates.answer_consent(world, cam, action, agreed=False, details=("not tonight",))
    assert poll(world, cam).asking
    assert updates.order(world, action).detail == "the owner does not agree: not tonight"
    assert len(updates.statuses(world, action)) == 1
    updates.answer_consent(world, cam, action, agreed=True)
    updates.retrieved(world, cam, action)
    updates.answer_consent(world, cam, action, agreed=False)
    assert updates.order(world, action).state == "offered"
    assert poll(world, cam).asking
    updates.answer_consent(world, cam, action, agreed=True)
    updates.feedback(world, cam, action, Report(execution="proceeding", finished="none"))
    with pytest.raises(NotFound):
        updates.answer_consent(world, cam, action, agreed=False)
    assert names(world) == ["updates.owner_refused", "updates.owner_agreed"] * 2


def test_nobody_answers_for_another(world, maker, offer):
    action = offer()
    with pytest.raises(NotFound):
        updates.answer_consent(world, maker.device("cam-1-002"), action, agreed=True)


def test_words_have_an_end(world, cam, offer, monkeypatch):
    monkeypatch.setattr(confirmation, "MOST_STATUSES", 2)
    action = offer()
    updates.answer_consent(world, cam, action, agreed=False)
    updates.answer_consent(world, cam, action, agreed=False, details=("again",))
    with pytest.raises(TooMany):
        updates.answer_consent(world, cam, action, agreed=False, details=("and again",))


def test_a_device_that_agrees_by_itself(world, staff, cam, offer):
    actor = Actor("device", cam)
    waiting = offer()
    updates.activate_auto_confirm(world, actor, cam, "owner\x00", "always")
    kept = updates.auto_confirm(world, cam)
    assert (kept.initiator, kept.remark) == ("owner", "always")
    assert updates.order(world, waiting).consent == "given"  # what waits is agreed to at once
    with pytest.raises(Refused):
        updates.activate_auto_confirm(world, actor, cam)
    updates.feedback(world, cam, waiting, DONE)
    assert updates.order(world, offer()).consent == "given"
    updates.deactivate_auto_confirm(world, staff, cam)
    updates.deactivate_auto_confirm(world, staff, cam)
    assert updates.auto_confirm(world, cam) is None
    expected = ["updates.auto_confirm_set", "updates.owner_agreed", "updates.auto_confirm_unset"]
    assert names(world) == expected


def test_an_end_is_taken_though_there_were_too_many_reports(world, cam, offer, monkeypatch):
    monkeypatch.setattr(reports, "MOST_STATUSES", 2)
    action = offer(needs_confirmation=False)
    for number in range(2):
        updates.feedback(world, cam, action, Report(execution="proceeding", finished="none", details=(str(number),)))
    with pytest.raises(TooMany):
        updates.feedback(world, cam, action, Report(execution="proceeding", finished="none", details=("more",)))
    updates.feedback(world, cam, action, DONE)
    assert updates.order(world, action).state == "succeeded"


def test_staff_pass_the_owners_word_on(world, cam, offer):
    kim = Actor("staff", "kim")
    with pytest.raises(NotFound):
        updates.answer_for_owner(world, kim, cam, agreed=True, reason="ticket 1")
    action = offer()
    with pytest.raises(Invalid):
        updates.answer_for_owner(world, kim, cam, agreed=True, reason=" ")
    assert updates.answer_for_owner(world, kim, cam, agreed=False, reason="ticket 1").consent == "asked"
    assert poll(world, cam).asking
    assert updates.answer_for_owner(world, kim, cam, agreed=True, reason="ticket\n2").consent == "given"
    updates.answer_for_owner(world, kim, cam, agreed=True, reason="ticket 2")
    with world.look() as connection:
        told = [(str(one.actor), one.data["by"], one.data["reason"]) for one in ledger.read(connection)
                if one.name.startswith("updates.owner")]  # fmt: skip
    assert told == [("staff:kim", "staff:kim", "ticket 1"), ("staff:kim", "staff:kim", "ticket 2")]
    assert [one.report.details for one in updates.statuses(world, action)][::-1] == [
        ("passed on by staff:kim: ticket 1",), ("passed on by staff:kim: ticket 2",)
    ]  # fmt: skip
    updates.retrieved(world, cam, action)
    updates.feedback(world, cam, action, DONE)
    with pytest.raises(NotFound):
        updates.answer_for_owner(world, kim, cam, agreed=True, reason="ticket 3")
