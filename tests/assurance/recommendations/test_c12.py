"""C12 by told in time, and by reports submitted before their clocks ran out: named cases."""

import pytest

AHEAD, PAST = "2026-11-20T15:12:00Z", "2026-11-19T12:00:00Z"  # it is 12:00 on the 20th
WARNING = {"matter": "c", "duty": "exploited-early-warning"}
HEARD = (30, "vulnerabilities.case_opened", {"case": "c", "flaw": "CVE-1", "product": "cam", "exploited": True})


def due(at, hours=30):
    return (hours, "obligations.clock_set", WARNING | {"due": at})


def sent(hours, in_time):
    return (hours, "obligations.report_submitted", WARNING | {"in_time": in_time})


MISSED = (20, "obligations.clock_missed", WARNING | {"due": PAST})
REPORTS = [
    pytest.param([HEARD], "unknown", "not looked at yet", id="nothing recorded of a report"),
    pytest.param([HEARD, due(AHEAD)], "met", "early warning (CRA Art. 14): within its time, due in 3 hours", id="runs"),
    pytest.param([HEARD, due(PAST)], "not met", "1 day late", id="too old: due has passed, and nobody noted anything"),
    pytest.param([HEARD, due(PAST), MISSED], "not met", "1 day late", id="missed"),
    pytest.param([HEARD, due(PAST), sent(26, True)], "met", "submitted in time", id="in time"),
    pytest.param([HEARD, due(PAST), MISSED, sent(10, False)], "not met", "too late", id="submitted late"),
    pytest.param(
        [HEARD, due(PAST), MISSED, sent(10, True)], "unknown", "only after its clock had run out", id="noted late"
    ),
    pytest.param([HEARD, due(None)], "not applicable", "not owed", id="not owed"),
    pytest.param(
        [HEARD, due(PAST), MISSED, due(None, 5)], "unknown", "before it was noted as not owed", id="dismissed late"
    ),
    pytest.param([HEARD, due(PAST), due(AHEAD, 2)], "met", "due in 3 hours", id="moved"),
    pytest.param(
        [(9, "obligations.incident_noted", {"matter": "m", "products": ["cam"]})],
        "unknown",
        "Incident m in cam: whether it must be reported",
        id="an incident that nobody looked at",
    ),
    pytest.param(
        [
            (9, "obligations.drill_started", {"matter": "d"}),
            (8, "obligations.aware", {"matter": "d"}),
        ],
        "not applicable",
        "No flaw",
        id="a rehearsal is none",
    ),
    pytest.param(
        [
            (60, "vulnerabilities.case_opened", {"case": "c", "flaw": "CVE-1", "product": "cam", "exploited": False}),
            (50, "vulnerabilities.judged", {"case": "c", "flaw": "CVE-1", "product": "cam", "status": "affected"}),
            (49, "obligations.aware", {"matter": "c"}),
            (48, "obligations.clock_set", WARNING | {"due": None}),
            (2, "notices.owners_told", {"case": "c", "told": 7}),
        ],
        "not met",
        "allowed 1 day",
        id="said to be exploited by our own people",
    ),
]
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
            (60, "vulnerabilities.case_opened", {"case": "c", "flaw": "CVE-1", "product": "cam", "exploited": True}),
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


@pytest.mark.parametrize(("lines", "verdict", "words"), [*CASES, *REPORTS])
def test_c12(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
