"""An auditor is one for ninety days, and then not, by itself."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from persons import Person

from careful import people
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Unauthenticated
from careful.people.auditors import DAYS


def test_the_role_lapses_by_itself(ann: Person, second: Callable[..., Person]) -> None:
    world, bob = ann.world, second("bob@example.org", "auditor", "support")
    sue = second("sue@example.org", "auditor")
    assert people.box_auditors(world) == 0  # their time begins
    people.change_roles(world, OPERATOR, sue.id, ("support",))
    world.clock.advance(DAYS - timedelta(minutes=1))  # type: ignore[attr-defined]
    assert people.box_auditors(world) == 0
    assert people.account(world, bob.id).roles == ("auditor", "support")
    world.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]
    assert people.box_auditors(world) == 1
    assert people.account(world, bob.id).roles == ("support",)
    with pytest.raises(Unauthenticated):
        people.find(world, bob.cookie)
    assert people.box_auditors(world) == 0
    people.change_roles(world, OPERATOR, sue.id, ("auditor",))
    assert people.box_auditors(world) == 0  # anew, for as long again
    assert people.account(world, sue.id).roles == ("auditor",)
