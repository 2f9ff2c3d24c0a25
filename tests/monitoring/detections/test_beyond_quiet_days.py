"""More than on the quiet days."""

import dataclasses

import pytest

from careful.monitoring.detections.beyond_quiet_days import FLOORS, Memory, detect, figures
from careful.monitoring.learnt import Learnt

QUIET = Learnt(most={"messages": 100.0})


def seen(expected, window, learnt=QUIET, memory=None):
    return detect(window, dataclasses.replace(expected, learnt=learnt), memory or Memory())


@pytest.mark.parametrize(
    ("what", "learnt", "fires"),
    [
        ({"messages": {"a": 400}}, QUIET, False),
        ({"messages": {"a": 401}}, QUIET, True),
        ({"messages": {"a": 401}}, None, False),
        ({"bytes": {"a": 20_001}}, QUIET, True),
        ({"connects": 8}, QUIET, False),
        ({"connects": 9}, QUIET, True),
        ({"counters": {"subscriptions": 21}}, QUIET, True),
        ({"messages": {"a": 4001}, "seconds": 600.0}, QUIET, True),
        ({"messages": {"a": 3999}, "seconds": 600.0}, QUIET, False),
    ],
    ids=[
        "as much",
        "more",
        "nothing learnt",
        "bytes",
        "few connects",
        "connects",
        "subscriptions",
        "long",
        "long, less",
    ],
)
def test_cases(what, learnt, fires, expected, a_window):
    assert (seen(expected, a_window(**what), learnt)[0] is not None) is fires


def test_a_minute_adds_up_and_then_begins_anew(expected, a_window):
    memory, fired = Memory(), []
    for second in range(0, 200, 10):
        found, memory = seen(expected, a_window(start=1e6 + second, messages={"a": 90}), memory=memory)
        fired.append(found is not None)
    assert fired[:6] == [False, False, False, False, True, True]
    assert not fired[6]


def test_every_floor_is_of_a_figure(a_window):
    assert set(FLOORS) == set(figures(a_window()))
