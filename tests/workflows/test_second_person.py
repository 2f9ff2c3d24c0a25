"""Every kind of act: asked for, shown, agreed to and done; void when what it stands on moved; alone only in set-up."""

from datetime import timedelta

import persons
import pytest
from household import make_house

from careful import customer_data, people, vulnerabilities
from careful.kernel.actors import Actor
from careful.kernel.errors import NeedsSecond, NotFound, Refused
from careful.workflows import second_person

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def two(world, clock):
    """An administrator and an executive."""
    with persons.cheap_hashing():
        ann = persons.enrol(world, clock, people.first_link(world))
        ben = persons.enrol(
            world, clock, people.invite(world, Actor("staff", ann.id), ("executive",)), "ben@x.org", "Ben"
        )
    return Actor("staff", ann.id), Actor("staff", ben.id)


def waits(world, act):
    with pytest.raises(NeedsSecond) as told:
        act()
    return people.approval_of(world, told.value.approval)


def test_the_acts_are_those_that_people_know(database):
    assert set(second_person.ACTS) == set(people.KINDS)


def test_data_is_destroyed_by_two(world, two, tmp_path):
    ann, ben = two
    house = make_house(world, ann, tmp_path)
    house.say("event/motion", zone="door")
    one = waits(world, lambda: second_person.purge(world, ann, "cam-1-001", "asked", reason="They asked."))
    assert ("Device", "cam-1-001 (cam-1)") in second_person.shown(world, one)
    assert second_person.approve(world, ben, one.id, one.digest).state == "done"
    assert [made.why for made in customer_data.receipts(world, device="cam-1-001")] == ["asked"]
    house.say("event/motion", zone="door")  # a new customer
    late = waits(world, lambda: second_person.purge(world, ann, "cam-1-001", "asked", reason="They asked."))
    customer_data.transfer(world, ann, "cam-1-001")
    with pytest.raises(Refused, match="void"):
        second_person.approve(world, ben, late.id, late.digest)
    assert second_person.purge(world, ann, "cam-1-001", "reset").why == "reset"  # the device did it already


def test_a_role_is_raised_by_two_and_lowered_by_one(world, clock, two):
    ann, ben = two
    with persons.cheap_hashing():
        sue = persons.enrol(world, clock, people.invite(world, ann, ("firmware-engineer",)), "sue@x.org", "Sue").id
    one = waits(world, lambda: second_person.change_roles(world, ann, sue, ("administrator",), reason="She leads."))
    assert dict(second_person.shown(world, one))["Roles then"] == "administrator"
    assert people.account(world, sue).roles == ("firmware-engineer",)
    assert second_person.approve(world, ben, one.id, one.digest).state == "done"
    assert people.account(world, sue).roles == ("administrator",)
    second_person.change_roles(world, ann, sue, ("support",))
    assert people.account(world, sue).roles == ("support",)
    gone = waits(world, lambda: second_person.change_roles(world, ann, sue, ("executive",), reason="Again."))
    people.disable(world, ann, sue)
    assert second_person.ground_now(world, gone) != gone.ground
    with pytest.raises(NotFound):
        second_person.change_roles(world, ann, "nobody", ("executive",), reason="x")


def test_a_failure_leaves_nothing_agreed(world, two, tmp_path, monkeypatch):
    ann, ben = two
    make_house(world, ann, tmp_path)
    one = waits(world, lambda: second_person.purge(world, ann, "cam-1-001", "transfer", reason="Sold."))

    def broken(*_):
        raise Refused("The disk is full.")

    act = second_person.ACTS["purge-data"]
    monkeypatch.setitem(second_person.ACTS, "purge-data", second_person.Act(act.ground, act.shown, broken))
    with pytest.raises(Refused, match="disk"):
        second_person.approve(world, ben, one.id, one.digest)
    assert "disk is full" in people.approval_of(world, one.id).outcome


def test_keys_of_ones_own_sign_once_it_was_agreed(world, two, tmp_path):
    ann, ben = two
    make_house(world, ann, tmp_path)
    done = []

    def sign():
        return second_person.change_key(
            world, ann, "cam-1", "root", lambda: done.append(1) or {"root": 2}, reason="The key may be known."
        )

    one = waits(world, sign)
    assert second_person.approve(world, ben, one.id, one.digest).state == "agreed"
    assert done == []
    assert sign() == {"root": 2}
    assert people.approval_of(world, one.id).state == "done"


def test_risks_and_releases_are_asked_for_at_their_doors(world, two):
    """Their ways in are tested at the doors; here: what is no acceptance passes, and bad words refuse as before."""
    ann, _ = two
    said = vulnerabilities.Decision(status="affected", action="Wait.")
    assert second_person.accept_risk(world, ann, [], said) == []
    until = world.clock.now() + timedelta(days=30)
    accepted = vulnerabilities.Decision(status="affected", statement="It can be borne.", until=until)
    assert second_person.accept_risk(world, ann, [], accepted) == []
    with pytest.raises(NotFound):
        second_person.launch(world, ann, "cam-9", "1.0.0", reason="It is ready.")
    assert people.approvals(world) == []
