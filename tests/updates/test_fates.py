from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.updates.fates import FATES, fate, progress
from careful.updates.model import MEMBER_STATES, Member, Order, Report

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ORDER = Order(
    id=1,
    device="d",
    product="cam-1",
    release="r",
    version="1.0.1",
    rollout="x",
    drill="",
    state="running",
    cancelling=False,
    detail="downloading 1.0.1",
    made_at=NOW,
    retrieved_at=NOW + timedelta(minutes=1),
    deadline=NOW + timedelta(hours=1),
    closed_at=None,
    progress="downloading",
)


@pytest.mark.parametrize(
    ("execution", "line", "step"),
    [
        ("download", "", "downloading"),
        ("downloaded", "", "downloading"),
        ("proceeding", "downloading 1.0.1", "downloading"),
        ("proceeding", "installing 1.0.1, its bytes are what was signed", "verified"),
        ("proceeding", "starting 1.0.1", "installed"),
        ("proceeding", "checking the health of 1.0.1", "installed"),
        ("proceeding", "Installing Update Chunk Artifacts.", "downloading"),
        ("proceeding", "Installed Chunk.", "installed"),
        ("proceeding", "All Chunks Installed.", "installed"),
        ("proceeding", "Starting download.", "downloading"),
        ("proceeding", "Verifying signature done.", "verified"),
        ("proceeding", "Software bundle installed successfully.", "installed"),
        ("scheduled", "hello", "assigned"),
        ("scheduled", "waiting: its download is not verified", "assigned"),
    ],
)
def test_how_far_clients_say_they_are(execution, line, step):
    assert progress("assigned", Report(execution=execution, finished="none", details=(line,))) == step


@given(st.lists(st.sampled_from(["downloading", "bytes are what was signed", "starting x", ""]), max_size=9))
def test_progress_never_goes_back(lines):
    steps, now = ("assigned", "downloading", "verified", "installed"), "assigned"
    for line in lines:
        then = progress(now, Report(execution="proceeding", finished="none", details=(line,)))
        assert steps.index(then) >= steps.index(now)
        now = then


MEMBER = Member(device="d", wave=1, state="offered", changed_at=NOW, first_offered=NOW)


@pytest.mark.parametrize(
    ("member", "order", "heard", "expected"),
    [
        pytest.param(MEMBER, None, None, ("assigned", NOW), id="an order that nobody read"),
        pytest.param(MEMBER, ORDER, None, ("downloading", NOW + timedelta(minutes=1)), id="since it read its order"),
        pytest.param(replace(MEMBER, state="installed"), ORDER, None, ("installed", NOW), id="its word alone"),
        pytest.param(replace(MEMBER, state="confirmed"), ORDER, None, ("confirmed", NOW), id="its version agrees"),
        pytest.param(
            replace(MEMBER, state="failed", detail="rolled back: x"), ORDER, None, ("rolled back", NOW), id="back"
        ),
        pytest.param(
            replace(MEMBER, state="failed", detail="fell back to 1.0.0"), ORDER, None, ("rolled back", NOW), id="fell"
        ),
        pytest.param(replace(MEMBER, state="failed", detail="no space"), ORDER, None, ("failed", NOW), id="failed"),
        pytest.param(
            replace(MEMBER, state="silent", changed_at=NOW + timedelta(hours=1)),
            ORDER,
            NOW - timedelta(days=2),
            ("silent", NOW - timedelta(days=2)),
            id="silent since it was last heard, not since we noticed",
        ),
        pytest.param(replace(MEMBER, state="accounted"), None, None, ("left", NOW), id="left"),
    ],
)  # fmt: skip
def test_fate(member, order, heard, expected):
    found = fate(member, order, "1.0.0", heard)
    assert (found.fate, found.since) == expected


@given(st.sampled_from(MEMBER_STATES), st.sampled_from([None, ORDER]))
def test_every_state_has_a_word(state, order):
    assert fate(replace(MEMBER, state=state), order, None, None).fate in FATES


def test_a_device_that_says_what_it_waits_for_is_deferred():
    waits = replace(ORDER, detail="waiting: battery at 31 %, asked for 50 %", progress="assigned")
    found = fate(Member(device="d", wave=1, state="offered"), waits, "1.0.0", NOW)
    assert (found.fate, found.why) == ("deferred", "waiting: battery at 31 %, asked for 50 %")
