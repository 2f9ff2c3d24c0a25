"""D1 by the order of two moments: named cases."""

import pytest

CASES = [
    pytest.param(
        [(9, "products.approved", {"product": "cam"}), (5, "releases.added", {"product": "cam"})],
        "met",
        "before its first build",
        id="approved before the first build",
    ),
    pytest.param(
        [(9, "releases.added", {"product": "cam"}), (5, "products.approved", {"product": "cam"})],
        "not met",
        "before it had an approved",
        id="built first",
    ),
    pytest.param([(9, "releases.added", {"product": "cam"})], "not met", "cam", id="never approved"),
    pytest.param([(9, "products.declared", {"product": "cam"})], "not applicable", "no build", id="no build yet"),
    pytest.param(
        [
            (9, "products.approved", {"product": "cam"}),
            (8, "releases.added", {"product": "cam"}),
            (7, "releases.added", {"product": "lock"}),
        ],
        "not met",
        "lock",
        id="two products, one late",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_d1(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
