"""U6 by evidence of suppliers: named cases."""

import pytest

RELIED = (5, "products.suppliers_relied_on", {"product": "cam", "suppliers": ["t"], "clauses": []})
GIVEN = {"supplier": "t", "evidence": "e", "kind": "other", "until": "2099-01-01"}
CASES = [
    pytest.param([(9, "products.approved", {"product": "cam"})], "unknown", "before suppliers were asked", id="older"),
    pytest.param(
        [(9, "products.suppliers_relied_on", {"product": "cam", "suppliers": [], "clauses": []})],
        "not applicable", "no supplier", id="nobody",
    ),
    pytest.param([RELIED], "not met", "no evidence", id="nothing recorded"),
    pytest.param([(9, "suppliers.evidence_accepted", GIVEN), RELIED], "met", "until 2099", id="on file"),
    pytest.param(
        [(9, "suppliers.evidence_accepted", {**GIVEN, "until": "2020-01-01"}), RELIED], "not met", "ended on 2020",
        id="too old",
    ),
    pytest.param(
        [(9, "suppliers.evidence_accepted", GIVEN), RELIED,
         (1, "suppliers.evidence_withdrawn", {"supplier": "t", "evidence": "e", "reason": "r"})],
        "not met", "no evidence", id="withdrawn",
    ),
    pytest.param(
        [(9, "suppliers.evidence_accepted", GIVEN), RELIED, (1, "suppliers.ended", {"supplier": "t", "reason": "r"})],
        "not met", "no longer", id="ended",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_u6(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
