"""Counts, shares, spans and moments, as people read them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.look import words

NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
TODAY = NOW.date()
NARROW = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        pytest.param(0, "0", id="none"),
        pytest.param(999, "999", id="no group"),
        pytest.param(1000, f"1{NARROW}000", id="one group"),
        pytest.param(12_400_000, f"12{NARROW}400{NARROW}000", id="two groups"),
        pytest.param(-1200, f"-1{NARROW}200", id="below none"),
    ],
)
def test_count(number, shown):
    assert words.count(number) == shown


@given(st.integers())
def test_a_count_loses_nothing(number):
    assert int(words.count(number).replace(NARROW, "")) == number


@pytest.mark.parametrize(
    ("number", "many", "shown"),
    [
        pytest.param(0, "", "0 devices", id="none"),
        pytest.param(1, "", "1 device", id="one"),
        pytest.param(2, "", "2 devices", id="two"),
        pytest.param(2, "more", "2 more", id="its own plural"),
    ],
)
def test_plural(number, many, shown):
    assert words.plural(number, "device", many) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        pytest.param(0, 0, "—", id="of nothing"),
        pytest.param(0, 10, "0 %", id="none"),
        pytest.param(1, 100_000, "1 %", id="hardly any is not none"),
        pytest.param(1, 3, "33 %", id="a third"),
        pytest.param(99_999, 100_000, "99 %", id="nearly all is not all"),
        pytest.param(7, 7, "100 %", id="all"),
    ],
)
def test_percent(part, whole, shown):
    assert words.percent(part, whole) == shown


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_only_none_is_0_and_only_all_is_100(part, whole):
    part = min(part, whole)
    shown = words.percent(part, whole)
    assert (shown == "0 %") == (part == 0)
    assert (shown == "100 %") == (part == whole)


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        pytest.param(timedelta(0), "0 s", id="nothing"),
        pytest.param(timedelta(seconds=59.9), "59 s", id="seconds"),
        pytest.param(timedelta(minutes=1), "1 min", id="a minute"),
        pytest.param(timedelta(minutes=59, seconds=59), "59 min", id="nearly an hour"),
        pytest.param(timedelta(hours=4), "4 h", id="hours alone"),
        pytest.param(timedelta(hours=4, minutes=12), "4 h 12 min", id="hours and minutes"),
        pytest.param(timedelta(days=3, hours=2), "3 d 2 h", id="days and hours"),
        pytest.param(timedelta(days=3, minutes=59), "3 d", id="days and less than an hour"),
        pytest.param(timedelta(days=12, hours=5), "12 d", id="many days alone"),
        pytest.param(-timedelta(hours=5), "5 h", id="back in time"),
    ],
)
def test_span(length, shown):
    assert words.span(length) == shown


@given(st.timedeltas(min_value=timedelta(days=-(10**5)), max_value=timedelta(days=10**5)))
def test_a_span_has_two_units_at_most_and_no_sign(length):
    shown = words.span(length)
    assert shown == words.span(-length)
    assert len(shown.split()) in {2, 4}
    assert "-" not in shown


@pytest.mark.parametrize(
    ("until", "shown"),
    [
        pytest.param(date(2026, 11, 21), "ended", id="yesterday"),
        pytest.param(TODAY, "ends today", id="today"),
        pytest.param(date(2026, 11, 23), "1 day left", id="tomorrow"),
        pytest.param(date(2027, 1, 31), "70 days left", id="days"),
        pytest.param(date(2027, 5, 22), "5 months left", id="months"),
        pytest.param(date(2027, 11, 24), "1 year left", id="a year"),
        pytest.param(date(2034, 3, 31), "7 years 4 months left", id="years and months"),
    ],
)
def test_years_left(until, shown):
    assert words.years_left(until, TODAY) == shown


@given(st.dates(min_value=date(2026, 11, 23), max_value=date(2200, 1, 1)))
def test_what_is_left_is_said_and_never_0(until):
    shown = words.years_left(until, TODAY)
    assert shown.endswith(" left")
    assert not shown.startswith(("0", " "))
    assert " 0 " not in shown
    assert "12 months" not in shown


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param(
            words.moment(NOW), '<time datetime="2026-11-22T14:05:00Z">22 Nov 2026, 14:05 UTC</time>', id="moment"
        ),
        pytest.param(words.moment(None), "never", id="no moment"),
        pytest.param(words.clock(NOW), '<time datetime="2026-11-22T14:05:00Z">14:05 UTC</time>', id="clock"),
        pytest.param(words.clock(None, "not yet"), "not yet", id="no clock"),
        pytest.param(words.day(NOW), '<time datetime="2026-11-22">22 November 2026</time>', id="day of a moment"),
        pytest.param(words.day(date(2034, 3, 31)), '<time datetime="2034-03-31">31 March 2034</time>', id="day"),
        pytest.param(words.day(None), "not known", id="no day"),
        pytest.param(
            words.ago(NOW - timedelta(hours=3), NOW),
            '<time datetime="2026-11-22T11:05:00Z" title="22 Nov 2026, 11:05 UTC">3 h ago</time>',
            id="ago",
        ),
        pytest.param(
            words.ago(NOW + timedelta(days=2), NOW),
            '<time datetime="2026-11-24T14:05:00Z" title="24 Nov 2026, 14:05 UTC">in 2 d</time>',
            id="to come",
        ),
        pytest.param(
            words.ago(NOW, NOW),
            '<time datetime="2026-11-22T14:05:00Z" title="22 Nov 2026, 14:05 UTC">now</time>',
            id="now",
        ),
        pytest.param(words.ago(None, NOW), "never", id="never"),
        pytest.param(
            words.left(NOW + timedelta(hours=6), NOW),
            '<time datetime="2026-11-22T20:05:00Z" title="22 Nov 2026, 20:05 UTC">6 h left</time>',
            id="left",
        ),
        pytest.param(
            words.left(NOW - timedelta(days=2), NOW),
            '<time datetime="2026-11-20T14:05:00Z" title="20 Nov 2026, 14:05 UTC">2 d late</time>',
            id="late",
        ),
    ],
)
def test_moments(shown, expected):
    assert str(shown) == expected


@pytest.mark.parametrize("say", [words.moment, words.clock, words.day])
def test_the_word_for_none_is_escaped(say):
    assert say(None, "<b>") == "&lt;b&gt;"
