"""A request's receipt says how it stands, and anybody can check it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from careful import customer_data
from careful.customer_data.receipts import NAME
from careful.customer_data.request_model import Request
from careful.customer_data.request_receipts import request_text
from careful.kernel.checkpoint import open_text, parse_verifier_key

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ONE = Request(id="r1", device="cam-1-001", product="cam-1", customer="kim0", kind="access", opened_at=NOW,
              opened_by="staff:ann", law="GDPR",
              due=NOW + timedelta(days=30), longest=NOW + timedelta(days=90))  # fmt: skip
PROVEN = replace(ONE, proof="staff", proven_at=NOW, proof_note="came by")
DONE = replace(PROVEN, outcome="answered", closed_at=NOW, records=7, size=900, digest="ab12", expires_at=NOW)


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (ONE, "asked to see what is held"),
        (ONE, "To be answered by 2026-12-02 09:00:00 UTC (GDPR)"),
        (ONE, "Proven: not yet. Nothing was handed out"),
        (PROVEN, "judged by staff: came by."),
        (replace(PROVEN, extended_at=NOW, extension="much"), "Extended: at 2026-11-02 09:00:00 UTC, because: much"),
        (DONE, "A file of 7 readings, 900 bytes, SHA-256 ab12."),
        (DONE, "can be fetched until"),
        (replace(DONE, expires_at=None), "It was removed since."),
        (replace(DONE, kind="delete", receipt="q1"), "receipt q1 says what is gone"),
        (replace(DONE, kind="correct"), "kept beside the reading"),
        (replace(DONE, outcome="refused", reason="not theirs"), "because: not theirs."),
        (replace(DONE, closed_at=NOW + timedelta(days=31)), "after its time"),
    ],
)
def test_what_it_says(one, sentence):
    assert sentence in request_text(one, NOW)


def test_overdue():
    assert "overdue" in request_text(PROVEN, NOW + timedelta(days=31))


def test_it_is_signed_and_a_deletion_follows(house, staff):
    world = house.world
    one = customer_data.open_request(world, staff, "cam-1-001", "delete").id
    _, key = parse_verifier_key(customer_data.receipt_verifier(world))
    assert "Proven: not yet" in open_text(NAME, customer_data.signed_request(world, one), key)
    customer_data.prove_by_staff(world, staff, one, "known")
    done = customer_data.delete_requested(world, staff, one)
    note = customer_data.signed_request(world, one)
    assert f"\nReceipt {done.receipt}" in note
    assert note.count("— careful/receipt") == 2
