"""A large amount of data leaves a device."""

import dataclasses

from careful.monitoring.detections.large_transfer import Memory, detect
from careful.monitoring.model import Expected
from careful.monitoring.numbers import Baseline


def sent(a_window, count, **what):
    return a_window(bytes={"up/telemetry": count}, **what)


def test_eight_times_the_declared_rate_is_shown_and_far_more_cut_off(expected, a_window):
    assert detect(sent(a_window, 200_000), expected, Memory())[0] is None
    shown = detect(sent(a_window, 300_000), expected, Memory())[0]
    assert (shown.action, shown.limit_from, shown.limit) == ("alert", "declaration", 256_000)
    assert detect(sent(a_window, 2_000_000), expected, Memory())[0].action == "quarantine"


def test_it_adds_up_over_a_minute_and_not_longer(expected, a_window):
    memory, fired = Memory(), []
    for second in range(300):
        found, memory = detect(sent(a_window, 4_000, start=1e6 + second), expected, memory)
        fired += [found] if found else []
    assert fired == []
    for second in range(60):
        found, memory = detect(sent(a_window, 5_000, start=1e6 + 300 + second), expected, memory)
        fired += [found] if found else []
    assert fired


def test_strangers_get_less(expected, a_window, a_flow):
    flows = (a_flow(host="evil.example", bytes_out=70_000),)
    found = detect(a_window(flows=flows), expected, Memory())[0]
    assert (found.action, found.observed) == ("quarantine", 70_000)
    assert detect(a_window(flows=(a_flow(bytes_out=70_000),)), expected, Memory())[0] is None


def test_the_past_explains_where_the_declaration_does_not(a_window):
    blank = Expected("cam-9")
    assert detect(sent(a_window, 10_000_000), blank, Memory())[0] is None
    assert detect(sent(a_window, 100_000_000), blank, Memory())[0].limit_from == "built-in"
    usual = Memory(usual=Baseline(17.0, 0.5, 100))  # about 131 kB a minute
    found = detect(sent(a_window, 2_000_000), blank, usual)[0]
    assert found.limit_from == "baseline"
    assert 1_000_000 < found.limit < 1_100_000


def test_a_stream_without_declared_bytes_leaves_the_limit_to_the_past(expected, a_window):
    more = dataclasses.replace(expected, streams={**expected.streams, "motion_clip": frozenset()})
    assert detect(sent(a_window, 2_000_000), more, Memory())[0] is None
