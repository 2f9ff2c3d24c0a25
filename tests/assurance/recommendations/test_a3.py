"""A3 by when wrong credentials were last tried, and what was signed since: named cases."""

import pytest

from careful.assurance.recommendations.a1 import CREDENTIALS, INTERFACES


def probes(hours):
    for interface in INTERFACES:
        for credential in CREDENTIALS:
            yield (hours, "devices.access_probed", {"interface": interface, "credential": credential, "held": True})


def signed(hours, version="1.0", product="cam-1"):
    return (hours, "releases.signed", {"product": product, "version": version})


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Not every interface", id="nothing recorded"),
        pytest.param(list(probes(2))[1:], "unknown", "Not every interface", id="one cell missing"),
        pytest.param(list(probes(2)), "met", "nothing was released", id="no release yet"),
        pytest.param([signed(5), *probes(2)], "met", "tried since 1.0", id="tried since"),
        pytest.param([*probes(5), signed(2, "2.0")], "unknown", "2.0 was signed after", id="a release since"),
        pytest.param([*probes(5), signed(2), *probes(1)], "met", "tried since 1.0", id="tried again"),
        pytest.param([signed(9), *probes(5), signed(2, "1.1", "hub")], "unknown", "hub: 1.1", id="of another product"),
        pytest.param(list(probes(24 * 91)), "unknown", "counts for 90 days", id="too old"),
    ],
)
def test_a3(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
