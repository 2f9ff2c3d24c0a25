"""Passkeys, with a key in software: what an honest one opens, and every way in which an answer can be wrong."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persons import DOOR, Person, SoftKey, token_in

from careful import people
from careful.kernel import ledger
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NotFound, Refused, TooMany, Unauthenticated
from careful.kernel.work import World
from careful.people import passkeys

HOLDER = "this browser"


def add(ann: Person, key: SoftKey, label: str = "Laptop") -> None:
    session = ann.session
    ann.cookie = people.finish_passkey(
        ann.world, session, key.make(people.begin_passkey(ann.world, session)), label
    ).secret


def sign_in(world: World, key: SoftKey) -> people.Entrance:
    return people.sign_in_by_passkey(world, HOLDER, key.use(people.begin_passkey_sign_in(world, HOLDER, DOOR)), DOOR)


@pytest.fixture
def key(ann: Person) -> SoftKey:
    made = SoftKey()
    add(ann, made)
    return made


def refusals(world: World) -> list[str]:
    with world.look() as connection:
        return [entry.data["reason"] for entry in ledger.read(connection, names=["people.sign_in_refused"])]


@pytest.mark.parametrize(
    ("address", "origin", "host", "offers"),
    [
        pytest.param("http://localhost:8080", "http://localhost:8080", "localhost", True, id="loopback"),
        pytest.param("https://careful.example", "https://careful.example", "careful.example", True, id="a name"),
        pytest.param("https://192.0.2.1:8080", "https://192.0.2.1:8080", "192.0.2.1", False, id="IPv4"),
        pytest.param("https://[2001:db8::1]:8080", "https://[2001:db8::1]:8080", "2001:db8::1", False, id="IPv6"),
    ],
)
def test_where_passkeys_work(address: str, origin: str, host: str, offers: bool) -> None:
    site = passkeys.site_of(address)
    assert (site.origin, site.host, site.offers_passkeys) == (origin, host, offers)


def test_a_passkey_is_enough_for_a_new_account(world: World) -> None:
    link = people.first_link(world)
    entrance = people.redeem(world, token_in(link), name="Ann", email="ann@example.org", door=DOOR)
    session, key = people.find(world, entrance.secret), SoftKey()
    enrolled = people.finish_passkey(world, session, key.make(people.begin_passkey(world, session)), "  Work   key ")
    assert people.find(world, enrolled.secret).kind == "full"
    assert people.find(world, sign_in(world, key).secret).name == "Ann"
    assert [one.label for one in people.passkeys_of(world, session.account)] == ["Work key"]


def test_a_synced_passkey_always_counts_zero(ann: Person) -> None:
    key = SoftKey(counts=False)
    add(ann, key)
    for _ in range(3):
        assert sign_in(ann.world, key).secret


def test_the_passkey_way_stays_open_while_strangers_guess_the_password(ann: Person, key: SoftKey) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            ann.sign_in(people.Door("198.51.100.9"), password="guess")
    with pytest.raises(TooMany):
        ann.sign_in(people.Door("198.51.100.9"))
    assert sign_in(ann.world, key).secret


def test_an_answer_works_once(ann: Person, key: SoftKey) -> None:
    answer = key.use(people.begin_passkey_sign_in(ann.world, HOLDER, DOOR))
    people.sign_in_by_passkey(ann.world, HOLDER, answer, DOOR)
    with pytest.raises(Unauthenticated, match="five minutes"):
        people.sign_in_by_passkey(ann.world, HOLDER, answer, DOOR)


def test_an_answer_is_bound_to_the_browser_that_asked(ann: Person, key: SoftKey) -> None:
    answer = key.use(people.begin_passkey_sign_in(ann.world, HOLDER, DOOR))
    people.begin_passkey_sign_in(ann.world, "another browser", DOOR)
    with pytest.raises(Unauthenticated):
        people.sign_in_by_passkey(ann.world, "another browser", answer, DOOR)


def test_a_challenge_lives_five_minutes(ann: Person, key: SoftKey) -> None:
    answer = key.use(people.begin_passkey_sign_in(ann.world, HOLDER, DOOR))
    ann.clock.advance(timedelta(minutes=5))
    with pytest.raises(Unauthenticated, match="five minutes"):
        people.sign_in_by_passkey(ann.world, HOLDER, answer, DOOR)


def _other_origin(key: SoftKey) -> None:
    key.origin = "http://localhost:8081"


def _other_site(key: SoftKey) -> None:
    key.host = "evil.example"


def _old_counter(key: SoftKey) -> None:
    key.counter -= 1


def _other_private_key(key: SoftKey) -> None:
    key.key = SoftKey().key


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(_other_origin, "passkey", id="made for another origin"),
        pytest.param(_other_site, "passkey", id="made for another site"),
        pytest.param(_old_counter, "cloned", id="a counter that did not grow"),
        pytest.param(_other_private_key, "passkey", id="signed with another key"),
    ],
)
def test_a_wrong_answer_opens_nothing(ann: Person, key: SoftKey, spoil: Callable[[SoftKey], None], reason: str) -> None:
    sign_in(ann.world, key)
    spoil(key)
    with pytest.raises(Unauthenticated, match="did not prove itself"):
        sign_in(ann.world, key)
    assert refusals(ann.world) == [reason]


def test_a_key_that_verified_nobody_opens_nothing(ann: Person, key: SoftKey) -> None:
    answer = key.use(people.begin_passkey_sign_in(ann.world, HOLDER, DOOR), verified=False)
    with pytest.raises(Unauthenticated, match="verification"):
        people.sign_in_by_passkey(ann.world, HOLDER, answer, DOOR)
    session = ann.session
    with pytest.raises(Invalid, match="not taken"):
        people.finish_passkey(
            ann.world, session, SoftKey().make(people.begin_passkey(ann.world, session), verified=False), ""
        )


def test_an_unknown_passkey_is_nobody(ann: Person) -> None:
    with pytest.raises(Unauthenticated, match="Nobody here"):
        sign_in(ann.world, SoftKey())


def test_proving_again_takes_ones_own_passkey_only(ann: Person, key: SoftKey, second: Callable[..., Person]) -> None:
    bob = second("bob@example.org")
    session = bob.session
    options = people.begin_passkey_sign_in(ann.world, HOLDER, DOOR, session)
    with pytest.raises(Unauthenticated, match="Nobody here"):
        people.prove_by_passkey(ann.world, session, HOLDER, key.use(options))
    mine = people.begin_passkey_sign_in(ann.world, HOLDER, DOOR, ann.session)
    assert people.find(ann.world, people.prove_by_passkey(ann.world, ann.session, HOLDER, key.use(mine)))


def test_an_answer_to_sign_in_does_not_prove_again(ann: Person, key: SoftKey) -> None:
    answer = key.use(people.begin_passkey_sign_in(ann.world, HOLDER, DOOR))
    with pytest.raises(Unauthenticated):
        people.prove_by_passkey(ann.world, ann.session, HOLDER, answer)


def test_a_passkey_is_enrolled_once(ann: Person, key: SoftKey, second: Callable[..., Person]) -> None:
    bob = second("bob@example.org")
    with pytest.raises(Refused, match="enrolled already"):
        add(bob, key)


def test_the_challenge_of_enrolment_is_spent_by_a_wrong_answer(ann: Person) -> None:
    session, key = ann.session, SoftKey()
    options = people.begin_passkey(ann.world, session)
    for _ in range(2):
        with pytest.raises(Invalid):
            people.finish_passkey(ann.world, session, {"id": "x"}, "")
    with pytest.raises(Invalid, match="five minutes"):
        people.finish_passkey(ann.world, session, key.make(options), "")


def test_removing_a_passkey(ann: Person, key: SoftKey) -> None:
    one = people.passkeys_of(ann.world, ann.id)[0]
    ann.cookie = people.remove_passkey(ann.world, ann.session, one.id).secret
    with pytest.raises(Unauthenticated):
        sign_in(ann.world, key)
    with pytest.raises(NotFound):
        people.remove_passkey(ann.world, ann.session, one.id)


def test_the_last_way_in_stays(world: World) -> None:
    entrance = people.redeem(world, token_in(people.first_link(world)), name="A", email="a@b.org", door=DOOR)
    session, key = people.find(world, entrance.secret), SoftKey()
    secret = people.finish_passkey(world, session, key.make(people.begin_passkey(world, session)), "").secret
    session = people.find(world, secret)
    with pytest.raises(Refused, match="only way"):
        people.remove_passkey(world, session, people.passkeys_of(world, session.account)[0].id)
    with pytest.raises(Refused, match="Add a password"):
        people.renew_recovery_codes(world, session)


def test_a_disabled_persons_passkey_opens_nothing(ann: Person, second: Callable[..., Person]) -> None:
    bob, key = second("bob@example.org"), SoftKey()
    add(bob, key)
    people.disable(ann.world, OPERATOR, bob.id)
    with pytest.raises(Unauthenticated):
        sign_in(ann.world, key)


def test_one_source_may_not_ask_for_ever(ann: Person) -> None:
    for _ in range(60):
        people.begin_passkey_sign_in(ann.world, HOLDER, DOOR)
    with pytest.raises(TooMany):
        people.begin_passkey_sign_in(ann.world, HOLDER, DOOR)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_SHAPED = st.fixed_dictionaries(
    {"id": _JSON, "rawId": _JSON, "type": st.just("public-key") | _JSON},
    optional={
        "response": st.dictionaries(
            st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "attestationObject", "userHandle"]),
            st.text(alphabet="ABCDabcd0123-_", max_size=80) | _JSON,
        )
    },
)


@given(st.dictionaries(st.text(max_size=8), _JSON, max_size=4) | _SHAPED)
def test_malformed_answers_are_refused_and_nothing_else(answer: dict[str, Any]) -> None:
    site, challenge = passkeys.site_of("http://localhost:8080"), b"c" * 32
    with pytest.raises(Invalid):
        passkeys.verify_registration(site, challenge, answer)
    with pytest.raises(Unauthenticated):
        passkeys.verify_sign_in(site, challenge, answer, public_key=b"", counter=0)
