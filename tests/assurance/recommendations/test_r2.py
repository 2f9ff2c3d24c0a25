"""R2 by every release looked up and every case in time: named cases."""

import pytest

RELEASE = (9, "releases.added", {"product": "cam", "version": "1", "release": "r"})
MATCHED = (8, "vulnerabilities.release_matched", {"release": "r"})


def opened(due):
    return (7, "vulnerabilities.case_opened", {"case": "c", "flaw": "CVE-1", "product": "cam", "due": due})


def asked(due=None):
    return (5, "vulnerabilities.review_asked", {"case": "c", "due": due})


def judged(status):
    return (6, "vulnerabilities.judged", {"case": "c", "status": status})


SOON, GONE = "2026-11-25T00:00:00+00:00", "2026-11-18T00:00:00+00:00"


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Nothing has been recorded", id="no release"),
        pytest.param([RELEASE], "unknown", "never compared", id="never looked up"),
        pytest.param([RELEASE, MATCHED], "met", "was compared", id="looked up"),
        pytest.param([RELEASE, MATCHED, opened(SOON)], "met", "within its time", id="in time"),
        pytest.param([RELEASE, MATCHED, opened(GONE)], "not met", "overdue by 2 days", id="overdue"),
        pytest.param(
            [RELEASE, MATCHED, opened(GONE), judged("affected")], "not met", "overdue", id="judged, not mended"
        ),
        pytest.param([RELEASE, MATCHED, opened(GONE), judged("not_affected")], "met", "settled", id="not affected"),
        pytest.param(
            [RELEASE, MATCHED, opened(GONE), judged("not_affected"), asked()], "not met", "overdue", id="asks again"
        ),
        pytest.param(
            [RELEASE, MATCHED, opened(GONE), judged("not_affected"), asked(SOON)],
            "met",
            "within its time",
            id="asks again, in its own time",
        ),
        pytest.param(
            [
                RELEASE,
                MATCHED,
                opened(GONE),
                asked(SOON),
                (4, "vulnerabilities.judged", {"case": "c", "status": "fixed"}),
            ],
            "met",
            "settled",
            id="looked at again",
        ),
        pytest.param(
            [RELEASE, MATCHED, opened(GONE), (1, "vulnerabilities.case_closed", {"case": "c"})],
            "met",
            "settled",
            id="closed",
        ),
        pytest.param(
            [RELEASE, MATCHED, (30, "vulnerabilities.feed_taken", {"feed": "osv", "as_of": ""})],
            "unknown",
            "osv was last taken in 1 day ago",
            id="nobody looked since",
        ),
        pytest.param(
            [RELEASE, MATCHED, (3, "vulnerabilities.feed_taken", {"feed": "osv", "as_of": "2025-01-01T00:00:00Z"})],
            "met",
            "was compared",
            id="looked, in a list whose age is P11's matter",
        ),
    ],
)
def test_r2(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
