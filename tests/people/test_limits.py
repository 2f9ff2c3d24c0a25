"""How long to wait after so many attempts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import TooMany
from careful.people import limits
from careful.people.limits import Limit

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
FIVE = (Limit(5, timedelta(minutes=5)),)


def ago(*seconds: int) -> list[datetime]:
    return [NOW - timedelta(seconds=one) for one in seconds]


@pytest.mark.parametrize(
    ("attempts", "rule", "seconds"),
    [
        pytest.param([], FIVE, 0, id="none"),
        pytest.param(ago(1, 2, 3, 4), FIVE, 0, id="one left"),
        pytest.param(ago(1, 2, 3, 4, 100), FIVE, 201, id="used up: until the oldest is out"),
        pytest.param(ago(1, 2, 3, 4, 300), FIVE, 0, id="the oldest is just out"),
        pytest.param(ago(1, 2, 3, 4, 50, 60, 70), FIVE, 251, id="more than allowed: the fifth newest counts"),
        pytest.param(ago(1, 2, 3, 4), limits.GUESSES, 0, id="four mistakes cost nothing"),
        pytest.param(ago(0, 1, 2, 3, 4), limits.GUESSES, 61, id="the fifth costs a minute"),
        pytest.param(ago(60, 61, 62, 63, 64), limits.GUESSES, 0, id="and then it is over"),
        pytest.param(ago(0, 1, 2, 3, 4, 5), limits.GUESSES, 121, id="the sixth two"),
        pytest.param(ago(*range(10)), limits.GUESSES, 32 * 60 + 1, id="the tenth half an hour"),
        pytest.param(ago(*range(0, 4000, 100)), limits.GUESSES, 3601, id="never more than an hour"),
        pytest.param(ago(*range(3600, 3650)), limits.GUESSES, 86400 - 3649 + 1, id="but fifty a day"),
    ],
)
def test_waiting(attempts: list[datetime], rule: tuple[Limit, ...], seconds: int) -> None:
    assert limits.wait(attempts, rule, NOW) == seconds


@given(st.lists(st.integers(0, 100_000), max_size=80))
def test_after_the_wait_the_way_is_open(seconds: list[int]) -> None:
    attempts = ago(*seconds)
    wait = limits.wait(attempts, limits.GUESSES, NOW)
    assert limits.wait(attempts, limits.GUESSES, NOW + timedelta(seconds=wait)) == 0


@given(st.lists(st.integers(0, 100_000), max_size=80), st.integers(0, 1000))
def test_one_attempt_more_never_shortens_the_wait(seconds: list[int], one: int) -> None:
    assert limits.wait(ago(*seconds, one), limits.GUESSES, NOW) >= limits.wait(ago(*seconds), limits.GUESSES, NOW)


def test_refusing_says_how_long_and_what_else_works() -> None:
    limits.refuse(0)
    with pytest.raises(TooMany, match="4 minutes") as refused:
        limits.refuse(200)
    assert refused.value.retry_after == 200
    assert "passkey" in refused.value.do


@pytest.mark.parametrize(
    ("address", "source"),
    [
        pytest.param("203.0.113.7", "203.0.113.7", id="IPv4"),
        pytest.param("2001:db8:1:2:3::4", "2001:db8:1:2::/64", id="IPv6 is one household by /64"),
        pytest.param("::ffff:203.0.113.7", "203.0.113.7", id="IPv4 in IPv6"),
        pytest.param("testclient", "unknown", id="no address"),
        pytest.param("", "unknown", id="nothing"),
    ],
)
def test_source(address: str, source: str) -> None:
    assert limits.source_of(address) == source
