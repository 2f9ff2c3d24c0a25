"""Packets that break the protocol."""

import pytest

from careful.monitoring.detections.malformed import Memory, detect


@pytest.mark.parametrize(
    ("refusals", "fires"),
    [({}, False), ({"malformed": 2}, False), ({"malformed": 3}, True), ({"undeclared-field": 9}, False)],
    ids=["none", "a slip", "several", "another refusal"],
)
def test_cases(refusals, fires, expected, a_window):
    assert (detect(a_window(refusals=refusals), expected, Memory())[0] is not None) is fires


def test_they_add_up_for_five_minutes(expected, a_window):
    memory = Memory()
    for start, fires in ((0.0, False), (100.0, False), (290.0, True), (900.0, False)):
        found, memory = detect(a_window(start=start, refusals={"malformed": 1}), expected, memory)
        assert (found is not None) is fires
