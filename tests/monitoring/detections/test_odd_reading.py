"""Readings outside of all that were."""

import dataclasses

import pytest

from careful.monitoring.detections.odd_reading import Memory, beyond, detect
from careful.monitoring.learnt import Learnt, Span

QUIET = Learnt(readings={f"cam-9-1 reading:{name}/t": Span(10.0, 20.0) for name in "ab"})


def fired(expected, a_window, readings, learnt=QUIET):
    memory, found = Memory(), []
    for number, values in enumerate(readings):
        counters = {f"reading:{name}/t": value for name, value in values.items()}
        window = a_window(start=1e6 + 60 * number, counters=counters)
        detection, memory = detect(window, dataclasses.replace(expected, learnt=learnt), memory)
        found += [number] if detection else []
    return found


@pytest.mark.parametrize(
    ("readings", "when"),
    [
        ([{"a": 15.0}, {"a": 20.9}, {"a": 21.1}], []),
        ([{"a": 22.0}, {"a": 15.0}, {"a": 22.0}], []),
        ([{"a": 22.0}, {"a": 22.0}], [1]),
        ([{"a": 22.0, "b": 8.0}], [0]),
        ([{"c": 99.0}, {"c": 99.0}], []),
    ],
    ids=["within the margin", "one alone", "two in a row", "two at once", "an unknown sensor"],
)
def test_cases(readings, when, expected, a_window):
    assert fired(expected, a_window, readings) == when


def test_without_quiet_days_it_takes_six_hundred_readings(expected, a_window):
    usual = [{"a": float(10 + number % 11)} for number in range(700)]
    assert fired(expected, a_window, [*usual, {"a": 40.0}, {"a": 40.0}], None) == [701]
    assert fired(expected, a_window, [*usual[:500], {"a": 40.0}, {"a": 40.0}], None) == []


def test_a_lasting_change_is_told_for_a_while_and_then_learnt(expected, a_window):
    usual = [{"a": float(10 + number % 11)} for number in range(700)]
    assert len(fired(expected, a_window, [*usual, *[{"a": 40.0}] * 200], None)) < 45


def test_how_far_out():
    assert beyond(Span(0.0, 10.0), 11.0) == 0.0
    assert beyond(Span(0.0, 10.0), 12.2) == pytest.approx(0.1)
    assert beyond(Span(0.0, 10.0), -2.2) == pytest.approx(0.1)
    assert beyond(Span(5.0, 5.0), 99.0) == 0.0


def test_what_only_grows_is_no_reading(expected, a_window):
    grows = [{"a": float(number)} for number in range(700)]
    assert fired(expected, a_window, [*grows, {"a": 5000.0}, {"a": 6000.0}], None) == []
