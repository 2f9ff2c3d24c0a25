"""M13 by drills and by alerts that wait: named cases."""

import pytest


def drill(kind, hours=1, held=True):
    return (hours, "monitoring.drilled", {"kind": kind, "seen_ms": 800, "cut_ms": 1400, "held": held})


def raised(hours, rule="large_transfer", drill=False):
    said = {"alert": "a1", "rule": rule, "product": "cam-1", "drill": drill}
    return (hours, "monitoring.alert_raised", said)


BOTH = [drill("exfiltration"), drill("flood")]
JUDGED = (1, "monitoring.alert_judged", {"alert": "a1"})


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "No leak of data was ever rehearsed", id="nothing recorded"),
        pytest.param(BOTH, "met", "Data was planted to leave", id="both seen"),
        pytest.param([BOTH[0], drill("flood", 1, held=False)], "not met", "Drill failed", id="one failed"),
        pytest.param([raised(80), *BOTH], "not met", "a large transfer in cam-1 has waited", id="an alert waits"),
        pytest.param([raised(20), *BOTH], "met", "planted", id="an alert waits not long"),
        pytest.param([raised(80), *BOTH, JUDGED], "met", "planted", id="judged"),
        pytest.param([raised(80, "silence"), *BOTH], "met", "planted", id="another rule"),
        pytest.param([raised(80, drill=True), *BOTH], "met", "planted", id="a drill's alert"),
        pytest.param([drill("exfiltration", 24 * 91), BOTH[1]], "unknown", "counts for", id="too long ago"),
    ],
)
def test_m13(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
