"""One written form for a moment, and it reads back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.clock import ManualClock, SystemClock, from_iso, iso


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 (Hypothesis wants naive bounds)
def test_round_trip(moment):
    assert from_iso(iso(moment)) == moment
    assert iso(moment).endswith("Z")


def test_naive_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        from_iso("2026-01-01T00:00:00")


def test_clocks():
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(hours=1))
    assert clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert SystemClock().now().tzinfo is UTC
