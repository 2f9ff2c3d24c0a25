"""P11 by the age of each feed: named cases."""

import pytest

CASES = [
    pytest.param([], "unknown", "No list", id="no feed"),
    pytest.param(
        [
            (1, "vulnerabilities.feed_taken", {"feed": "osv", "as_of": ""}),
            (900, "vulnerabilities.feed_taken", {"feed": "nvd-overrides", "as_of": ""}),
        ],
        "met",
        "osv is 1 hour old",
        id="old corrections",
    ),
    pytest.param(
        [(1, "vulnerabilities.feed_taken", {"feed": "csaf", "as_of": ""})],
        "unknown",
        "No list",
        id="a supplier's documents alone",
    ),
    pytest.param(
        [(1, "vulnerabilities.feed_taken", {"feed": "osv", "as_of": ""})], "met", "osv is 1 hour old", id="fresh"
    ),
    pytest.param(
        [(30, "vulnerabilities.feed_taken", {"feed": "osv", "as_of": ""})],
        "unknown",
        "not known here",
        id="stopped feed",
    ),
    pytest.param(
        [(1, "vulnerabilities.feed_taken", {"feed": "kev", "as_of": "2026-11-10T00:00:00+00:00"})],
        "unknown",
        "10 days old",
        id="taken today but of last week",
    ),
    pytest.param(
        [
            (30, "vulnerabilities.feed_taken", {"feed": "nvd", "as_of": ""}),
            (1, "vulnerabilities.feed_taken", {"feed": "osv", "as_of": ""}),
        ],
        "unknown",
        "nvd",
        id="one of two stopped",
    ),
    pytest.param(
        [(1, "vulnerabilities.feed_failed", {"feed": "nvd", "reason": "x"})],
        "unknown",
        "never taken in",
        id="only ever failed",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_p11(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
