"""Sending more than was declared."""

import pytest

from careful.monitoring.detections.rate_over_limit import Memory, detect, limits
from careful.monitoring.model import Rate


def run(windows, expected):
    memory, found = Memory(), []
    for one in windows:
        detection, memory = detect(one, expected, memory)
        found += [detection] if detection else []
    return found


def steps(a_window, count, size=100, seconds=10.0, stream="telemetry"):
    return [
        a_window(start=1e6 + seconds * n, messages={f"up/{stream}": 1}, bytes={f"up/{stream}": size})
        for n in range(count)
    ]


CASES = {
    "the declared rate": ({"count": 60, "seconds": 60.0}, False),
    "a burst of all that is declared": ({"count": 60, "seconds": 0.1}, False),
    "three times as much": ({"count": 180, "seconds": 20.0}, True),
    "few messages with many bytes": ({"count": 30, "seconds": 60.0, "size": 5000}, True),
    "a stream without a rate": ({"count": 500, "seconds": 1.0, "stream": "other"}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window):
    what, fires = CASES[case]
    assert bool(run(steps(a_window, **what), expected)) is fires


def test_the_limit_is_the_declared_number_and_what_chance_adds():
    messages, sent = limits(Rate(60, 12_000, 3600), 1)
    assert 60 < messages < 120
    assert sent == pytest.approx(12_000 * messages / 60)
    assert limits(Rate(None, 1000, 3600), 1) == (None, 2000)


def test_a_new_period_begins_at_nothing(expected, a_window):
    assert run(steps(a_window, 300, seconds=61.0), expected) == []


def test_what_was_saved_up_while_away_is_no_excess(expected, a_window):
    before = steps(a_window, 1)
    back = [a_window(start=1e6 + 36_000 + n, messages={"up/telemetry": 50}) for n in range(10)]
    assert run(before + back, expected) == []
    more = [a_window(start=1e6 + 36_020, messages={"up/telemetry": 400})]
    assert run(before + back + more, expected)


def test_what_the_gateway_refused_for_its_rate_counts(expected, a_window):
    assert run([a_window(refusals={"over-rate": 4})], expected) == []
    assert run([a_window(refusals={"over-rate": 5})], expected)[0].cause == "rate_over_limit|cam-9|refused"
    assert run([a_window(start=1e6 + 61 * n, refusals={"over-rate": 4}) for n in range(5)], expected) == []
