"""A receipt says exactly what is gone now, what will be by when, and what it does not cover; anybody can check it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from careful import customer_data
from careful.customer_data import Receipt, Release
from careful.customer_data.receipts import NAME, text_of
from careful.kernel.checkpoint import open_text, parse_verifier_key
from careful.kernel.errors import NotFound

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ENDED = Receipt(
    "r1", "cam-1-001", "cam-1", "kim0", "asked", NOW, 3, NOW + timedelta(days=20), 120, None, None, 2,
    ("2026-10-01 x7",), (Release("g1", NOW), Release("g2", None, NOW)),
)  # fmt: skip
SENTENCES = [
    pytest.param(ENDED, "the key of customer kim0 was destroyed in the database at 2026-11-02 09:00:00 UTC", id="now"),
    pytest.param(ENDED, "epoch 3, which is destroyed by 2026-11-22 09:00:00 UTC at the latest", id="by when"),
    pytest.param(ENDED, "because the customer asked for it", id="why"),
    pytest.param(ENDED, "120 deleted so far", id="records on their way"),
    pytest.param(replace(ENDED, swept_at=NOW), "120 were deleted from the store and its files", id="records gone"),
    pytest.param(
        replace(ENDED, destroyed_at=NOW), "No copy in any backup or log can be opened any more", id="all gone"
    ),
    pytest.param(ENDED, "Gateway g1 let go of its copy", id="acknowledged"),
    pytest.param(ENDED, "Gateway g2 has not yet said", id="not acknowledged"),
    pytest.param(ENDED, "exports issued before (2026-10-01 x7)", id="exports"),
    pytest.param(replace(ENDED, exports=()), "none is on record", id="no exports"),
    pytest.param(ENDED, "values were read 2 times", id="reads"),
    pytest.param(replace(ENDED, customer="", epoch=None, due=None), "There was no key to destroy", id="no key"),
]


@pytest.mark.parametrize(("receipt", "sentence"), SENTENCES)
def test_what_it_says(receipt, sentence):
    assert sentence in text_of(receipt, NOW)


def test_a_promise_is_not_told_as_a_fact():
    promised, done = text_of(ENDED, NOW), text_of(replace(ENDED, destroyed_at=NOW), NOW)
    assert "can be opened any more" not in promised
    assert "could still read it" in promised
    assert "could still read it" not in done


def test_it_is_signed_by_the_installation(house, staff):
    world = house.world
    customer_data.key_of(world, "cam-1-001")
    one = customer_data.end_customer(world, staff, "cam-1-001", "asked")
    note = customer_data.signed_receipt(world, one.id)
    name, key = parse_verifier_key(customer_data.receipt_verifier(world))
    assert name == NAME
    assert open_text(NAME, note, key) == text_of(one, world.clock.now())
    with pytest.raises(ValueError, match="signature"):
        open_text(NAME, note.replace("cam-1-001", "cam-1-002"), key)
    assert [found.id for found in customer_data.receipts(world, device="cam-1-001")] == [one.id]
    assert customer_data.receipts(world, device="cam-1-002") == []
    with pytest.raises(NotFound):
        customer_data.signed_receipt(world, "none")
