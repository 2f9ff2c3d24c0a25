"""R5 by recordings of the newest release: named cases."""

import pytest

DECLARED = (9000, "products.declared", {"product": "cam"})
SIGNED = (100, "releases.signed", {"product": "cam", "version": "2.0"})


def compared(hours, **what):
    data = {
        "product": "cam", "release": "2.0", "seen": 5, "undeclared": 0, "declared": 5, "never_seen": 0,
        "streams_undeclared": 0, "streams_never_seen": 0, "in_the_clear": 0, "callers": 0, "amplification": 0,
    } | what  # fmt: skip
    return (hours, "monitoring.traffic_compared", data)


CASES = [
    pytest.param([DECLARED], "unknown", "Nobody has recorded", id="nothing recorded"),
    pytest.param([DECLARED, SIGNED, compared(5)], "met", "all 5 declared conversations", id="as declared"),
    pytest.param([DECLARED, compared(5, release="")], "met", "all 5", id="before any release"),
    pytest.param([DECLARED, SIGNED, compared(5, undeclared=2)], "not met", "not declared: 2", id="unexpected"),
    pytest.param([DECLARED, SIGNED, compared(5, never_seen=1)], "not met", "never seen: 1", id="expected and missing"),
    pytest.param([DECLARED, SIGNED, compared(5, streams_never_seen=1)], "not met", "1 streams", id="a stream missing"),
    pytest.param([DECLARED, SIGNED, compared(5, streams_undeclared=1)], "not met", "1 streams", id="another stream"),
    pytest.param(
        [DECLARED, SIGNED, compared(5, in_the_clear=3)], "not met", "without encryption: 3", id="in the clear"
    ),
    pytest.param([DECLARED, SIGNED, compared(5, release="1.0")], "unknown", "is of 1.0", id="an older release"),
    pytest.param([DECLARED, SIGNED, compared(5, release="")], "unknown", "was not named", id="of some release"),
    pytest.param([DECLARED, SIGNED, compared(181 * 24)], "unknown", "counts for 180 days", id="too old"),
    pytest.param([DECLARED, SIGNED, compared(5, seen=0)], "unknown", "no conversation", id="an empty recording"),
    pytest.param(
        [DECLARED, SIGNED, compared(5), (4, "products.approved", {"product": "cam"})],
        "unknown",
        "another",
        id="a new file",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_r5(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
