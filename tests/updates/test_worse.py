import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from careful.updates.worse import UNLIKELY, Watched, chance, verdict


def seen(hours, crashed, devices=None):
    return Watched(hours=hours, crashed=crashed, devices=crashed if devices is None else devices)


@pytest.mark.parametrize(
    ("updated", "others", "halts"),
    [
        pytest.param(seen(10, 10), seen(1000, 10), True, id="a hundred times more often"),
        pytest.param(seen(100, 10), seen(1000, 100), False, id="as often"),
        pytest.param(seen(100, 12), seen(1000, 100), False, id="by chance"),
        pytest.param(seen(10, 500, devices=2), seen(1000, 10), False, id="two devices never decide"),
        pytest.param(seen(0.5, 10), seen(1000, 10), False, id="watched for too short"),
        pytest.param(seen(10, 10), seen(0, 0), False, id="nobody to compare with"),
        pytest.param(seen(10, 0), seen(1000, 100), False, id="none"),
        pytest.param(seen(10, 6), seen(10_000, 0), True, id="the others never crash"),
    ],
)
def test_when_crashes_halt(updated, others, halts):
    assert bool(verdict(updated, others)) is halts


def test_it_says_why():
    says = verdict(seen(10, 10), seen(1000, 10))
    assert says == (
        "Devices with it crash more: 10 of them, in 1e+02 % of hours; those without it in 1 % (chance below 1 in "
        "1,000,000,000)."
    )


HOURS, COUNT = st.floats(1, 1e6), st.integers(0, 60)


@given(HOURS, COUNT, HOURS, COUNT)
def test_the_chance_is_the_exact_tail(hours, crashed, other_hours, others):
    total, share = crashed + others, hours / (hours + other_hours)
    exact = math.fsum(math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(crashed, total + 1))
    assert chance(seen(hours, crashed), seen(other_hours, others)) == pytest.approx(
        min(1.0, exact), rel=1e-6, abs=1e-12
    )


@given(HOURS, COUNT, HOURS, COUNT)
def test_one_more_crash_never_looks_better(hours, crashed, other_hours, others):
    assume(hours + other_hours > 0)
    less = chance(seen(hours, crashed), seen(other_hours, others))
    more = chance(seen(hours, crashed + 1), seen(other_hours, others))
    assert more <= less + 1e-9
    assert verdict(seen(hours, crashed), seen(other_hours, others)) == "" or less < UNLIKELY
