"""C12 by told in time: named cases."""

import pytest

CASES = [
    pytest.param(
        [
            (50, "vulnerabilities.judged", {"case": "c", "flaw": "CVE-1", "product": "cam", "status": "affected"}),
            (2, "notices.owners_told", {"case": "c", "told": 7}),
        ],
        "met",
        "2 days",
        id="in time",
    ),
    pytest.param(
        [
            (60, "vulnerabilities.case_opened", {"case": "c", "exploited": True}),
            (50, "vulnerabilities.judged", {"case": "c", "flaw": "CVE-1", "product": "cam", "status": "affected"}),
            (2, "notices.owners_told", {"case": "c", "told": 7}),
        ],
        "not met",
        "allowed 1 day",
        id="exploited has 24 hours",
    ),
    pytest.param(
        [(5, "vulnerabilities.judged", {"case": "c", "flaw": "CVE-1", "product": "cam", "status": "affected"})],
        "unknown",
        "not told yet",
        id="still time",
    ),
    pytest.param(
        [(99, "vulnerabilities.judged", {"case": "c", "flaw": "CVE-1", "product": "cam", "status": "affected"})],
        "not met",
        "without telling",
        id="too late and silent",
    ),
    pytest.param([], "not applicable", "No flaw", id="none confirmed"),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_c12(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
