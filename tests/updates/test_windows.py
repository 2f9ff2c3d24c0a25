from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.updates import windows

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("window", "hours", "open_then"),
    [
        ("", 12, True),
        ("22:00-04:00", 21.9, False),
        ("22:00-04:00", 22, True),
        ("22:00-04:00", 27.9, True),
        ("22:00-04:00", 28, False),
        ("22:00-04:00 UTC", 3.9, True),
        ("22:00-04:00 Europe/Berlin", 21, True),  # 22:00 there
        ("22:00-04:00 Europe/Berlin", 3, False),
        ("00:00-24:00", 23.99, True),
        ("08:00-08:00", 1, True),  # a whole day
        ("Mon 22:00-04:00", 3, False),  # Sunday's night, and only Monday's counts
        ("Mon 22:00-04:00", 27, True),
        ("Sat,Sun 00:00-24:00", 12, False),
        ("Sat,Sun 00:00-24:00", 5 * 24 + 1, True),
    ],
)
def test_when_it_is_open(window, hours, open_then):
    assert windows.is_open(window, at(hours)) == open_then


@pytest.mark.parametrize(
    "window",
    ["tonight", "22:00", "25:00-04:00", "22:00-24:30", "22:00-04:00 Nowhere/City", "22:00-04:00 ../etc", "x" * 97,
     "Mun 22:00-04:00", "22:00-04:00 UTC UTC"],
)  # fmt: skip
def test_what_is_no_window(window):
    with pytest.raises(Invalid, match="no (maintenance window|time zone)"):
        windows.is_open(window, MONDAY)


@given(st.integers(0, 23), st.integers(0, 23), st.integers(0, 365))
def test_a_daily_window_is_open_for_its_length_each_day(first, last, day):
    window = f"{first:02d}:00-{last:02d}:00"
    start = MONDAY + timedelta(days=day, minutes=30)
    hours = sum(windows.is_open(window, start + timedelta(hours=hour)) for hour in range(24))
    assert hours == ((last - first) % 24 or 24)


@pytest.mark.parametrize(
    ("window", "now", "expected"),
    [
        pytest.param("", "2026-11-02T09:00", "2026-11-02T09:00", id="no window"),
        pytest.param("08:00-10:00", "2026-11-02T09:00", "2026-11-02T09:00", id="open"),
        pytest.param("22:00-04:00", "2026-11-02T09:00", "2026-11-02T22:00", id="tonight"),
        pytest.param("22:00-04:00 Europe/Berlin", "2026-11-02T09:00", "2026-11-02T21:00", id="tonight, over there"),
        pytest.param("08:00-09:00", "2026-11-02T09:00", "2026-11-03T08:00", id="tomorrow"),
        pytest.param("Mon 08:00-09:00", "2026-11-02T09:00", "2026-11-09T08:00", id="in a week"),
        pytest.param("02:30-03:30 Europe/Berlin", "2026-10-25T03:00", "2026-10-26T01:30", id="the clocks went back"),
    ],
)
def test_when_it_opens_next(window, now, expected):
    moment, then = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, expected))
    assert windows.opens(window, moment) == then


@given(
    st.sampled_from(["22:00-04:00 Europe/Berlin", "Sat,Sun 00:00-24:00", "Mon 23:59-00:01 Asia/Tokyo", "01:00-02:00"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001 (it gets one)
)
def test_when_it_opens_it_is_open_and_that_is_within_eight_days(window, now):
    then = windows.opens(window, now)
    assert now <= then <= now + timedelta(days=8)
    assert windows.is_open(window, then)
