"""M10 by probes of the doors and signs of the watch: named cases."""

import pytest

DOORS = ("mqtt", "ddi", "est")


def probes(hours=1, held=True):
    return [
        (hours, "devices.access_probed", {"interface": door, "credential": "wrong", "held": held}) for door in DOORS
    ]


def watched(hours=1, sources=("mqtt", "https")):
    return [(hours, "monitoring.watched", {"source": source}) for source in sources]


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Nothing has been recorded", id="nothing recorded"),
        pytest.param([*probes(), *watched()], "met", "being watched", id="secured and watched"),
        pytest.param(probes(), "not met", "Secured, not monitored.", id="no source at all"),
        pytest.param([*probes(), *watched(5)], "not met", "no signal to the watch for 5 hours", id="gone quiet"),
        pytest.param([*probes(), *watched(sources=("mqtt",))], "not met", "enrolment door never sent", id="one quiet"),
        pytest.param([*probes(held=False), *watched()], "not met", "must refuse: wrong", id="a door that let in"),
        pytest.param(watched(), "unknown", "Nobody has tried", id="never tried"),
        pytest.param([*probes(24 * 91), *watched()], "unknown", "counts for 90 days", id="tried too long ago"),
    ],
)
def test_m10(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
