"""R9 by what real devices refused: named cases."""

import pytest

from careful.assurance.recommendations.r9 import KINDS

FIRST = (999, "releases.signed", {"product": "cam", "version": "1.0"})
SIGNED = (99, "releases.signed", {"product": "cam", "version": "1.1"})


def drills(outcome="held", kinds=tuple(KINDS), hours=1):
    return [(hours, f"updates.drill_{outcome}", {"product": "cam", "kind": kind}) for kind in kinds]


def key(outcome="held"):
    return (1, f"updates.key_drill_{outcome}", {"product": "cam", "role": "targets"})


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([FIRST, SIGNED, *drills()], "met", "refused an altered image", id="all refused"),
        pytest.param([FIRST, SIGNED], "unknown", "was ever offered", id="never rehearsed"),
        pytest.param([FIRST, SIGNED, *drills(kinds=("tampered",))], "unknown", "an older version", id="one of three"),
        pytest.param(
            [FIRST, SIGNED, *drills(), *drills("failed", ("rollback",))], "not met", "installed", id="one installed"
        ),
        pytest.param([FIRST, SIGNED, *drills("failed"), *drills()], "met", "refused", id="mended since"),
        pytest.param([FIRST, SIGNED, *drills(hours=24 * 91)], "unknown", "90 days", id="too long ago"),
        pytest.param([FIRST, *drills(kinds=("tampered", "wrong_model"))], "met", "refused", id="no older version yet"),
        pytest.param([FIRST, SIGNED, *drills(), key("failed")], "not met", "revoked targets key", id="a revoked key"),
        pytest.param([FIRST, SIGNED, *drills(), key("failed"), key()], "met", "refused", id="a revoked key, mended"),
        pytest.param(
            [FIRST, SIGNED, *drills(), *drills("failed", ("wrong_device",))],
            "not met",
            "another device's",
            id="misdirected",
        ),
        pytest.param(
            [FIRST, SIGNED, *drills(), *drills(kinds=("wrong_device",))], "met", "refused", id="misdirected and refused"
        ),
        pytest.param([FIRST, SIGNED, key()], "unknown", "was ever offered", id="only a key rehearsed"),
        pytest.param([(9, "releases.added", {"product": "cam"})], "not applicable", "no signed", id="nothing shipped"),
    ],
)
def test_r9(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
