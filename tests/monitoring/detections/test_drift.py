"""Being unlike oneself, or unlike one's kind."""
# ruff: noqa: S311 (what is drawn here is no secret)

import dataclasses
import random

from careful.monitoring.detections.drift import FIGURES, Memory, detect, figures, levels


def minutes(a_window, count, draw, mean=6, size=200, begin=0):
    for minute in range(begin, begin + count):
        messages = sum(draw.random() < mean / 60 for _ in range(60)) or 1
        yield a_window(start=1e6 + 60.0 * minute, messages={"up/t": messages}, bytes={"up/t": messages * size})


def run(windows, expected, memory=None):
    memory, found = memory or Memory(), []
    for one in windows:
        detection, memory = detect(one, expected, memory)
        found += [detection] if detection else []
    return found, memory


def test_days_like_any_other_are_quiet(expected, a_window):
    assert run(minutes(a_window, 1500, random.Random(1)), expected)[0] == []


def test_twenty_times_as_much_in_two_ways_is_found(expected, a_window):
    draw = random.Random(2)
    _, memory = run(minutes(a_window, 60, draw), expected)
    found, _ = run(minutes(a_window, 3, draw, mean=59, size=20_000, begin=60), expected, memory)
    assert found
    assert found[0].limit_from == "baseline"
    assert "bytes" in found[0].says


def test_one_strange_figure_alone_is_not_enough(expected, a_window):
    _, memory = run(minutes(a_window, 60, random.Random(3)), expected)
    one = [a_window(start=1e6 + 60.0 * n, messages={"up/t": 6}, bytes={"up/t": 1200}, connects=99) for n in (60, 61)]
    assert run(one, expected, memory)[0] == []


def test_nothing_is_judged_before_enough_was_seen(expected, a_window):
    _, memory = run(minutes(a_window, 10, random.Random(4)), expected)
    assert levels(memory) is None
    assert run(minutes(a_window, 5, random.Random(5), mean=59, size=90_000, begin=10), expected, memory)[0] == []


def test_ones_kind_tells_where_one_was_wrong_from_the_start(expected, a_window):
    _, calm = run(minutes(a_window, 60, random.Random(6)), expected)
    kind = dataclasses.replace(expected, cohort={name: (one, 1.0, 20) for name, one in levels(calm).items()})
    found, _ = run(minutes(a_window, 5, random.Random(7), mean=59, size=900_000), kind)
    assert found
    assert found[0].cause == "drift|cam-9|kind"
    few = dataclasses.replace(kind, cohort={name: (one, 1.0, 3) for name, one in levels(calm).items()})
    assert run(minutes(a_window, 5, random.Random(7), mean=59, size=900_000), few)[0] == []


def test_there_is_a_value_for_every_figure():
    assert len(figures((0.0,) * 6)) == len(FIGURES)
