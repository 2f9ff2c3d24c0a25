"""R4 by components that could be looked up: named cases."""

import pytest

CASES = [
    pytest.param(
        [
            (3, "releases.signed", {"product": "cam", "version": "1", "release": "r"}),
            (2, "vulnerabilities.release_matched", {"release": "r", "components": 9, "unmatched": 0}),
        ],
        "met",
        "All 9",
        id="all looked up",
    ),
    pytest.param(
        [
            (2, "vulnerabilities.feed_taken", {"feed": "osv", "as_of": "2026-11-17T12:00:00Z"}),
            (1, "vulnerabilities.feed_taken", {"feed": "kev", "as_of": ""}),
            (3, "releases.signed", {"product": "cam", "version": "1", "release": "r"}),
            (2, "vulnerabilities.release_matched", {"release": "r", "components": 9, "unmatched": 0}),
        ],
        "unknown",
        "but osv is 3 days old",
        id="looked up in an old list",
    ),
    pytest.param(
        [
            (1, "vulnerabilities.feed_taken", {"feed": "osv", "as_of": ""}),
            (900, "vulnerabilities.feed_taken", {"feed": "csaf", "as_of": ""}),
            (3, "releases.signed", {"product": "cam", "version": "1", "release": "r"}),
            (2, "vulnerabilities.release_matched", {"release": "r", "components": 9, "unmatched": 0}),
        ],
        "met",
        "All 9",
        id="looked up in a young one",
    ),
    pytest.param(
        [
            (3, "releases.signed", {"product": "cam", "version": "1", "release": "r"}),
            (2, "vulnerabilities.release_matched", {"release": "r", "components": 9, "unmatched": 2}),
        ],
        "unknown",
        "2 of 9",
        id="some could not be",
    ),
    pytest.param(
        [(3, "releases.signed", {"product": "cam", "version": "1", "release": "r"})],
        "unknown",
        "never looked up",
        id="never looked up",
    ),
    pytest.param(
        [
            (3, "releases.signed", {"product": "cam", "version": "1", "release": "r"}),
            (2, "vulnerabilities.release_matched", {"release": "r", "components": 0, "unmatched": 0}),
        ],
        "unknown",
        "no components",
        id="an empty list of components",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_r4(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
