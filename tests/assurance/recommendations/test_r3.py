"""R3 by signs of life and drills: named cases."""

import pytest


def watched(hours=1, sources=("mqtt", "https")):
    return [(hours, "monitoring.watched", {"source": source}) for source in sources]


def drills(hours=1, held=True):
    return [
        (hours, "monitoring.drilled", {"kind": kind, "seen_ms": 800 if held else None, "cut_ms": None, "held": held})
        for kind in ("stolen-credential", "exfiltration")
    ]


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Nothing has been recorded", id="nothing recorded"),
        pytest.param([*drills(), *watched()], "met", "is being watched", id="watched and rehearsed"),
        pytest.param(
            [*drills(), *watched(4, ("mqtt",)), *watched(1, ("https",))],
            "not met",
            "The gateway for MQTT has sent no signal to the watch for 4 hours",
            id="a quiet source",
        ),
        pytest.param(watched(), "unknown", "No stolen key was ever rehearsed", id="never rehearsed"),
        pytest.param([*drills(held=False), *watched()], "not met", "noticed never", id="a drill failed"),
        pytest.param([*drills(24 * 91), *watched()], "unknown", "counts for 90 days", id="rehearsed too long ago"),
    ],
)
def test_r3(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
