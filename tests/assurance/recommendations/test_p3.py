"""P3 by recordings and live alerts: named cases."""

import pytest

DECLARED = (9000, "products.declared", {"product": "cam"})


def compared(hours, **what):
    data = {"product": "cam", "seen": 5, "undeclared": 0, "callers": 0, "amplification": 0} | what
    return (hours, "monitoring.traffic_compared", data)


def alert(hours, rule="scan", **what):
    return (hours, "monitoring.alert_raised", {"alert": "a1", "rule": rule, "product": "cam", "drill": False} | what)


EXPECTED = (3, "monitoring.alert_judged", {"alert": "a1", "verdict": "expected"})
CASES = [
    pytest.param([DECLARED], "unknown", "Nobody has recorded", id="nothing recorded"),
    pytest.param([DECLARED, compared(5)], "met", "no caller that is not declared", id="closed"),
    pytest.param([DECLARED, compared(5, callers=1, undeclared=1)], "not met", "answered 1 kinds", id="a door"),
    pytest.param([DECLARED, compared(5, amplification=31)], "not met", "gave 31 times", id="an amplifier"),
    pytest.param([DECLARED, compared(5, amplification=2)], "met", "no answer that amplifies", id="a little longer"),
    pytest.param([DECLARED, compared(5, undeclared=2)], "not met", "2 other conversations", id="undeclared calls"),
    pytest.param([DECLARED, compared(5, seen=0)], "unknown", "no conversation", id="an empty recording"),
    pytest.param([DECLARED, compared(181 * 24)], "unknown", "counts for 180 days", id="too old"),
    pytest.param([DECLARED, compared(5), alert(4)], "not met", "scans others: alert a1", id="a bot"),
    pytest.param([DECLARED, compared(5), alert(4), EXPECTED], "met", "no caller", id="expected"),
    pytest.param([DECLARED, compared(5), alert(4, drill=True)], "met", "no caller", id="a drill"),
    pytest.param([DECLARED, compared(5), alert(4, rule="silence")], "met", "no caller", id="another alert"),
    pytest.param([DECLARED, compared(5), alert(4, rule="open_service")], "not met", "finds, maps", id="open UPnP"),
    pytest.param([DECLARED, compared(5), alert(31 * 24)], "met", "no caller", id="long ago"),
    pytest.param([DECLARED, alert(4)], "not met", "scans others", id="a bot, and nothing recorded"),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_p3(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
