import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.updates.model import Rollout, Wave, action_number


@given(st.integers(1, 10_000_000))
def test_action_ids_rise_and_are_never_multiples_of_ten(count):
    number = action_number(count)
    assert number % 10
    assert 0 < number < 1 << 31
    assert action_number(count + 1) > number


@pytest.mark.parametrize("count", [pytest.param(0, id="none"), pytest.param(1_932_735_284, id="beyond int32")])
def test_there_are_no_other_action_ids(count):
    with pytest.raises(OverflowError):
        action_number(count)


def test_the_last_action_id_fits_an_int32():
    assert action_number(1_932_735_283) == 2**31 - 1


def test_a_rollout_counts_over_its_waves(rollout_like):
    found: Rollout = rollout_like(
        Wave(number=1, asked="2", opened_at=None, counts={"confirmed": 2}),
        Wave(number=2, asked="100%", opened_at=None, counts={"confirmed": 1, "failed": 3}),
    )
    assert (found.size, found.count("confirmed"), found.count("failed", "silent")) == (6, 3, 3)
