"""Groups: in order, all of it, no bigger than they should be, and nobody waits twice."""

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.groups import Groups


def everything(groups):
    found, more = [], True
    while more:
        group, more = groups.take(5.0)
        found.append(group)
    return found


@given(st.lists(st.integers(1, 6), max_size=30), st.integers(1, 10))
def test_all_of_it_in_order_and_no_group_too_big(counts, most):
    groups = Groups(most, 0.0)
    for place, count in enumerate(counts):
        groups.put((place, count), count)
    groups.close()
    found = everything(groups)
    assert [place for group in found for place, _ in group] == list(range(len(counts)))
    assert all(sum(count for _, count in group[:-1]) < most for group in found)


def test_the_first_group_does_not_wait_and_the_next_begins_in_time():
    groups = Groups(100, 0.2)
    groups.put("a", 1)
    began = time.monotonic()
    assert groups.take(5.0) == (["a"], True)
    assert time.monotonic() - began < 0.1
    groups.put("b", 1)
    threading.Timer(0.05, groups.put, ("c", 1)).start()
    assert groups.take(5.0) == (["b", "c"], True)
    assert 0.15 < time.monotonic() - began < 0.5


def test_enough_is_enough():
    groups = Groups(2, 30.0)
    groups.put("a", 1)
    groups.take(5.0)
    groups.put("b", 1)
    threading.Timer(0.05, groups.put, ("c", 1)).start()
    began = time.monotonic()
    assert groups.take(5.0) == (["b", "c"], True)
    assert time.monotonic() - began < 5


def test_closing_wakes_whoever_waits():
    groups = Groups(100, 30.0)
    groups.put("a", 1)
    groups.take(5.0)
    groups.put("b", 1)
    threading.Timer(0.05, groups.close).start()
    assert groups.take(5.0) == (["b"], False)


def test_nothing_came():
    assert Groups(1, 0.0).take(0.01) == ([], True)
