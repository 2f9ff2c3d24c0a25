"""D4 by comparisons of recorded traffic: named cases."""

import pytest

DECLARED = (9000, "products.declared", {"product": "cam"})


def compared(hours, **what):
    data = {
        "product": "cam", "release": "2.0", "seen": 5, "undeclared": 0, "declared": 5, "never_seen": 0,
        "streams_undeclared": 0, "streams_never_seen": 0, "in_the_clear": 0, "callers": 0, "amplification": 0,
    } | what  # fmt: skip
    return (hours, "monitoring.traffic_compared", data)


CASES = [
    pytest.param([DECLARED], "unknown", "No recording of the traffic of cam", id="nothing recorded"),
    pytest.param([DECLARED, compared(5)], "met", "all 5 conversations", id="all declared"),
    pytest.param([DECLARED, compared(5, undeclared=1)], "not met", "of 5 conversations", id="one undeclared"),
    pytest.param([DECLARED, compared(9, undeclared=1), compared(5)], "met", "all 5", id="mended"),
    pytest.param([DECLARED, compared(181 * 24)], "unknown", "counts for 180 days", id="too old"),
    pytest.param([DECLARED, compared(5, seen=0)], "unknown", "shows no conversation", id="an empty recording"),
    pytest.param(
        [DECLARED, compared(5), (4, "products.approved", {"product": "cam"})],
        "unknown",
        "another product file",
        id="a new file",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_d4(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
