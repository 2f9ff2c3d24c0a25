"""One-time links: the only way in for somebody new."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from persons import DOOR, Person, enrol, token_in
from sqlalchemy import select

from careful import people
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR
from careful.kernel.clock import ManualClock
from careful.kernel.errors import CarefulError, Invalid, NotFound, Refused, Unauthenticated
from careful.kernel.work import World
from careful.people import store

Second = Callable[..., Person]


def redeem(world: World, link: str, email: str = "ann@example.org") -> people.Entrance:
    return people.redeem(world, token_in(link), name="Ann", email=email, door=DOOR)


def test_at_first_nobody_exists_and_no_password_works(world: World) -> None:
    assert people.list_accounts(world) == []
    for email, password in (("admin", "admin"), ("root@localhost", ""), ("", "")):
        with pytest.raises(Unauthenticated):
            people.sign_in(world, email=email, password=password, code="000000", door=DOOR)


def test_the_first_link_makes_an_owner(world: World, clock: ManualClock) -> None:
    person = enrol(world, clock, people.first_link(world))
    assert people.account(world, person.id).roles == ("administrator",)
    assert people.anyone(world)


def test_the_secret_is_nowhere_in_the_database(world: World) -> None:
    secret = token_in(people.first_link(world))
    with world.look() as connection:
        assert secret not in str(connection.execute(select(store.links)).all())
        assert secret not in str(ledger.read(connection))


def test_a_link_works_once(world: World) -> None:
    link = people.first_link(world)
    redeem(world, link)
    with pytest.raises(NotFound, match="used already"):
        redeem(world, link)


def test_two_requests_at_once_redeem_it_once(world: World) -> None:
    link = people.first_link(world)

    def attempt(number: int) -> bool:
        try:
            redeem(world, link, f"ann{number}@example.org")
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


@pytest.mark.parametrize(("minutes", "works"), [(59, True), (60, False), (61, False)])
def test_a_link_lives_an_hour(world: World, clock: ManualClock, minutes: int, works: bool) -> None:
    link = people.first_link(world)
    clock.advance(timedelta(minutes=minutes))
    if works:
        assert redeem(world, link).secret
    else:
        with pytest.raises(NotFound):
            redeem(world, link)


def test_a_new_first_link_takes_the_place_of_the_old(world: World) -> None:
    old, new = people.first_link(world), people.first_link(world)
    with pytest.raises(NotFound):
        redeem(world, old)
    assert redeem(world, new).secret


def test_a_new_first_link_ends_what_an_older_one_began(world: World) -> None:
    begun = redeem(world, people.first_link(world))
    people.first_link(world)
    with pytest.raises(Unauthenticated):
        people.find(world, begun.secret)


def test_somebody_who_stopped_half_way_can_begin_again(world: World, clock: ManualClock) -> None:
    redeem(world, people.first_link(world))
    assert enrol(world, clock, people.first_link(world)).session.kind == "full"
    assert len(people.list_accounts(world)) == 1


def test_there_is_no_first_link_once_somebody_is_in(ann: Person) -> None:
    with pytest.raises(Refused, match="can sign in already"):
        people.first_link(ann.world)


def test_a_redeemed_link_opens_nothing_but_enrolment(world: World) -> None:
    entrance = redeem(world, people.first_link(world))
    assert people.find(world, entrance.secret).kind == "enrolling"
    assert not people.anyone(world)


@pytest.mark.parametrize(
    ("name", "email"),
    [
        pytest.param("", "ann@example.org", id="no name"),
        pytest.param("x" * 81, "ann@example.org", id="name too long"),
        pytest.param("Ann\x00", "ann@example.org", id="control sign"),
        pytest.param("Ann", "ann", id="no address"),
        pytest.param("Ann", "ann@a@b", id="two at signs"),
        pytest.param("Ann", "a" * 250 + "@x.org", id="address too long"),
    ],
)
def test_bad_names_are_refused_and_do_not_use_the_link_up(world: World, name: str, email: str) -> None:
    link = people.first_link(world)
    with pytest.raises(Invalid):
        people.redeem(world, token_in(link), name=name, email=email, door=DOOR)
    assert redeem(world, link).secret


def test_an_invitation_gives_its_roles_and_no_more(ann: Person, second: Second) -> None:
    bob = second("bob@example.org", "support", "auditor")
    assert people.account(ann.world, bob.id).roles == ("auditor", "support")


@pytest.mark.parametrize("roles", [(), ("king",), ("administrator", "king"), ("engineer",)])
def test_an_invitation_needs_real_roles(ann: Person, roles: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="Roles are|is no role"):
        people.invite(ann.world, OPERATOR, roles)


def test_an_invitation_cannot_take_over_an_account(ann: Person) -> None:
    link = people.invite(ann.world, OPERATOR, ("administrator",))
    with pytest.raises(Refused, match="has an account"):
        redeem(ann.world, link, "ANN@example.org")


def test_recovery_takes_old_ways_and_sessions_away(ann: Person, clock: ManualClock) -> None:
    before, codes = ann.sign_in(), ann.codes
    link = people.recovery_link(ann.world, OPERATOR, ann.email)
    people.find(ann.world, before.secret)  # until it is redeemed, nothing changes
    enrolled = people.find(ann.world, redeem(ann.world, link).secret)
    assert (enrolled.kind, enrolled.account) == ("enrolling", ann.id)
    for attempt in (
        lambda: people.find(ann.world, before.secret),
        ann.sign_in,
        lambda: ann.sign_in(code=codes[0]),
    ):
        with pytest.raises(CarefulError):
            attempt()


def test_nobody_vouches_for_themselves(ann: Person) -> None:
    with pytest.raises(Refused, match="vouch"):
        people.recovery_link(ann.world, people.actor_of(ann.session), ann.email)
    with ann.world.look() as connection:
        issued = ledger.read(connection, names=("people.link_issued",))
    assert [entry.data["purpose"] for entry in issued] == ["first"]


def test_recovery_of_nobody(ann: Person) -> None:
    with pytest.raises(NotFound):
        people.recovery_link(ann.world, OPERATOR, "eve@example.org")


def test_events_name_nobody(ann: Person) -> None:
    with ann.world.look() as connection:
        told = str([(entry.subject, entry.data, entry.actor) for entry in ledger.read(connection)])
    assert "Ann" not in told
    assert "example.org" not in told
