"""Secrets that are shown once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.people import secrets


def test_they_are_long_and_never_the_same() -> None:
    assert len({secrets.new_secret() for _ in range(1000)}) == 1000
    assert len(secrets.new_bytes(32)) == 32


def test_a_recovery_code_has_120_bits() -> None:
    code = secrets.new_recovery_code()
    assert [len(group) for group in code.split("-")] == [6, 6, 6, 6]
    assert len(secrets._ALPHABET) ** 24 == 2**120


@given(st.sampled_from([str.upper, str.lower]), st.sampled_from(["-", " ", "", " - "]))
def test_a_recovery_code_is_read_as_people_copy_it(case: object, between: str) -> None:
    code = secrets.new_recovery_code()
    typed = code.replace("-", between).upper() if case is str.upper else code.replace("-", between)
    assert secrets.read_recovery_code(typed) == code


def test_misread_letters_are_mended() -> None:
    assert secrets.read_recovery_code("OOOOOO-IIIIII-LLLLLL-UUUUUU") == "000000-111111-111111-vvvvvv"


@pytest.mark.parametrize("typed", ["", "123456", "x" * 23, "x" * 25, "é" * 24, "0" * 10_000])
def test_what_is_no_recovery_code(typed: str) -> None:
    assert secrets.read_recovery_code(typed) is None


def test_digest_is_plain_sha256() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert secrets.digest("") == secrets.digest_bytes(b"") == empty
