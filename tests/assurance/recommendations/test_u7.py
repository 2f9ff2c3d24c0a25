"""U7 by obligations in contracts: named cases."""

import pytest

CLAUSES = ["other encrypt", "t encrypt", "t notify=24"]
RELIED = (5, "products.suppliers_relied_on", {"product": "cam", "suppliers": ["t"], "clauses": CLAUSES})


def signed(*clauses, until="2099-01-01"):
    said = {"supplier": "t", "number": 1, "signed": "2020-01-01", "until": until, "clauses": list(clauses)}
    return (9, "suppliers.contract_noted", said)


CASES = [
    pytest.param([(9, "products.approved", {"product": "cam"})], "unknown", "before contracts", id="older"),
    pytest.param(
        [(9, "products.suppliers_relied_on", {"product": "cam", "suppliers": [], "clauses": []})],
        "not applicable", "no supplier", id="nobody",
    ),
    pytest.param([RELIED], "not met", "without a contract", id="nothing recorded"),
    pytest.param([signed("encrypt", "notify=24"), RELIED], "met", "all 2 obligations", id="all of it"),
    pytest.param([signed("encrypt", "notify=72"), RELIED], "not met", "lacks notify=24", id="too late"),
    pytest.param([signed("notify=12"), RELIED], "not met", "lacks encrypt", id="one is lacking"),
    pytest.param([signed("encrypt", "notify=24", until="2020-06-01"), RELIED], "not met", "ended on", id="too old"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_u7(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
