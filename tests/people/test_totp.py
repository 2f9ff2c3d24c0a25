"""Time-based codes against RFC 6238's own vectors, and their sealing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persons import base64

from careful.kernel.errors import Refused
from careful.people import totp

RFC_SECRET = b"12345678901234567890"
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        pytest.param(59, "287082", id="1970-01-01 00:00:59"),
        pytest.param(1111111109, "081804", id="2005-03-18 01:58:29"),
        pytest.param(1111111111, "050471", id="2005-03-18 01:58:31"),
        pytest.param(1234567890, "005924", id="2009-02-13 23:31:30"),
        pytest.param(2000000000, "279037", id="2033-05-18 03:33:20"),
        pytest.param(20000000000, "353130", id="2603-10-11 11:33:20"),
    ],
)
def test_rfc_6238_appendix_b(moment: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, datetime.fromtimestamp(moment, UTC)) == code


@pytest.mark.parametrize(
    ("late", "taken"),
    [
        pytest.param(0, True, id="at once"),
        pytest.param(29, True, id="same step"),
        pytest.param(30, True, id="one step later"),
        pytest.param(59, True, id="at the end of the next step"),
        pytest.param(60, False, id="two steps later"),
        pytest.param(-1, False, id="a code from the future"),
    ],
)
def test_a_code_lives_for_its_step_and_the_next(late: int, taken: bool) -> None:
    code = totp.code_at(RFC_SECRET, NOON)
    assert (totp.match(RFC_SECRET, code, NOON + timedelta(seconds=late)) is not None) is taken


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "1234567",
        "abcdef",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "-12345",
        "12 34 5",
        "0x1234",
        "\x00" * 6,
    ],
)
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert totp.match(RFC_SECRET, typed, NOON) is None


def test_spaces_in_a_code_do_not_matter() -> None:
    code = totp.code_at(RFC_SECRET, NOON)
    assert totp.match(RFC_SECRET, f" {code[:3]} {code[3:]} ", NOON) == totp.step_at(NOON)


def test_a_secret_is_160_bits_and_shown_as_an_app_takes_it() -> None:
    secret = totp.new_secret()
    assert len(secret) == 20
    assert base64.b32decode(totp.as_text(secret).replace(" ", "")) == secret
    link = totp.as_link(secret, "ann@example.org")
    assert link.startswith("otpauth://totp/Careful:ann%40example.org?")
    assert "issuer=Careful" in link


@given(st.binary(min_size=20, max_size=20), st.text(max_size=20))
def test_sealing_round_trips_for_its_account_only(secret: bytes, account: str) -> None:
    key = b"k" * 32
    sealed = totp.seal(secret, key, account)
    assert secret not in sealed
    assert totp.unseal(sealed, key, account) == secret
    with pytest.raises(Refused):
        totp.unseal(sealed, key, account + "x")
    with pytest.raises(Refused):
        totp.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), key, account)
    with pytest.raises(Refused):
        totp.unseal(sealed, b"x" * 32, account)
