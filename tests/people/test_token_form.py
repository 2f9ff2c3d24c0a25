"""The form of a token, as scanners see it."""

import re
import zlib

import pytest

from careful.people import token_form


def test_every_token_has_the_form_and_no_two_are_alike() -> None:
    made = {token_form.new_token() for _ in range(500)}
    assert len(made) == 500
    for token in made:
        assert re.fullmatch(token_form.PATTERN, token)
        assert token_form.is_token(token)


def test_the_checksum_is_crc32_of_the_random_part_in_base_62() -> None:
    body = "0" * 42 + "1"
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[digit] + digits
    assert token_form.is_token(f"careful_{body}{digits.rjust(6, '0')}")


def test_one_letter_changed_is_no_token() -> None:
    token = token_form.new_token()
    for place in range(len("careful_"), len(token)):
        changed = token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1 :]
        assert not token_form.is_token(changed)
        assert not token_form.may_be_token(changed)


@pytest.mark.parametrize("text", ["", "careful_", "careful_" + "x" * 49, "careful_" + "x" * 10_000, "ghp_" + "x" * 49])
def test_what_is_none(text: str) -> None:
    assert not token_form.may_be_token(text)


def test_a_token_from_before_the_checksum_is_still_looked_up() -> None:
    assert token_form.may_be_token("careful_" + "aB-_" * 10 + "aB9")
