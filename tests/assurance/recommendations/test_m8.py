"""M8 by a planted value and by what receipts promised: named cases."""

import pytest


def proof(hours=1, *, held=True, found=(), **more):
    said = more | {"held": held, "places": 20, "backups": 1, "found": list(found), "epoch": 1, "due": None, "as_of": ""}
    return (hours, "customer_data.deletion_proved", said)


def ended(hours, due="2026-12-20T00:00:00Z", receipt="r1"):
    said = {"device": "cam-1", "product": "cam", "customer": "c", "why": "asked", "epoch": 1, "due": due,
            "receipt": receipt}  # fmt: skip
    return (hours, "customer_data.customer_ended", said)


SWEPT = (1, "customer_data.records_swept", {"receipt": "r1", "records": 4})
GONE = (1, "customer_data.epoch_destroyed", {"epoch": 1, "due": ""})
LOST = (1, "customer_data.keys_lost", {"epoch": 1, "customers": 3})
PAST = "2026-11-10T00:00:00Z"


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "prove-deletion", id="nothing recorded"),
        pytest.param([proof()], "met", "in none of 20 files and tables and 1 backups", id="proved"),
        pytest.param([proof(unsearched=["its log"])], "met", "Not searched: its log. There the end", id="not all"),
        pytest.param([proof(held=False, found=["the value in x"])], "not met", "the value in x", id="found"),
        pytest.param([proof(held=False), proof()], "met", "in none", id="mended"),
        pytest.param([proof(24 * 100)], "unknown", "counts for 90 days", id="too old"),
        pytest.param([proof(), ended(2)], "met", "in none", id="ended a moment ago"),
        pytest.param([proof(), ended(48)], "not met", "records are not deleted after 2 days", id="not swept"),
        pytest.param([proof(), ended(48), SWEPT], "met", "in none", id="swept, key to go later"),
        pytest.param([proof(), ended(900, PAST), SWEPT], "not met", "was to be destroyed 10 days ago", id="key stays"),
        pytest.param([proof(), ended(900, PAST), SWEPT, GONE], "met", "in none", id="key gone"),
        pytest.param([proof(), ended(900, PAST), SWEPT, LOST], "met", "in none", id="key lost"),
        pytest.param([proof(), ended(900, PAST, ""), GONE], "met", "in none", id="given up, without a receipt"),
        pytest.param([ended(48), SWEPT], "unknown", "prove-deletion", id="swept, never proved"),
    ],
)
def test_m8(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
