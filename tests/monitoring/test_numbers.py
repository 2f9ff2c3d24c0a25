"""Limits against chance, and baselines."""
# ruff: noqa: S311 (what is drawn here is no secret)

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.monitoring.numbers import Baseline, most_by_chance, steady


@pytest.mark.parametrize(("mean", "chance"), [(0.1, 1e-3), (1, 1e-6), (60, 1e-4), (3600, 1e-6)])
def test_the_limit_is_above_the_mean_and_not_far_from_it(mean, chance):
    limit = most_by_chance(mean, chance)
    assert mean < limit <= mean + 8 * mean**0.5 + 12


def test_what_is_declared_as_none_may_not_happen_once():
    assert most_by_chance(0, 0.5) == 0


def test_chance_stays_within_its_share():
    draw = random.Random(7)
    limit = most_by_chance(5, 1e-2)
    over = sum(sum(draw.random() < 0.005 for _ in range(1000)) > limit for _ in range(2000))
    assert over <= 2000 * 1e-2


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.floats(1e-9, 0.5), st.floats(1e-9, 0.5))
def test_more_mean_or_less_chance_never_lowers_the_limit(one, other, rare, rarer):
    low, high = sorted((one, other))
    rarer, rare = sorted((rare, rarer))
    assert most_by_chance(low, rare) <= most_by_chance(high, rare)
    assert most_by_chance(low, rare) <= most_by_chance(low, rarer)


def test_a_baseline_finds_level_and_spread():
    draw, learned = random.Random(3), Baseline()
    for _ in range(500):
        learned = learned.learn(draw.gauss(50, 4))
    assert abs(learned.level - 50) < 2
    assert 2.5 < learned.spread < 6
    assert learned.distance(50 + 10 * learned.spread) > 8


def test_one_value_moves_a_baseline_by_little():
    learned = Baseline(50, 2, 100)
    assert learned.learn(1e9).level == learned.learn(learned.level + 3 * learned.spread).level


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_counts_keep_their_order(one, other):
    low, high = sorted((one, other))
    assert steady(low) <= steady(high)
