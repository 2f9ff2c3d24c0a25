from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.monitoring.captures.seconds import LEAP, LONG_AFTER, LONG_QUIET, QUIET, Seconds


def windows(times, device="d"):
    seconds, found = Seconds("p", {}), []
    for at in times:
        found += seconds.until(at)
        seconds.of(device).connects += 1
    return found + list(seconds.finish())


def test_one_window_for_each_second_with_something_in_it():
    assert [(one.start, one.seconds, one.connects) for one in windows([5.1, 5.9, 6.2])] == [
        (5.0, 1.0, 2),
        (6.0, 1.0, 1),
    ]


def test_silence_is_told_while_it_lasts():
    assert [(one.start, one.seconds, one.connects) for one in windows([100.5, 125.5])] == [
        (100.0, 1.0, 1), (101.0, 19.0, 0), (120.0, 5.0, 0), (125.0, 1.0, 1),
    ]  # fmt: skip


def test_long_silence_is_told_in_longer_steps():
    steps = [one.seconds for one in windows([0.5, 1000.5])]
    assert steps[1] < 2 * QUIET
    assert steps[-3] == LONG_QUIET
    assert len(steps) < LONG_AFTER / QUIET + 1000 / LONG_QUIET + 4


def test_a_clock_that_leaps_over_years_costs_a_day():
    found = windows([5.0, 1.7e9])
    assert len(found) < LEAP / QUIET
    assert sum(one.seconds for one in found) == pytest.approx(1.7e9 - 4.0, abs=2)


def test_time_that_goes_back_a_little_stays_in_the_second_and_further_begins_anew():
    seconds = Seconds("p", {})
    for at in (1000.0, 990.0, 10.0):
        list(seconds.until(at))
        seconds.of("d").connects += 1
    assert seconds.went_back == 1
    assert [one.start for one in seconds.finish()] == [10.0]


def test_open_connections_are_told_in_every_window():
    seconds = Seconds("p", {})
    list(seconds.until(1.0))
    seconds.of("d")
    seconds.hold("d", 2)
    seconds.hold("d", -1)
    assert [one.counters["established_tcp"] for one in seconds.until(30.0)] == [1.0, 1.0]


@given(st.lists(st.floats(1e6, 1e6 + 500), min_size=1, max_size=40).map(sorted))
def test_the_windows_of_a_device_have_no_hole_and_none_overlap(times):
    found = windows(times)
    assert sum(one.connects for one in found) == len(times)
    assert all(a.end == b.start for a, b in pairwise(found))
    assert all(one.seconds <= QUIET + LONG_QUIET for one in found)
