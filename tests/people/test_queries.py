"""What one may ask about people."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from persons import Person

from careful import people
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.errors import Invalid, NotFound
from careful.kernel.work import World


def test_an_empty_installation(world: World) -> None:
    assert (people.list_accounts(world), people.list_tokens(world), people.sessions_of(world)) == ([], [], [])
    assert not people.anyone(world)


def test_an_account_says_how_its_owner_signs_in(ann: Person) -> None:
    account = people.account_of(ann.world, " ANN@Example.org ")
    assert (account.state, account.has_password, account.passkeys, account.recovery_codes) == ("active", True, 0, 8)
    assert people.account(ann.world, account.id) == account
    assert people.passkeys_of(ann.world, account.id) == []


def test_people_come_in_the_order_they_came(ann: Person, second: Callable[..., Person]) -> None:
    ann.clock.advance(timedelta(seconds=1))
    second("bob@example.org")
    assert [one.name for one in people.list_accounts(ann.world)] == ["Ann", "Bob"]
    assert sorted(people.names(ann.world).values()) == ["Ann", "Bob"]
    assert len(people.sessions_of(ann.world)) == 2


def test_nobody_there(world: World) -> None:
    with pytest.raises(NotFound):
        people.account(world, "x")
    with pytest.raises(NotFound):
        people.account_of(world, "eve@example.org")
    with pytest.raises(Invalid):
        people.account_of(world, "no address")
    with pytest.raises(NotFound):
        people.waiting_link(world, "x")


def test_in_which_roles_somebody_acts(ann: Person, second: Callable[..., Person]) -> None:
    world = ann.world
    ben = people.account_of(world, second("ben@example.org", "support").email)
    staff = Actor("staff", ben.id)
    assert people.roles_of(world, staff) == {"support"}
    people.issue_token(world, staff, "mine", ["data:open"], 1)
    people.issue_token(world, OPERATOR, "server", ["data:open"], 1)
    by_name = {one.name: Actor("token", one.id) for one in people.list_tokens(world)}
    assert people.roles_of(world, by_name["mine"]) == {"support"}
    assert people.roles_of(world, by_name["server"]) == set(people.ROLES) == people.roles_of(world, OPERATOR)
    people.disable(world, OPERATOR, ben.id)
    assert people.roles_of(world, staff) == people.roles_of(world, by_name["mine"]) == frozenset()
    for actor in (Actor("token", "none"), Actor("staff", "none"), Actor("device", "cam-1-001")):
        assert people.roles_of(world, actor) == frozenset()
