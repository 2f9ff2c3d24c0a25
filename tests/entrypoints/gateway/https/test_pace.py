"""How long devices sleep: steered by load, each its own time, and a herd that does not last."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.gateway.https.ddi_bodies import sleep
from careful.entrypoints.gateway.https.pace import Pace, pause, stretched

numbers = st.floats(1, 1e5)


@pytest.mark.parametrize(
    ("rate", "spread"),
    [
        pytest.param(10, 300, id="calm"),
        pytest.param(300, 300, id="as much as is welcome"),
        pytest.param(600, 600, id="twice as much"),
        pytest.param(100_000, 900, id="never so long that devices seem silent"),
    ],
)
def test_spread(rate, spread):
    assert stretched(300, rate, 300, 900) == spread


def test_a_long_pause_of_the_makers_own_stays():
    assert stretched(3600, 10_000, 300, 900) == 3600


@given(usual=numbers, rate=numbers, most=numbers, chance=st.floats(0, 1))
def test_a_pause_is_near_the_usual_one_or_longer(usual, rate, most, chance):
    spread = stretched(usual, rate, most, 900)
    assert usual / 2 <= pause(usual, spread, chance) <= usual / 2 + max(spread, usual * 0.6001)


@given(st.integers(-10, 200_000))
def test_it_is_told_as_hours_minutes_seconds(seconds):
    hours, minutes, rest = sleep(seconds).split(":")
    assert all(len(part) == 2 and part.isdecimal() for part in (hours, minutes, rest))
    assert int(hours) < 24
    assert int(minutes) < 60
    assert int(rest) < 60


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def polls(devices, within, most, usual=300, until=1800, seed=1):
    """Let devices that all return `within` seconds follow what they are told; return polls in each second."""
    chance, clock = random.Random(seed), Clock()  # noqa: S311 (a simulation)
    pace = Pace(usual, most, chance=chance.random, monotonic=clock)
    due: dict[int, int] = {}
    for _ in range(devices):
        second = int(chance.random() * within)
        due[second] = due.get(second, 0) + 1
    counts = []
    for second in range(until):
        clock.now = second
        now = due.pop(second, 0)
        counts.append(now)
        for _ in range(now):
            pace.polled()
        for _ in range(now):
            later = second + pace.next()
            due[later] = due.get(later, 0) + 1
    return counts


def test_a_herd_after_an_outage_is_flattened_with_its_first_answer():
    """60,000 devices come back within 10 s: 6,000 polls a second where 300 are welcome."""
    counts = polls(60_000, within=10, most=300)
    assert max(counts[:10]) > 5_000
    assert max(counts[10:]) < 300
    assert sum(counts[10:1000]) > 30_000  # and nobody was forgotten


def test_without_spreading_the_herd_would_come_again():
    counts = polls(60_000, within=10, most=10**9)
    assert max(counts[200:400]) > 900


def test_a_calm_fleet_is_left_alone():
    counts = polls(3_000, within=300, most=300)
    assert max(counts) < 60


def test_the_rate_is_of_the_last_seconds():
    clock = Clock()
    pace = Pace(300, 10, monotonic=clock)
    for _ in range(1000):
        pace.polled()
    assert pace.rate() == 500
    assert pace.usual() == 900
    clock.now = 60
    assert pace.rate() == 0
    assert pace.usual() == 300
