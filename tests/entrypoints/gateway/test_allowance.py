from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.gateway.allowance import within
from careful.products import Rate

FEW = Rate(messages=2, per="minute")
SMALL = Rate(bytes=100, per="hour")
BOTH = Rate(messages=2, bytes=100, per="day")


def test_messages_and_bytes_each_have_their_end():
    spent = {}
    assert [within(spent, "a", FEW, 999, now) for now in (0.0, 59.0, 59.9, 60.0, 60.1, 60.2)] == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]
    assert [within({}, "a", SMALL, size, 0.0) for size in (0, 100, 101)] == [True, True, False]
    spent = {}
    assert [within(spent, "a", BOTH, size, 0.0) for size in (90, 20, 10, 0)] == [True, False, True, False]


def test_each_data_item_has_its_own():
    spent = {}
    assert within(spent, "a", FEW, 1, 0.0)
    assert within(spent, "a", FEW, 1, 0.0)
    assert within(spent, "b", FEW, 1, 0.0)
    assert not within(spent, "a", FEW, 1, 0.0)


@given(st.lists(st.floats(0, 100), max_size=60))
def test_no_time_of_a_rate_ever_takes_more_than_its_number(gaps):
    spent, now, taken = {}, 0.0, []
    for gap in gaps:
        now += gap
        if within(spent, "a", FEW, 1, now):
            taken.append((spent["a"][0], now))
    for began in {start for start, _ in taken}:
        inside = [at for start, at in taken if start == began]
        assert len(inside) <= FEW.messages
        assert all(0.0 <= at - began < 60.0 for at in inside)
