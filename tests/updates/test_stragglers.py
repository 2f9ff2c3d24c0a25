from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.updates.model import MEMBER_STATES, Candidate, Member
from careful.updates.stragglers import Behind, Currency, cause, grouped, where

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CAM = Candidate(device="d", product="cam-1", hardware="rev-a", state="active", version="1.0.0")
MEMBER = Member(device="d", wave=2)
ONE = Behind(device=CAM, newest="1.0.1", last_seen=NOW, member=MEMBER, rollout="r")


def member(state, detail=""):
    return replace(ONE, member=replace(MEMBER, state=state, detail=detail))


def traits(**more):
    return replace(ONE, device=replace(CAM, **more))


@pytest.mark.parametrize(
    ("one", "why"),
    [
        pytest.param(traits(state="quarantined"), "quarantined", id="quarantined"),
        pytest.param(traits(state="made"), "not enrolled yet", id="made"),
        pytest.param(replace(ONE, last_seen=NOW - timedelta(days=31)), "not heard of for 30 days", id="lost"),
        pytest.param(replace(ONE, last_seen=None), "not heard of for 30 days", id="never heard"),
        pytest.param(traits(consent="declined"), "its owner wants no updates", id="declined"),
        pytest.param(replace(ONE, member=None), "in no rollout", id="in no rollout"),
        pytest.param(member("confirmed"), "fell back to something older", id="confirmed once"),
        pytest.param(replace(ONE, state="halted"), "its rollout is halted", id="halted"),
        pytest.param(member("deferred", "its owner postponed it until 2026-11-03 10:00 UTC"), "its owner postponed it",
                     id="postponed"),
        pytest.param(member("deferred", "its battery is at 20 %, and 50 % are needed"), "its battery is",
                     id="battery"),
        pytest.param(member("deferred", "its owner has not agreed yet"), "its owner has not agreed yet", id="asked"),
        pytest.param(member("silent"), "silent after it was offered the update", id="silent"),
        pytest.param(member("failed", "rolled back: no picture"), "rolled back", id="rolled back"),
        pytest.param(member("failed", "refused: tampered: other bytes"), "refused the update", id="refused"),
        pytest.param(member("failed", "fell back to 1.0.0"), "fell back", id="fell back"),
        pytest.param(member("failed", "no space left"), "failed to install it", id="failed"),
        pytest.param(member("accounted"), "left behind by a person's word", id="accounted"),
        pytest.param(member("waiting"), "its wave is not open yet", id="waiting"),
        pytest.param(member("offered"), "under way", id="offered"),
    ],
)  # fmt: skip
def test_cause(one, why):
    found, do = cause(one, NOW)
    assert found == why
    assert do


@pytest.mark.parametrize(
    ("version", "newest", "expected"),
    [
        ("1.0.1", "1.0.1", "current"),
        ("1.0.0", "1.0.1", "behind"),
        ("1.0.2", "1.0.1", "ahead"),
        ("beta", "1.0.1", "behind"),
        (None, "1.0.1", "unknown"),
        ("1.0.0", None, "without"),
    ],
)
def test_where(version, newest, expected):
    assert where(replace(CAM, version=version), newest) == expected


@given(st.lists(st.tuples(st.sampled_from(MEMBER_STATES), st.booleans()), max_size=80))
def test_every_straggler_is_in_one_group(told):
    listed = [
        replace(member(state), device=replace(CAM, device=f"d{place}", state="quarantined" if cut else "active"))
        for place, (state, cut) in enumerate(told)
    ]
    found = grouped(listed, NOW)
    assert sum(one.count for one in found) == len(listed)
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    assert all(len(one.devices) == min(one.count, 50) for one in found)


def test_a_total_counts_everybody():
    found = Currency(product="p", newest={}, current=1, behind=2, ahead=3, unknown=4, without=5, causes=())
    assert found.total == 15
