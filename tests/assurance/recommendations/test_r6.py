"""R6 by owners told of confirmed flaws: named cases."""

import pytest

CASES = [
    pytest.param([], "not applicable", "No flaw", id="none confirmed"),
    pytest.param(
        [
            (5, "vulnerabilities.judged", {"case": "c", "flaw": "CVE-1", "product": "cam", "status": "affected"}),
            (2, "notices.owners_told", {"case": "c", "told": 7}),
        ],
        "met",
        "7 owners told 3 hours",
        id="told",
    ),
    pytest.param(
        [(5, "vulnerabilities.judged", {"case": "c", "flaw": "CVE-1", "product": "cam", "status": "affected"})],
        "not met",
        "5 hours ago",
        id="not told",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_r6(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
