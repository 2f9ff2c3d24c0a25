"""Reason codes: every refusal has one that says no."""

import pytest

from careful import products
from careful.entrypoints.gateway import payloads
from careful.entrypoints.gateway.mqtt import reasons

CODES = [
    ("foreign-topic", 0x87), ("missing-consent", 0x87), ("undeclared-stream", 0x90), ("unknown-topic", 0x90),
    ("over-rate", 0x97), ("malformed-payload", 0x99), ("undeclared-field", 0x99), ("wrong-type", 0x99),
    ("shared-subscription", 0x9E), ("too-many-subscriptions", 0x97), ("what-is-not-known-yet", 0x99),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code"), CODES)
def test_refusals(kind, code):
    assert reasons.refusal(kind) == code


def test_every_refusal_says_no():
    for kind in (*payloads.KINDS, *products.DENIED_KINDS) if hasattr(products, "DENIED_KINDS") else payloads.KINDS:
        assert reasons.refusal(kind) >= 0x80
