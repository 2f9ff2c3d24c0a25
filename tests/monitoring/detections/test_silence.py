"""Not being heard."""

import dataclasses

import pytest

from careful.monitoring.detections.silence import Memory, detect

HEARD = Memory(1e6)


@pytest.mark.parametrize(("after", "fires"), [(300, False), (880, False), (901, True), (90_000, True)])
def test_three_heartbeats_without_a_word(after, fires, expected, a_window):
    assert bool(detect(a_window(start=1e6 + after), expected, HEARD)[0]) is fires


def test_a_word_ends_it(expected, a_window):
    found, memory = detect(a_window(start=1e6 + 5000, messages={"up/telemetry": 1}), expected, HEARD)
    assert found is None
    assert memory.heard == 1e6 + 5001


def test_who_was_never_heard_is_not_missed_at_once(expected, a_window):
    assert detect(a_window(), expected, Memory())[0] is None


def test_without_a_heartbeat_silence_is_not_judged(expected, a_window):
    blank = dataclasses.replace(expected, heartbeat_seconds=None)
    assert detect(a_window(start=2e6), blank, HEARD)[0] is None
