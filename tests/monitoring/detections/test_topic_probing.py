"""Trying topics that are not one's own."""

import pytest

from careful.monitoring.detections.topic_probing import Memory, detect

CASES = {
    "one of another device": ({"foreign-topic": 1}, "alert"),
    "three of another device": ({"foreign-topic": 2, "client-id": 1}, "quarantine"),
    "listening to everything": ({"foreign-subscription": 14}, "alert"),
    "two that do not exist": ({"undeclared-stream": 2}, None),
    "three that do not exist": ({"undeclared-stream": 2, "unknown-topic": 1}, "alert"),
    "other refusals": ({"malformed-payload": 50, "undeclared-field": 9}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window):
    refusals, action = CASES[case]
    found, _ = detect(a_window(refusals=refusals), expected, Memory())
    assert (found and found.action) == action


def test_tries_add_up_over_a_minute(expected, a_window):
    memory = Memory()
    for second in range(3):
        found, memory = detect(a_window(start=1e6 + second, refusals={"foreign-topic": 1}), expected, memory)
    assert found.action == "quarantine"
    found, _ = detect(a_window(start=1e6 + 90, refusals={"foreign-topic": 1}), expected, memory)
    assert found.action == "alert"
