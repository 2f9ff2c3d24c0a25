"""C13 by every device accounted for: named cases."""

import pytest

CASES = [
    pytest.param(
        [
            (9, "notices.advisory_published", {"case": "c", "flaw": "CVE-1", "product": "cam"}),
            (2, "vulnerabilities.case_closed", {"case": "c", "exposed": 9, "fixed": 8, "accounted": 1}),
        ],
        "met",
        "8 of 9",
        id="closed with all",
    ),
    pytest.param(
        [(9, "notices.advisory_published", {"case": "c", "flaw": "CVE-1", "product": "cam"})],
        "not met",
        "not every device",
        id="still open",
    ),
    pytest.param(
        [
            (9, "notices.advisory_published", {"case": "c", "flaw": "CVE-1", "product": "cam"}),
            (2, "vulnerabilities.case_closed", {"case": "c", "exposed": 9, "fixed": 7, "accounted": 1}),
        ],
        "not met",
        "7 of 9",
        id="closed short of one",
    ),
    pytest.param([], "not applicable", "No advisory", id="nothing published"),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_c13(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
