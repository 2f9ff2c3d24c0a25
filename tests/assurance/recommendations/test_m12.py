"""M12 by drills: named cases."""

import pytest


def drill(kind, hours=1, seen=800, cut=1400, held=True):
    return (hours, "monitoring.drilled", {"kind": kind, "seen_ms": seen, "cut_ms": cut, "held": held})


BOTH = [drill("stolen-credential"), drill("scan")]


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "careful drill stolen-credential", id="nothing recorded"),
        pytest.param(BOTH, "met", "seen after 0.8 s, cut off after 1.4 s", id="seen and cut off"),
        pytest.param(BOTH[:1], "unknown", "No scan was ever rehearsed", id="one of two"),
        pytest.param(
            [*BOTH, drill("stolen-credential", 0.5, None, None, held=False)],
            "not met",
            "noticed never. Drill failed.",
            id="noticed never",
        ),
        pytest.param([*BOTH, drill("scan", 0.5, 4000, 5000, held=False)], "not met", "too late", id="too late"),
        pytest.param([drill("scan", 9, None, None, held=False), *BOTH], "met", "seen after", id="mended since"),
        pytest.param(
            [drill("stolen-credential", 24 * 91), drill("scan")], "unknown", "counts for 90 days", id="too long ago"
        ),
    ],
)
def test_m12(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
