"""C9 by how long and how: named cases."""

import pytest

CASES = [
    pytest.param(
        [
            (9, "products.approved", {"product": "cam"}),
            (
                8,
                "products.page_published",
                {"product": "cam", "support_until": "2034-01-01", "update_method": "by itself"},
            ),
        ],
        "met",
        "by itself",
        id="both published",
    ),
    pytest.param(
        [
            (9, "products.approved", {"product": "cam"}),
            (8, "products.page_published", {"product": "cam", "support_until": "2034-01-01", "update_method": ""}),
        ],
        "not met",
        "or how",
        id="no method",
    ),
    pytest.param([(9, "products.approved", {"product": "cam"})], "unknown", "No page", id="no page"),
    pytest.param(
        [
            (9, "products.approved", {"product": "cam"}),
            (
                8,
                "products.page_published",
                {"product": "cam", "support_until": "2020-01-01", "update_method": "by itself"},
            ),
        ],
        "met",
        "has passed",
        id="support has ended",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_c9(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
