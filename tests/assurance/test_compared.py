"""A comparison counts until another product file comes into force."""

from datetime import UTC, datetime, timedelta

import pytest

from careful.assurance.compared import COMPARED, superseded
from careful.assurance.judging import Facts, Value
from careful.kernel.ledger import Entry

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def entry(seq, name, product="cam"):
    return Entry(seq, NOW - timedelta(hours=9 - seq), "system", name, f"product/{product}", {"product": product})


CASES = [
    pytest.param([], False, id="nothing since"),
    pytest.param([entry(1, "products.approved")], False, id="approved before"),
    pytest.param([entry(5, "products.approved")], True, id="approved since"),
    pytest.param([entry(5, "products.approved", "lock")], False, id="another product"),
]


@pytest.mark.parametrize(("more", "stale"), CASES)
def test_superseded(more, stale):
    newest = entry(3, COMPARED)
    found = superseded(Facts([newest, *more], NOW), "cam", newest)
    assert (found is not None) == stale
    if found is not None:
        assert (found.value, found.entries) == (Value.UNKNOWN, tuple(more))
