"""How a request stands, and what may be done with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from careful.customer_data.request_model import Request, check_open, check_proven
from careful.kernel.errors import Refused

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DUE = NOW + timedelta(days=30)
ONE = Request(id="r1", device="cam-1-001", product="cam-1", customer="kim0", kind="access", opened_at=NOW,
              opened_by="staff:ann", law="GDPR", due=DUE, longest=NOW + timedelta(days=90))  # fmt: skip
PROVEN = replace(ONE, proof="device", proven_at=NOW)
DONE = replace(PROVEN, outcome="answered", closed_at=DUE)


@pytest.mark.parametrize(
    ("one", "at", "state"),
    [
        (ONE, NOW, "waits for proof"),
        (PROVEN, DUE, "open"),
        (PROVEN, DUE + timedelta(seconds=1), "overdue"),
        (ONE, DUE + timedelta(seconds=1), "overdue"),
        (DONE, DUE + timedelta(days=9), "answered"),
        (replace(DONE, outcome="refused"), DUE, "refused"),
    ],
)
def test_states(one, at, state):
    assert one.state(at) == state


def test_late():
    assert not ONE.late
    assert not DONE.late
    assert replace(DONE, closed_at=DUE + timedelta(seconds=1)).late


def test_what_may_be_done():
    check_open(ONE)
    check_proven(PROVEN)
    with pytest.raises(Refused, match="nothing is handed out or changed"):
        check_proven(ONE)
    with pytest.raises(Refused, match="answered already"):
        check_proven(DONE)
