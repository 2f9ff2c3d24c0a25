"""A record's own time: in reach, too early, too late, or none at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.gateway.times import AHEAD_SECONDS, DAY_SECONDS, DAYS_AT_MOST, judge, seconds_of
from careful.products import parse, permit

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECONDS = NOW.timestamp()
STREAM = permit(
    parse(
        b"""\
schema: product/1
product: {id: a}
data:
  - {id: climate, fields: [at, celsius], time: at, personal: false, retention: {days: 30}}
"""
    )
).streams["climate"]


def text(**ago):
    return (NOW - timedelta(**ago)).isoformat()


CASES = {
    "now": (text(), None),
    "with Z": ("2026-11-30T11:59:59Z", None),
    "elsewhere on earth": ("2026-11-30T22:59:59+11:00", None),
    "a clock that runs fast": (text(seconds=-299), None),
    "a clock that runs too fast": (text(seconds=-301), "future-time"),
    "the year 9999": ("9999-12-31T23:59:59Z", "future-time"),
    "an hour late": (text(hours=1), None),
    "as old as it may be kept": (text(days=30), None),
    "older than it may be kept": (text(days=30, seconds=1), "ancient-time"),
    "1970": (0, "ancient-time"),
    "before 1970": (-1e30, "ancient-time"),
    "seconds": (SECONDS - 5, None),
    "milliseconds": (int(SECONDS * 1e3), None),
    "microseconds": (int(SECONDS * 1e6), None),
    "a number beyond all": (1e300, "future-time"),
    "without an offset": ("2026-11-30T12:00:00", "wrong-type"),
    "no time": ("noon", "wrong-type"),
    "true": (True, "wrong-type"),
    "nothing": (None, "wrong-type"),
    "a list": ([1], "wrong-type"),
}


@pytest.mark.parametrize(("value", "kind"), CASES.values(), ids=CASES)
def test_judged(value, kind):
    denied = judge(STREAM, {"at": value}, SECONDS)
    assert (denied and denied.kind) == kind
    assert denied is None or denied.detail == "climate.at"


def test_a_record_without_its_time_is_nobodys_fault():
    assert judge(STREAM, {"celsius": 1}, SECONDS) is None


def test_without_a_retention_there_is_an_end_all_the_same():
    stream = replace(STREAM, kept_days=None)
    assert judge(stream, {"at": SECONDS - DAYS_AT_MOST * DAY_SECONDS + 1}, SECONDS) is None
    assert judge(stream, {"at": SECONDS - DAYS_AT_MOST * DAY_SECONDS - 1}, SECONDS).kind == "ancient-time"


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 (hypothesis wants them so)
def test_text_and_numbers_mean_the_same(naive):
    moment = naive.replace(tzinfo=UTC)
    at = moment.timestamp()
    assert seconds_of(moment.isoformat()) == at
    assert seconds_of(at) == at
    if at > 1e9:
        assert abs(seconds_of(int(at * 1e3)) - at) < 0.002
        assert abs(seconds_of(int(at * 1e6)) - at) < 0.002
    assert judge(STREAM, {"at": at}, at) is None
    assert judge(STREAM, {"at": at + AHEAD_SECONDS + 1}, at) is not None


@given(st.text(max_size=40) | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1))
def test_whatever_it_is_there_is_an_answer(value):
    judge(STREAM, {"at": value}, SECONDS)
