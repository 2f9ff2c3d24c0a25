"""R7 by devices that updated by themselves: named cases."""

import pytest

CASES = [
    pytest.param(
        [
            (9, "releases.signed", {"product": "cam"}),
            (8, "updates.rollout_started", {"rollout": "x", "product": "cam", "version": "1.0", "devices": 2}),
            (7, "updates.device_updated", {"rollout": "x"}),
        ],
        "met",
        "1 of 2",
        id="took it",
    ),
    pytest.param([(9, "releases.signed", {"product": "cam"})], "unknown", "ever rolled out", id="never rolled out"),
    pytest.param(
        [
            (9, "releases.signed", {"product": "cam"}),
            (8, "updates.rollout_started", {"rollout": "x", "product": "cam", "version": "1.0", "devices": 2}),
        ],
        "unknown",
        "0 of 2",
        id="nobody took it yet",
    ),
    pytest.param(
        [
            (9, "releases.signed", {"product": "cam"}),
            (8, "updates.rollout_started", {"rollout": "x", "product": "cam", "version": "1.0", "devices": 2}),
            (7, "updates.rollout_halted", {"rollout": "x"}),
        ],
        "not met",
        "halted",
        id="halted with nobody",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_r7(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
