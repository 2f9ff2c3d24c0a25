"""What an administrator may do with other people's access."""

from collections.abc import Callable

import pytest
from persons import DOOR, PASSWORD, Person

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


def test_leaving_ends_every_way_in_at_once(ann: Person, second: Second) -> None:
    world, bob = ann.world, second("bob@example.org", "firmware-engineer")
    second("eve@example.org", "executive")
    actor = people.actor_of(bob.session)
    token = people.issue_token(world, actor, "bob's", ["releases:read"], 30)
    assert people.actor_of_token(world, token, ("releases", "read"))
    asked = people.ask(world, actor, "launch-release", "product/a", {}, ground="g", reason="It is ready.")
    assert asked is not None
    way_back = people.recovery_link(world, OPERATOR, bob.email)
    code, recovery = bob.code(), bob.codes[0]
    people.disable(world, people.actor_of(ann.session), bob.id)
    tries: tuple[Callable[[], object], ...] = (
        lambda: people.find(world, bob.cookie),
        lambda: people.actor_of_token(world, token, ("releases", "read")),
        lambda: people.sign_in(world, email=bob.email, password=PASSWORD, code=code, door=DOOR),
        lambda: people.sign_in(world, email=bob.email, password=PASSWORD, code=recovery, door=DOOR),
        lambda: people.redeem(world, way_back.rpartition("/")[2], name="", email="", door=DOOR),
    )
    for each in tries:
        with pytest.raises((Unauthenticated, NotFound, Refused)):
            each()
    gone = people.account(world, bob.id)
    assert (gone.passkeys, gone.has_password, gone.recovery_codes) == (0, False, 0)
    assert people.roles_of(world, actor) == frozenset()
    assert people.approval_of(world, asked.id).state == "void"
    assert [one.revoked_at is None for one in people.list_tokens(world)] == [False]
