"""Setting and changing factors, and what that ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from persons import DOOR, PASSWORD, Person, app_secret, token_in
from sqlalchemy import select

from careful import people
from careful.kernel.clock import ManualClock
from careful.kernel.errors import Invalid, Refused, Unauthenticated
from careful.kernel.work import World
from careful.people import factors, store, totp

NEW = "a heron counts the bridges"


@pytest.fixture
def enrolling(world: World) -> people.Session:
    link = people.first_link(world)
    entrance = people.redeem(world, token_in(link), name="Ann", email="ann@example.org", door=DOOR)
    return people.find(world, entrance.secret)


def test_a_password_alone_opens_nothing(world: World, enrolling: people.Session) -> None:
    people.choose_password(world, enrolling, PASSWORD)
    assert not people.anyone(world)
    with pytest.raises(Unauthenticated):
        people.sign_in(world, email="ann@example.org", password=PASSWORD, code="", door=DOOR)


def test_totp_cannot_be_set_without_a_password(world: World, enrolling: people.Session) -> None:
    with pytest.raises(Refused, match="no password waiting"):
        people.authenticator(world, enrolling)
    with pytest.raises(Refused, match="no password waiting"):
        people.confirm_totp(world, enrolling, "123456")


def test_a_wrong_first_code_changes_nothing(world: World, enrolling: people.Session) -> None:
    people.choose_password(world, enrolling, PASSWORD)
    with pytest.raises(Invalid, match="not the code"):
        people.confirm_totp(world, enrolling, "000000")
    assert not people.anyone(world)


def test_the_code_of_enrolment_is_spent(world: World, clock: ManualClock, enrolling: people.Session) -> None:
    people.choose_password(world, enrolling, PASSWORD)
    code = totp.code_at(app_secret(people.authenticator(world, enrolling)), clock.now())
    people.confirm_totp(world, enrolling, code)
    with pytest.raises(Unauthenticated):
        people.sign_in(world, email="ann@example.org", password=PASSWORD, code=code, door=DOOR)


def test_own_words_are_refused(world: World, enrolling: people.Session) -> None:
    for password in ("Careful2026!", "example.org1", "hearthcam123"):
        with pytest.raises(Invalid, match="mostly a name"):
            people.choose_password(world, enrolling, password, own_words=("Hearth Cam",))


def test_secrets_at_rest_cannot_be_read(ann: Person) -> None:
    with ann.world.look() as connection:
        rows = str(connection.execute(select(store.accounts)).all()) + str(
            connection.execute(select(store.recovery_codes)).all()
        )
    assert PASSWORD not in rows
    assert repr(ann.secret)[2:-1] not in rows
    assert not any(code in rows for code in ann.codes)


def change_password(ann: Person) -> people.Enrolled:
    people.choose_password(ann.world, ann.session, NEW)
    ann.secret = app_secret(people.authenticator(ann.world, ann.session))
    return people.confirm_totp(ann.world, ann.session, totp.code_at(ann.secret, ann.clock.now()))


def test_a_new_password_ends_other_sessions_and_rotates_this_one(ann: Person) -> None:
    other = ann.sign_in()
    before = ann.cookie
    changed = change_password(ann)
    for old in (other.secret, before):
        with pytest.raises(Unauthenticated):
            people.find(ann.world, old)
    assert people.find(ann.world, changed.secret).kind == "full"
    with pytest.raises(Unauthenticated):
        ann.sign_in(code=ann.codes[0], password=NEW)  # old recovery codes went with the old phone
    assert ann.sign_in(password=NEW).secret


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda ann: people.choose_password(ann.world, ann.session, NEW), id="password"),
        pytest.param(lambda ann: people.begin_passkey(ann.world, ann.session), id="passkey"),
        pytest.param(lambda ann: people.renew_recovery_codes(ann.world, ann.session), id="recovery codes"),
        pytest.param(lambda ann: people.remove_passkey(ann.world, ann.session, "x"), id="removal"),
    ],
)
def test_every_change_needs_a_fresh_proof(ann: Person, change: Callable[[Person], object]) -> None:
    ann.clock.advance(timedelta(minutes=people.PROOF_MINUTES, seconds=1))
    with pytest.raises(Unauthenticated, match="fresh proof"):
        change(ann)


def test_new_recovery_codes_replace_the_old(ann: Person) -> None:
    fresh = people.renew_recovery_codes(ann.world, ann.session)
    assert len(set(fresh.codes)) == factors.RECOVERY_CODES
    with pytest.raises(Unauthenticated):
        ann.sign_in(code=ann.codes[0])
    assert ann.sign_in(code=fresh.codes[0]).secret


def test_a_lost_totp_key_is_said_and_not_guessed(ann: Person) -> None:
    ann.world.keys.path("people-totp").with_suffix(".secret").write_bytes(b"x" * 32)
    with pytest.raises(Refused, match="cannot be read"):
        ann.sign_in()
