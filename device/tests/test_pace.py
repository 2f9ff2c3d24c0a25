import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful_device.pace import SLOWEST, WINDOW, Pace


@pytest.mark.parametrize(
    ("every", "bytes_each", "good"),
    [
        pytest.param(1.0, 1000, True, id="slow radio"),
        pytest.param(1.0, SLOWEST, True, id="just enough"),
        pytest.param(1.0, SLOWEST - 1, False, id="too slow"),
        pytest.param(29.0, 1, False, id="a byte before each timeout"),
        pytest.param(61.0, 10_000, True, id="in large pieces, far apart"),
    ],
)
def test_how_slow_it_may_be(every, bytes_each, good):
    pace, now = Pace(0.0), 0.0
    kept = True
    while now < 4 * WINDOW:
        now += every
        kept = kept and pace.keeps(now, bytes_each)
    assert kept is good


def test_what_came_fast_before_does_not_excuse_what_drips_now():
    pace = Pace(0.0)
    assert pace.keeps(1.0, 10**9)
    assert pace.keeps(61.0, 1)
    assert not pace.keeps(125.0, 1)


@given(st.lists(st.tuples(st.floats(0.01, 30), st.integers(0, SLOWEST // 4)), min_size=1, max_size=200))
def test_a_drip_is_ended_within_two_windows(steps):
    pace, now, kept = Pace(0.0), 0.0, True
    for delay, arrived in steps:
        now += delay
        kept = kept and pace.keeps(now, int(arrived * min(delay, 1)))
        if now > 2 * WINDOW + 30:
            assert not kept
