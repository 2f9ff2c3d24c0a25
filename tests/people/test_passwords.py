"""What is taken as a password, and that it is kept so that it cannot be read back."""

import contextlib
import hashlib
import threading
from contextlib import ExitStack
from pathlib import Path

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careful.kernel.errors import Invalid, TooMany, Unavailable
from careful.people import passwords

PEPPER = b"k" * 32
FULL_WIDTH = "".join(chr(ord(sign) + 0xFEE0) for sign in "1q2w3e4r5t6y")
OWN = ("careful", "Ann Example", "ann.example", "example.org", "Hearth Cam 1")


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("seltener zaunkoenig", id="lower case only"),
        pytest.param("kf8 wq2n vrx", id="twelve characters"),
        pytest.param("Spaß mit Öl und Ärger", id="umlauts"),
        pytest.param("我的密码是一个很长的句子", id="another script"),
        pytest.param("tangled careful otter on the roof", id="an own word in a long sentence"),
        pytest.param("q" * 3 + "unlikely otters waltz " * 5, id="113 characters"),
    ],
)
def test_good_passwords_are_taken(password: str) -> None:
    passwords.check(password, OWN)


@pytest.mark.parametrize(
    ("password", "says"),
    [
        pytest.param("kf8wq2nvrx7", "11 characters", id="eleven characters"),
        pytest.param("", "0 characters", id="nothing"),
        pytest.param("x" * 1025, "has 1025 characters", id="too long"),
        pytest.param("1q2w3e4r5t6y", "everybody tries", id="common"),
        pytest.param("1Q2W3E4R5T6Y", "everybody tries", id="common in capitals"),
        pytest.param("Careful20261", "mostly a name", id="the site's own word and a year"),
        pytest.param("ann.example!", "mostly a name", id="the person's own address"),
        pytest.param("HearthCam1!!", "mostly a name", id="the product's name"),
        pytest.param("aaaaaaaaaaaa", "easy to guess", id="one letter"),
        pytest.param("abcabcabcabc", "easy to guess", id="a repeated pattern"),
        pytest.param(
            "\uff11\uff51\uff12\uff57\uff13\uff45\uff14\uff52\uff15\uff54\uff16\uff59",
            "everybody tries",
            id="full width",
        ),
    ],
)
def test_bad_passwords_are_refused_with_the_reason(password: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        passwords.check(password, OWN)


def test_a_breached_password_is_refused_by_a_list_of_ones_own(tmp_path: Path) -> None:
    good = "seltener zaunkoenig"
    listed = tmp_path / "sorted.txt"
    digest = hashlib.sha1(good.encode(), usedforsecurity=False).hexdigest()
    listed.write_text(f"{'0' * 40}:1\n{digest}:7\n")
    passwords.check(good, OWN)
    with pytest.raises(Invalid, match="in a breach"):
        passwords.check(good, OWN, listed)
    with pytest.raises(Unavailable):
        passwords.check(good, OWN, tmp_path / "none")


@given(st.text(max_size=1100))
@settings(max_examples=60, deadline=None)
def test_any_text_is_either_taken_or_refused(password: str) -> None:
    with contextlib.suppress(Invalid):
        passwords.check(password, OWN)


def test_it_is_compared_as_typed_to_the_last_character() -> None:
    long = "an otter waltzes " * 60
    stored = passwords.hash_password(long, PEPPER)
    assert passwords.verify_password(stored, long, PEPPER)
    assert not passwords.verify_password(stored, long[:-1] + "!", PEPPER)
    assert not passwords.verify_password(stored, long.upper(), PEPPER)


def test_the_same_letters_typed_another_way_fit() -> None:
    stored = passwords.hash_password("Ärger im Büro", PEPPER)
    assert passwords.verify_password(stored, "A\u0308rger im Bu\u0308ro", PEPPER)


def test_without_the_key_beside_the_database_a_hash_is_worth_nothing() -> None:
    stored = passwords.hash_password("an otter waltzes", PEPPER)
    assert stored.startswith("$argon2id$")
    assert not passwords.verify_password(stored, "an otter waltzes", b"another key")


def test_an_account_without_a_password_refuses_all() -> None:
    assert not passwords.verify_password(None, "", PEPPER)
    assert not passwords.verify_password(None, "nobody's password", PEPPER)
    assert not passwords.verify_password("no hash at all", "x", PEPPER)


def test_the_real_parameters_are_the_rfc_9106_ones() -> None:
    real = argon2.PasswordHasher()
    assert (real.memory_cost, real.time_cost, real.parallelism) == (65536, 3, 4)


def test_only_two_hash_at_once_and_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0.05)
    inside, leave = threading.Barrier(3), threading.Event()

    def hold() -> None:
        with passwords._slot():
            inside.wait()
            leave.wait()

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for holder in holders:
        holder.start()
    inside.wait()
    with pytest.raises(TooMany):
        passwords.hash_password("a third one", PEPPER)
    with ExitStack() as waiting:
        for _ in range(passwords._WAITING):
            passwords._places.acquire(blocking=False)
            waiting.callback(passwords._places.release)
        monkeypatch.setattr(passwords, "_WAIT_SECONDS", 3600)
        with pytest.raises(TooMany):
            passwords.hash_password("one more has no place to wait", PEPPER)
    leave.set()
    for holder in holders:
        holder.join()
    assert passwords.hash_password("room again", PEPPER)
