"""API tokens: narrow, ending, kept as a digest."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from persons import Person
from sqlalchemy import select, update

from careful import people
from careful.kernel.actors import OPERATOR, SYSTEM, Actor
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from careful.kernel.work import World
from careful.people import secrets, tokens_store

READ = ("cases", "read")


def test_a_token_does_what_its_scopes_say(world: World) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["cases:read"], 30)
    assert token.startswith("careful_")
    actor = people.actor_of_token(world, token, READ)
    assert actor == Actor("token", people.list_tokens(world)[0].id)
    with pytest.raises(Forbidden, match="cases:judge"):
        people.actor_of_token(world, token, ("cases", "judge"))


def test_the_secret_is_stored_as_a_digest_only(world: World) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["cases:read"], 30)
    with world.look() as connection:
        assert token not in str(connection.execute(select(tokens_store.tokens)).all())


def test_a_star_is_every_verb_of_one_resource(world: World) -> None:
    people.issue_token(world, OPERATOR, "CI", ["notices:*"], 30)
    assert people.list_tokens(world)[0].scopes == ("notices:draft", "notices:publish", "notices:read", "notices:tell")


@pytest.mark.parametrize(
    ("scopes", "days"),
    [
        pytest.param([], 30, id="no scope"),
        pytest.param(["cases"], 30, id="no verb"),
        pytest.param(["cases:destroy"], 30, id="unknown verb"),
        pytest.param(["*:*"], 30, id="everything"),
        pytest.param(["*"], 30, id="a star alone"),
        pytest.param(["moon:*"], 30, id="unknown resource"),
        pytest.param(["cases:read"], 0, id="no life"),
        pytest.param(["cases:read"], 91, id="more than 90 days"),
    ],
)
def test_broad_or_endless_tokens_are_not_made(world: World, scopes: list[str], days: int) -> None:
    with pytest.raises(Invalid):
        people.issue_token(world, OPERATOR, "CI", scopes, days)


def test_a_token_ends(world: World, clock: ManualClock) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["cases:read"], 1)
    clock.advance(timedelta(hours=23, minutes=59))
    people.actor_of_token(world, token, READ)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(Unauthenticated, match="expired"):
        people.actor_of_token(world, token, READ)


def test_a_revoked_token_works_no_more(world: World) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["cases:read"], 1)
    one = people.list_tokens(world)[0]
    people.revoke_token(world, OPERATOR, one.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        people.actor_of_token(world, token, READ)
    with pytest.raises(Refused):
        people.revoke_token(world, OPERATOR, one.id)
    with pytest.raises(NotFound):
        people.revoke_token(world, OPERATOR, "nothing")


@pytest.mark.parametrize("token", ["", "careful_", "careful_x", "other_" + "x" * 43, "careful_" + "x" * 10_000, "\x00"])
def test_a_made_up_token_is_nobody(world: World, token: str) -> None:
    with pytest.raises(Unauthenticated):
        people.actor_of_token(world, token, READ)


def test_nobody_issues_more_than_they_may_do(ann: Person, second: Callable[..., Person]) -> None:
    bob = second("bob@example.org", "auditor")
    actor = people.actor_of(bob.session)
    assert people.issue_token(ann.world, actor, "mine", ["cases:read"], 1)
    with pytest.raises(Forbidden, match="cases:judge"):
        people.issue_token(ann.world, actor, "more", ["cases:read", "cases:judge"], 1)


def test_a_token_shrinks_with_its_issuer(ann: Person, second: Callable[..., Person]) -> None:
    bob = second("bob@example.org", "firmware-engineer")
    token = people.issue_token(ann.world, people.actor_of(bob.session), "CI", ["cases:judge", "cases:read"], 1)
    people.change_roles(ann.world, OPERATOR, bob.id, ("auditor",))
    people.actor_of_token(ann.world, token, READ)
    with pytest.raises(Forbidden, match="may no longer"):
        people.actor_of_token(ann.world, token, ("cases", "judge"))
    people.disable(ann.world, OPERATOR, bob.id)
    with pytest.raises(Unauthenticated):
        people.actor_of_token(ann.world, token, READ)


def test_a_token_cannot_make_tokens(world: World) -> None:
    with pytest.raises(Forbidden):
        people.issue_token(world, Actor("token", "x"), "more", ["cases:read"], 1)
    assert people.issue_token(world, SYSTEM, "demo", ["cases:read"], 1)


def test_last_use_is_shown_and_written_once_a_minute(world: World, clock: ManualClock) -> None:
    token = people.issue_token(world, OPERATOR, "CI", ["cases:read"], 1)
    assert people.list_tokens(world)[0].used_at is None
    people.actor_of_token(world, token, READ)
    first = clock.now()
    clock.advance(timedelta(seconds=59))
    people.actor_of_token(world, token, READ)
    assert people.list_tokens(world)[0].used_at == first
    clock.advance(timedelta(seconds=1))
    people.actor_of_token(world, token, READ)
    assert people.list_tokens(world)[0].used_at == clock.now()


def test_it_says_two_weeks_before_that_it_ends(world: World, clock: ManualClock) -> None:
    people.issue_token(world, OPERATOR, "long", ["cases:read"], 90)
    people.issue_token(world, OPERATOR, "short", ["cases:read"], 15)
    assert people.ending_tokens(world) == []
    clock.advance(timedelta(days=1))
    assert [one.name for one in people.ending_tokens(world)] == ["short"]
    clock.advance(timedelta(days=14))
    assert people.ending_tokens(world) == []
    assert {one.name: one.standing(clock.now()) for one in people.list_tokens(world)} == {
        "long": "good",
        "short": "ended",
    }


def test_a_token_from_before_the_checksum_works_until_it_ends(world: World) -> None:
    people.issue_token(world, OPERATOR, "CI", ["cases:read"], 30)
    old = "careful_" + "a-_B" * 10 + "xyz"
    with world.change(OPERATOR) as work:
        work.connection.execute(update(tokens_store.tokens).values(digest=secrets.digest(old)))
    assert people.actor_of_token(world, old, READ).kind == "token"


def test_nobody_holds_tokens_without_end(ann: Person) -> None:
    actor = people.actor_of(ann.session)
    for number in range(50):
        people.issue_token(ann.world, actor, f"n{number}", ["cases:read"], 1)
    with pytest.raises(Refused, match="50 tokens"):
        people.issue_token(ann.world, actor, "one more", ["cases:read"], 1)


def test_leaving_ends_tokens_and_trusts_in_one_transaction(ann: Person, second: Callable[..., Person]) -> None:
    bob = second("bob@example.org", "administrator")
    world, actor = ann.world, people.actor_of(bob.session)
    tokens = [people.issue_token(world, actor, name, ["cases:read"], 9) for name in ("a", "b")]
    others = people.issue_token(world, people.actor_of(ann.session), "c", ["cases:read"], 9)
    trust = people.make_trust(
        world, actor, "CI", issuer="https://ci.example", claims={"sub": "x"}, scopes=["releases:add"], product="cam-1"
    )
    with pytest.raises(ZeroDivisionError), world.change(OPERATOR) as work:
        assert people.end_tokens_in(work, bob.id) == 3
        raise ZeroDivisionError
    assert people.actor_of_token(world, tokens[0], READ)  # nothing is half done
    with world.change(OPERATOR) as work:
        assert people.end_tokens_in(work, bob.id) == 3
        assert people.end_tokens_in(work, bob.id) == 0
    for token in tokens:
        with pytest.raises(Unauthenticated):
            people.actor_of_token(world, token, READ)
    assert people.actor_of_token(world, others, READ)
    assert [one.id for one in people.list_trusts(world) if one.ended_at] == [trust]
