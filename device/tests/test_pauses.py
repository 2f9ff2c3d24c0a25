from hypothesis import given
from hypothesis import strategies as st

from careful_device.pauses import pause


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(1, 1000))
def test_pauses_grow_to_a_bound_and_never_vanish(failures, spread, longest):
    now, then = pause(failures, spread, longest), pause(failures + 1, spread, longest)
    assert 0.75 <= now <= then <= longest * 1.25


def test_devices_do_not_come_back_together():
    assert pause(3, 0.0) < pause(3, 0.5) < pause(3, 1.0)
