"""Asking, agreeing, refusing, lapsing, on both databases; and set-up, which is alone and never silent."""

from collections.abc import Callable

import pytest
from persons import Person

from careful import people
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused

WHAT = {"device": "cam-1-001", "why": "asked"}


@pytest.fixture
def ben(second: Callable[..., Person]) -> Person:
    return second("ben@example.org", "executive")


def actor(one: Person) -> Actor:
    return Actor("staff", one.id)


def ask(world, who, ground="g", reason="They asked by telephone.", what=WHAT):
    return people.ask(world, who, "purge-data", "device/cam-1-001", what, ground=ground, reason=reason)


def names(world) -> list[str]:
    with world.look() as connection:
        return [one.name.removeprefix("people.") for one in ledger.read(connection) if "act_" in one.name]


def test_alone_during_set_up_and_it_is_written_down(ann: Person):
    world = ann.world
    assert ask(world, actor(ann), reason="") is None
    assert people.may_alone(world, actor(ann), "purge-data")
    with world.look() as connection:
        (entry,) = ledger.read(connection, names=["people.act_done_alone"])
    assert (entry.subject, entry.actor) == ("device/cam-1-001", f"staff:{ann.id}")
    assert "set-up" in entry.data["why"]
    assert people.done_alone(world) == 1


def test_asked_agreed_done(ann: Person, ben: Person):
    world = ann.world
    one = ask(world, actor(ann))
    assert (one.state, one.missing) == ("waiting", 1)
    assert ask(world, actor(ann)).id == one.id  # the same act waits once
    assert [each.id for each in people.approvals(world)] == [one.id]
    with pytest.raises(Forbidden, match="asked for"):
        people.agree(world, actor(ann), one.id, digest=one.digest, ground="g")
    with pytest.raises(Refused, match="not what waits"):
        people.agree(world, actor(ben), one.id, digest="0" * 64, ground="g")
    assert people.agree(world, actor(ben), one.id, digest=one.digest, ground="g").state == "agreed"
    assert people.agree(world, actor(ben), one.id, digest=one.digest, ground="g").state == "agreed"  # interrupted
    assert people.settle(world, actor(ben), one.id).state == "done"
    assert people.settle(world, actor(ben), one.id).state == "done"
    assert names(world) == ["act_asked", "act_agreed", "act_done"]
    with world.look() as connection:
        done = ledger.read(connection, names=["people.act_done"])[0].data
    assert (done["asked_by"], done["agreed_by"]) == (str(actor(ann)), [str(actor(ben))])


def test_what_changed_meanwhile_is_void(ann: Person, ben: Person):
    one = ask(ann.world, actor(ann))
    with pytest.raises(Refused, match="void"):
        people.agree(ann.world, actor(ben), one.id, digest=one.digest, ground="another")
    assert people.approval_of(ann.world, one.id).state == "void"
    assert names(ann.world) == ["act_asked", "act_dropped"]


def test_nobody_agrees_in_time(ann: Person, ben: Person):
    world = ann.world
    one = ask(world, actor(ann))
    assert people.lapse(world) == 0
    world.clock.advance(people.LAPSE)  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="lapsed"):
        people.agree(world, actor(ben), one.id, digest=one.digest, ground="g")
    assert people.lapse(world) == 1
    assert people.lapse(world) == 0
    assert people.approval_of(world, one.id).state == "lapsed"
    assert ask(world, actor(ann)).id != one.id


def test_refused_with_a_reason(ann: Person, ben: Person, second: Callable[..., Person]):
    world, sue = ann.world, second("sue@example.org", "firmware-engineer")
    one = ask(world, actor(ann))
    with pytest.raises(Invalid, match="why not"):
        people.refuse(world, actor(ben), one.id, " ")
    with pytest.raises(Forbidden):
        people.refuse(world, actor(sue), one.id, "No.")
    assert people.refuse(world, actor(ben), one.id, "They took it back.").outcome == "They took it back."
    with pytest.raises(Refused, match="refused already"):
        people.refuse(world, actor(ben), one.id, "Again.")
    mine = ask(world, actor(ann), what=WHAT | {"why": "transfer"})
    assert people.refuse(world, actor(ann), mine.id, "A mistake.").state == "refused"
    with pytest.raises(NotFound):
        people.refuse(world, actor(ben), "no-such", "No.")


def test_a_command_line_asks_and_two_agree(ann: Person, ben: Person):
    world = ann.world
    one = ask(world, OPERATOR)
    assert people.agree(world, actor(ben), one.id, digest=one.digest, ground="g").missing == 1
    assert people.agree(world, actor(ann), one.id, digest=one.digest, ground="g").state == "agreed"
    assert people.settle(world, actor(ann), one.id, failure="the disk is full").state == "void"


def test_a_second_person_reads_a_reason(ann: Person, ben: Person):
    with pytest.raises(Invalid, match="reads why"):
        ask(ann.world, actor(ann), reason=" ")


def test_set_up_ends_for_good(ann: Person, ben: Person):
    world = ann.world
    people.disable(world, actor(ann), ben.id)
    assert ask(world, actor(ann)).state == "waiting"  # alone again, and yet not allowed
    with world.look() as connection:
        ended = {one.data["kind"] for one in ledger.read(connection, names=["people.set_up_ended"])}
    assert ended == set(people.KINDS)
    with pytest.raises(Refused, match="by an invitation"):
        people.invite(world, actor(ann), ("administrator",))
    assert people.invite(world, actor(ann), ("support",))
    assert people.invite(world, OPERATOR, ("administrator",))  # whoever is on the server can always add somebody
