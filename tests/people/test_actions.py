"""What an administrator may do with other people's access."""

from collections.abc import Callable

import pytest
from persons import Person

from careful import people
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NotFound, Refused, Unauthenticated

Second = Callable[..., Person]


def test_new_roles_end_the_sessions_with_the_old(ann: Person, second: Second) -> None:
    bob = second("bob@example.org", "firmware-engineer")
    people.change_roles(ann.world, OPERATOR, bob.id, ("support", "support"))
    assert people.account(ann.world, bob.id).roles == ("support",)
    with pytest.raises(Unauthenticated):
        people.find(ann.world, bob.cookie)


def test_disabling_takes_everything(ann: Person, second: Second) -> None:
    bob = second("bob@example.org", "firmware-engineer")
    people.disable(ann.world, OPERATOR, bob.id)
    assert people.account(ann.world, bob.id).state == "disabled"
    with pytest.raises(Refused):
        people.disable(ann.world, OPERATOR, bob.id)
    with pytest.raises(Refused, match="disabled"):
        people.recovery_link(ann.world, OPERATOR, bob.email)


def test_the_last_owner_stays(ann: Person, second: Second) -> None:
    with pytest.raises(Refused, match="last administrator"):
        people.disable(ann.world, OPERATOR, ann.id)
    with pytest.raises(Refused, match="last administrator"):
        people.change_roles(ann.world, OPERATOR, ann.id, ("auditor",))
    second("bob@example.org", "administrator")
    people.change_roles(ann.world, OPERATOR, ann.id, ("auditor",))


def test_unknown_people_and_roles(ann: Person) -> None:
    with pytest.raises(NotFound):
        people.disable(ann.world, OPERATOR, "nobody")
    with pytest.raises(Invalid):
        people.change_roles(ann.world, OPERATOR, ann.id, ("king",))
