"""Every recommendation is found, judged on an empty ledger, and never green there."""

import pytest

from careful.assurance import Value, by_id, verdicts
from careful.kernel.errors import NotFound


def test_an_empty_ledger_has_nothing_green(world):
    found = verdicts(world)
    assert {"D1", "P11", "A1", "R2", "R4", "R6", "R7", "R9", "C6", "C9", "C12", "C13"} <= {one.id for one in found}
    assert all(one.verdict in {Value.UNKNOWN, Value.NOT_APPLICABLE} for one in found)
    assert [one.id for one in found if one.id in {"A1", "P7", "P11", "D1"}] == ["D1", "P7", "P11", "A1"]


def test_no_such_recommendation(world):
    with pytest.raises(NotFound, match="Z9"):
        by_id(world, "Z9")
    assert by_id(world, "p11").id == "P11"
