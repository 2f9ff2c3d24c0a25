"""Which deltas are made: a table of fleets."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.releases import Artifact, Release
from careful.updates.delta_plan import MOST_PAIRS, Pair, is_delta_path, is_worth, wanted

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def release(number, state="signed", size=1000, version=None):
    artifact = Artifact(f"{number:064x}", "0" * 40, "0" * 32, size, "a.img")
    return Release(
        f"r{number}",
        "cam-1",
        version or f"1.0.{number}",
        state,
        artifact,
        "0" * 64,
        ("rev-a",),
        number,
        (),
        "",
        NOW,
        NOW,
    )


FLEET = [release(number) for number in range(1, 4)]


@pytest.mark.parametrize(
    ("releases", "running", "under_way", "known", "pairs"),
    [
        pytest.param([], {}, [], [], [], id="nothing"),
        pytest.param(FLEET, {}, [], [], [], id="no device"),
        pytest.param(FLEET, {"1.0.3": 5}, [], [], [], id="all run the newest"),
        pytest.param(
            FLEET, {"1.0.1": 5, "1.0.2": 9, "1.0.3": 1}, [], [], [("r3", "r2"), ("r3", "r1")], id="the most first"
        ),
        pytest.param(FLEET, {"1.0.1": 5, "1.0.2": 9}, [], [("r3", "r2")], [("r3", "r1")], id="one is made already"),
        pytest.param(FLEET, {"1.0.1": 5}, ["r2"], [], [("r2", "r1"), ("r3", "r1")], id="an older one is on its way"),
        pytest.param(FLEET, {"": 7, "9.9": 3, "1.0.1": 0}, [], [], [], id="versions that nobody knows"),
        pytest.param(
            [*FLEET, release(4, "withdrawn")], {"1.0.2": 1}, [], [], [("r3", "r2")], id="the newest was withdrawn"
        ),
        pytest.param(
            [release(1, "withdrawn"), release(2)], {"1.0.1": 1}, [], [], [("r2", "r1")], id="away from a bad one"
        ),
        pytest.param([release(1), release(2, size=10**9)], {"1.0.1": 1}, [], [], [], id="too large an image"),
        pytest.param([release(1, size=10**9), release(2)], {"1.0.1": 1}, [], [], [], id="too large a base"),
        pytest.param(
            [release(1), replace(release(2), artifact=release(1).artifact)], {"1.0.1": 1}, [], [], [], id="the same"
        ),
        pytest.param(
            [release(1, version="2.0"), release(2, version="1.0")], {"2.0": 1}, [], [], [], id="never backwards"
        ),
        pytest.param([release(1), release(2, "draft")], {"1.0.1": 4}, [], [], [("r2", "r1")], id="before it is signed"),
    ],
)
def test_pairs(releases, running, under_way, known, pairs):
    found = wanted(releases, running, under_way, known, 10**6)
    assert [(one.release, one.base) for one in found] == pairs


def test_few_bases_get_one():
    fleet = [release(number) for number in range(1, 30)]
    found = wanted(fleet, {one.version: one.security_version for one in fleet}, [], [], 10**6)
    assert len(found) == MOST_PAIRS
    assert found[0] == Pair("r29", "r28", 28)


@given(running=st.dictionaries(st.sampled_from([one.version for one in FLEET]), st.integers(0, 9)))
def test_what_is_made_is_not_wanted_again(running):
    known = []
    while left := wanted(FLEET, running, [], known, 10**6):
        known.append((left[0].release, left[0].base))
    assert len(known) == len(set(known)) == sum(bool(running.get(version)) for version in ("1.0.1", "1.0.2"))


@pytest.mark.parametrize(
    ("size", "packed", "full", "worth"),
    [(59, 100, 1000, True), (61, 100, 1000, False), (50, 100, 40, False), (0, 0, 1, True)],
)
def test_worth(size, packed, full, worth):
    assert is_worth(size, packed, full) == worth


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("1.0.1/from-0123456789abcdef.lzma.delta", True),
        ("1.0.1/cam.img", False),
        ("1.0.1/from-x.lzma.delta", False),
        ("a/b/from-0123456789abcdef.lzma.delta", False),
    ],
)
def test_paths(path, is_one):
    assert is_delta_path(path) == is_one
