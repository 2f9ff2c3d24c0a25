"""Codes on labels, and how often a stranger may try; pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.owners.model import Session, new_code, read_code
from careful.people import Limit, wait

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@given(st.integers(0, 3), st.booleans())
def test_a_code_is_read_however_it_is_typed(groups, loud):
    code = new_code()
    typed = code.upper() if loud else code
    assert len(code.split("-")) >= groups
    assert read_code(typed) == read_code(typed.replace("-", " ")) == read_code(f" {typed.replace('-', '')}\n") == code


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        pytest.param("O0Il-uUVv-aaaa-bbbb", "0011-vvvv-aaaa-bbbb", id="misread letters"),
        pytest.param("aaaa-bbbb-cccc", "", id="too short"),
        pytest.param("aaaa-bbbb-cccc-dddd-e", "", id="too long"),
        pytest.param("aaaa-bbbb-cccc-ddd!", "", id="no letter of ours"),
        pytest.param("a" * 100_000, "", id="a flood"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_what_is_read(typed, read):
    assert read_code(typed) == read


@given(st.lists(st.integers(0, 4000), max_size=30), st.integers(0, 4000))
def test_waiting_is_long_enough_and_no_longer(seconds, at):
    limits = (Limit(3, timedelta(minutes=5)), Limit(10, timedelta(minutes=60)))
    tries, now = [NOW + timedelta(seconds=one) for one in seconds if one <= at], NOW + timedelta(seconds=at)
    left = wait(tries, limits, now)
    assert wait(tries, limits, now + timedelta(seconds=left)) == 0
    assert left == 0 or wait(tries, limits, now + timedelta(seconds=left - 2)) > 0


def test_a_session_ends_idle_or_old():
    one = Session("s", "o", "m", NOW, NOW + timedelta(minutes=110))
    idle = timedelta(minutes=15)
    assert one.lives(NOW + timedelta(minutes=119), idle)
    assert not one.lives(NOW + timedelta(minutes=120), idle)
    assert not Session("s", "o", "m", NOW, NOW).lives(NOW + idle, idle)
