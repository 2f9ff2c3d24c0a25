"""Ending somebody's access leaves no way in."""

from collections.abc import Callable

import pytest
from persons import DOOR, PASSWORD, Person, SoftKey, token_in
from sqlalchemy import Table, func, select

from careful import people
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import CarefulError, NotFound, TooMany, Unauthenticated
from careful.people import store


def rows_of(person: Person, table: Table) -> int:
    with person.world.look() as connection:
        mine = select(func.count()).select_from(table).where(table.c.account == person.id)
        return connection.execute(mine).scalar_one()


def test_no_way_in_is_left(ann: Person, second: Callable[..., Person]) -> None:
    bob = second("bob@example.org", "support")
    key = SoftKey()
    made = people.finish_passkey(bob.world, bob.session, key.make(people.begin_passkey(bob.world, bob.session)), "")
    known = bob.sign_in().known
    link = people.recovery_link(bob.world, OPERATOR, bob.email)
    with ann.world.change(people.actor_of(ann.session)) as work:
        people.end_access(work, bob.id, "left")
        people.end_access(work, bob.id, "left")  # it may run twice
    for table in (store.sessions, store.passkeys, store.recovery_codes, store.browsers):
        assert rows_of(bob, table) == 0, table.name
    for secret in (bob.cookie, made.secret):
        with pytest.raises(Unauthenticated):
            people.find(bob.world, secret)
    with pytest.raises(NotFound):
        people.redeem(bob.world, token_in(link), name="", email="", door=DOOR)
    asked = people.begin_passkey_sign_in(bob.world, "holder", DOOR)
    with pytest.raises(Unauthenticated):
        people.sign_in_by_passkey(bob.world, "holder", key.use(asked), DOOR)
    for code in (bob.code(), bob.codes[0]):
        with pytest.raises((Unauthenticated, TooMany)):
            bob.sign_in(people.Door(DOOR.source, "", known), password=PASSWORD, code=code)
    assert people.account(ann.world, ann.id).state == "active"


def test_it_is_undone_with_the_act_it_belongs_to(ann: Person, second: Callable[..., Person]) -> None:
    bob = second("bob@example.org", "support")
    with pytest.raises(CarefulError), ann.world.change(OPERATOR) as work:
        people.end_access(work, bob.id, "left")
        raise NotFound("something else")
    assert people.find(bob.world, bob.cookie).account == bob.id
