"""Signing in by password and TOTP: what opens, what does not, and who can be kept out by whom."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from persons import DOOR, PASSWORD, Person, SoftKey

from careful import people
from careful.kernel import ledger
from careful.kernel.errors import Refused, TooMany, Unauthenticated
from careful.kernel.work import World
from careful.people import totp

STRANGER = people.Door("198.51.100.9", "Stranger")


def refusals(world: World) -> list[str]:
    with world.look() as connection:
        return [entry.data["reason"] for entry in ledger.read(connection, names=["people.sign_in_refused"])]


def test_password_and_code_open_a_full_session(ann: Person) -> None:
    entrance = ann.sign_in()
    assert people.find(ann.world, entrance.secret).kind == "full"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"password": PASSWORD + "!"}, "password", id="wrong password"),
        pytest.param({"password": PASSWORD[:-1]}, "password", id="one character less"),
        pytest.param({"password": ""}, "password", id="no password"),
        pytest.param({"code": "000000"}, "code", id="wrong code"),
        pytest.param({"code": ""}, "code", id="password alone"),
        pytest.param({"code": "000000-000000-000000-000000"}, "recovery-code", id="made-up recovery code"),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(ann: Person, change: dict[str, str], reason: str) -> None:
    with pytest.raises(Unauthenticated, match="That did not fit"):
        ann.sign_in(**change)
    assert refusals(ann.world) == [reason]


def test_an_unknown_address_gets_that_answer_too_and_no_ledger_entry(ann: Person) -> None:
    for email in ("eve@example.org", "no address", "x" * 5000):
        with pytest.raises(Unauthenticated, match="That did not fit"):
            ann.sign_in(email=email)
    assert refusals(ann.world) == []


def test_a_code_works_once(ann: Person) -> None:
    code = ann.code()
    ann.sign_in(code=code)
    with pytest.raises(Unauthenticated):
        people.sign_in(ann.world, email=ann.email, password=PASSWORD, code=code, door=DOOR)
    assert refusals(ann.world) == ["replayed"]


def test_the_code_before_is_taken_but_never_after_a_newer_one(ann: Person) -> None:
    older = ann.code()
    ann.clock.advance(timedelta(seconds=totp.PERIOD))
    newer = totp.code_at(ann.secret, ann.clock.now())
    ann.sign_in_now(newer)
    with pytest.raises(Unauthenticated):
        ann.sign_in_now(older)


def test_a_code_is_dead_after_a_minute(ann: Person) -> None:
    code = ann.code()
    ann.clock.advance(timedelta(seconds=2 * totp.PERIOD))
    with pytest.raises(Unauthenticated):
        ann.sign_in_now(code)


def test_two_requests_with_one_code_at_once_open_one_session(ann: Person) -> None:
    code = ann.code()

    def attempt(_: int) -> bool:
        try:
            people.sign_in(ann.world, email=ann.email, password=PASSWORD, code=code, door=DOOR)
        except Unauthenticated:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]


def test_a_recovery_code_works_once_in_place_of_the_app(ann: Person) -> None:
    typed = ann.codes[0].upper().replace("-", " ")
    ann.sign_in(code=typed)
    with pytest.raises(Unauthenticated):
        ann.sign_in(code=typed)
    assert people.account(ann.world, ann.id).recovery_codes == 7


def test_five_failures_close_the_password_way_for_strangers_only(ann: Person) -> None:
    known = ann.sign_in()
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            ann.sign_in(STRANGER, password="guess")
    with pytest.raises(TooMany) as refused:
        ann.sign_in(STRANGER)
    assert 0 < refused.value.retry_after <= 301
    with pytest.raises(TooMany):  # another address is a stranger to the account just the same
        ann.sign_in(replace(STRANGER, source="192.0.2.1"), code="000000")
    assert ann.sign_in(replace(DOOR, known=known.known)).secret  # the owner's own browser is not locked out


def test_the_way_opens_again_by_itself(ann: Person) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            ann.sign_in(STRANGER, password="guess")
    ann.clock.advance(timedelta(minutes=5))
    assert ann.sign_in(STRANGER).secret


def test_success_does_not_use_the_allowance_up(ann: Person) -> None:
    for _ in range(12):
        ann.sign_in()


def test_one_source_cannot_try_many_addresses(ann: Person) -> None:
    for number in range(20):
        with pytest.raises(Unauthenticated):
            ann.sign_in(STRANGER, email=f"guess{number}@example.org", code="000000")
    with pytest.raises(TooMany):
        ann.sign_in(STRANGER, email="another@example.org", code="000000")


def test_parallel_guesses_do_not_pass_the_limit_together(ann: Person) -> None:
    def attempt(_: int) -> type[Exception] | None:
        try:
            people.sign_in(ann.world, email=ann.email, password="guess", code="000000", door=STRANGER)
        except (Unauthenticated, TooMany) as refusal:
            return type(refusal)
        return None

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(12)))
    assert (outcomes.count(Unauthenticated), outcomes.count(TooMany)) == (5, 7)


def test_a_known_browser_is_known_to_its_own_account_only(ann: Person, second: Callable[[str], Person]) -> None:
    bob = second("bob@example.org")
    known = bob.sign_in().known
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            ann.sign_in(STRANGER, password="guess")
    with pytest.raises(TooMany):
        ann.sign_in(replace(STRANGER, known=known))


def test_proving_again_gives_the_session_a_new_secret(ann: Person) -> None:
    entrance = ann.sign_in()
    session = people.find(ann.world, entrance.secret)
    ann.clock.advance(timedelta(minutes=people.PROOF_MINUTES + 1))
    assert not people.has_recent_proof(people.find(ann.world, entrance.secret), ann.clock.now())
    fresh = people.prove_by_password(ann.world, session, password=PASSWORD, code=ann.code(), door=DOOR)
    with pytest.raises(Unauthenticated):
        people.find(ann.world, entrance.secret)
    again = people.find(ann.world, fresh)
    assert again.id == session.id
    assert people.has_recent_proof(again, ann.clock.now())


def test_whoever_has_a_passkey_proves_it_with_the_passkey(ann: Person) -> None:
    key = SoftKey()
    enrolled = people.finish_passkey(ann.world, ann.session, key.make(people.begin_passkey(ann.world, ann.session)), "")
    assert people.has_recent_proof(people.find(ann.world, enrolled.secret), ann.clock.now())
    session = people.find(ann.world, ann.sign_in().secret)  # password and code open the console, but prove less
    assert not people.has_recent_proof(session, ann.clock.now())
    with pytest.raises(Refused, match="confirmed with it"):
        people.prove_by_password(ann.world, session, password=PASSWORD, code=ann.code(), door=DOOR)
    asked = people.begin_passkey_sign_in(ann.world, "holder", DOOR, session)
    proved = people.find(ann.world, people.prove_by_passkey(ann.world, session, "holder", key.use(asked)))
    assert people.has_recent_proof(proved, ann.clock.now())


def test_a_disabled_account_cannot_sign_in(ann: Person, second: Callable[[str], Person]) -> None:
    bob = second("bob@example.org")
    people.disable(ann.world, people.actor_of(ann.session), bob.id)
    with pytest.raises(Unauthenticated, match="That did not fit"):
        bob.sign_in()
    with pytest.raises(Unauthenticated):
        people.find(bob.world, bob.cookie)
