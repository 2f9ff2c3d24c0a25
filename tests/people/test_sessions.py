"""Sessions: how they live, and everything that ends them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from persons import DOOR, Person, token_in
from sqlalchemy import func, select

from careful import people
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import NotFound, Unauthenticated
from careful.kernel.work import World
from careful.people import store


def alive(world: World, secret: str) -> bool:
    try:
        people.find(world, secret)
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize("secret", ["", "x", "careful", "\x00" * 43])
def test_a_made_up_secret_opens_nothing(world: World, secret: str) -> None:
    assert not alive(world, secret)


def test_the_secret_is_stored_as_a_digest_only(ann: Person) -> None:
    with ann.world.look() as connection:
        assert ann.cookie not in str(connection.execute(select(store.sessions)).all())


def test_idle_for_half_an_hour_ends_it(ann: Person) -> None:
    ann.clock.advance(timedelta(minutes=29, seconds=59))
    assert alive(ann.world, ann.cookie)
    ann.clock.advance(timedelta(minutes=30))
    assert not alive(ann.world, ann.cookie)


def test_use_keeps_it_alive_but_not_beyond_twelve_hours(ann: Person) -> None:
    for _ in range(12 * 3 - 1):
        ann.clock.advance(timedelta(minutes=20))
        assert alive(ann.world, ann.cookie)
    ann.clock.advance(timedelta(minutes=20))
    assert not alive(ann.world, ann.cookie)


def test_what_the_browser_does_by_itself_is_no_use(ann: Person) -> None:
    for _ in range(2):
        ann.clock.advance(timedelta(minutes=14))
        people.find(ann.world, ann.cookie, touch=False)
    ann.clock.advance(timedelta(minutes=2))
    assert not alive(ann.world, ann.cookie)


def test_an_enrolling_session_lives_an_hour(world: World, clock: object) -> None:
    entrance = people.redeem(world, token_in(people.first_link(world)), name="A", email="a@b.org", door=DOOR)
    for _ in range(2):
        world.clock.advance(timedelta(minutes=29))  # type: ignore[attr-defined]
        assert alive(world, entrance.secret)
    world.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
    assert not alive(world, entrance.secret)


def test_signing_out_ends_it_at_the_server(ann: Person) -> None:
    people.sign_out(ann.world, ann.session)
    assert not alive(ann.world, ann.cookie)


def test_one_sees_and_ends_ones_own_sessions(ann: Person) -> None:
    other = ann.sign_in(people.Door("198.51.100.1", "Phone"))
    assert {session.browser for session in people.sessions_of(ann.world, ann.id)} == {"Test browser", "Phone"}
    people.end_session(ann.world, people.actor_of(ann.session), ann.id, other.session)
    assert not alive(ann.world, other.secret)
    assert alive(ann.world, ann.cookie)
    with pytest.raises(NotFound):
        people.end_session(ann.world, people.actor_of(ann.session), ann.id, other.session)


def test_nobody_ends_another_persons_session_by_its_id(ann: Person, second: Callable[..., Person]) -> None:
    bob = second("bob@example.org")
    with pytest.raises(NotFound):
        people.end_session(ann.world, people.actor_of(bob.session), bob.id, ann.session.id)
    assert alive(ann.world, ann.cookie)


def test_ending_all_others_keeps_this_one(ann: Person) -> None:
    others = [ann.sign_in().secret for _ in range(3)]
    assert people.end_other_sessions(ann.world, ann.session) == 3
    assert [alive(ann.world, secret) for secret in (ann.cookie, *others)] == [True, False, False, False]


def test_the_operator_ends_all_of_them(ann: Person) -> None:
    assert people.end_all_sessions(ann.world, OPERATOR, ann.id) == 1
    assert not alive(ann.world, ann.cookie)


def test_sweeping_forgets_only_what_is_over(ann: Person) -> None:
    ann.clock.advance(timedelta(minutes=20))
    fresh = ann.sign_in().secret
    ann.clock.advance(timedelta(minutes=15))
    assert people.sweep(ann.world) == 1
    assert people.sweep(ann.world) == 0
    with ann.world.look() as connection:
        assert connection.execute(select(func.count()).select_from(store.sessions)).scalar_one() == 1
    assert alive(ann.world, fresh)


def test_a_very_long_browser_name_is_cut(ann: Person) -> None:
    entrance = ann.sign_in(people.Door("198.51.100.1" * 50, "x" * 5000))
    assert len(people.find(ann.world, entrance.secret).browser) == 120


def test_proof_is_fresh_for_ten_minutes(ann: Person) -> None:
    people.need_recent_proof(ann.session, ann.clock.now())
    ann.clock.advance(timedelta(minutes=10, seconds=1))
    with pytest.raises(Unauthenticated, match="fresh proof"):
        people.need_recent_proof(ann.session, ann.clock.now())
