"""A1 by what wrong credentials were answered: named cases."""

import pytest

from careful.assurance.recommendations.a1 import CREDENTIALS, INTERFACES


def probes(hours=1, **odd):
    for interface in INTERFACES:
        for credential in CREDENTIALS:
            got = odd.get(f"{interface}_{credential}", "refused")
            fields = {"interface": interface, "credential": credential, "expected": "refused", "got": got}
            yield (hours, "devices.access_probed", fields | {"held": got == "refused"})


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Never tried", id="never tried"),
        pytest.param(list(probes()), "met", "mqtt refused", id="all refused"),
        pytest.param(list(probes())[:-1], "unknown", "mqtt with revoked", id="one cell missing"),
        pytest.param(list(probes(ddi_revoked="200")), "not met", "'200'", id="a revoked one got in"),
        pytest.param([*probes(ddi_revoked="200"), *probes()], "met", "ddi refused", id="mended since"),
        pytest.param(list(probes(hours=24 * 91)), "unknown", "counts for 90 days", id="too long ago"),
    ],
)
def test_a1(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
