"""C6 by published before sale: named cases."""

import pytest

CASES = [
    pytest.param(
        [
            (9, "products.page_published", {"product": "cam", "support_until": "2034-01-01"}),
            (8, "products.put_on_sale", {"product": "cam"}),
        ],
        "met",
        "2034-01-01",
        id="published first",
    ),
    pytest.param(
        [
            (9, "products.put_on_sale", {"product": "cam"}),
            (8, "products.page_published", {"product": "cam", "support_until": "2034-01-01"}),
        ],
        "not met",
        "before its page",
        id="sold first",
    ),
    pytest.param(
        [
            (9, "products.page_published", {"product": "cam", "support_until": ""}),
            (8, "products.put_on_sale", {"product": "cam"}),
        ],
        "not met",
        "no support end",
        id="no date",
    ),
    pytest.param([(9, "products.declared", {"product": "cam"})], "not applicable", "not on sale", id="not on sale"),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_c6(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
