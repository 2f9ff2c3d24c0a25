from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import releases, updates
from careful.updates import delta_store
from careful.updates.delta_plan import Delta
from careful.updates.delta_words import KINDS, LEAST, SHARE, Word, read, why_stopped
from careful.updates.model import Report

PATH = "1.0.1/from-0123456789abcdef.lzma.delta"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param(f"delta applied: {PATH}", Word("", PATH, ""), id="it did its duty"),
        pytest.param(
            f"delta failed: source: {PATH}: the image in use is another one: yes",
            Word("source", PATH, "the image in use is another one: yes"), id="wrong source",
        ),
        pytest.param(f"delta failed: memory: {PATH}", Word("memory", PATH, ""), id="no sentence"),
        pytest.param(f"delta failed: moon: {PATH}: x", None, id="an unknown kind"),
        pytest.param("delta failed: source: 1.0.1/cam.img: x", None, id="no delta"),
        pytest.param("downloading 1.0.1", None, id="something else"),
        pytest.param(f"delta failed: source: {'x' * 200}.delta: x", None, id="a path without end"),
    ],
)  # fmt: skip
def test_what_a_line_says(line, found):
    assert read(line) == found


@pytest.mark.parametrize(
    ("applied", "failed", "stopped"),
    [
        pytest.param(0, {}, False, id="nobody said anything"),
        pytest.param(0, {"source": 2}, False, id="two are too few"),
        pytest.param(0, {"source": 2, "memory": 1}, True, id="three, and nobody else"),
        pytest.param(26, {"apply": 3}, True, id="more than a tenth"),
        pytest.param(27, {"apply": 3}, False, id="a tenth"),
        pytest.param(0, {"other": 50}, False, id="not its fault"),
    ],
)
def test_when_a_delta_is_stopped(applied, failed, stopped):
    assert bool(why_stopped(applied, failed)) is stopped


@given(st.integers(0, 10_000), st.dictionaries(st.sampled_from(KINDS), st.integers(0, 1000)))
def test_a_stopped_delta_failed_on_several_and_more_failures_never_start_it_again(applied, failed):
    guilty = sum(count for kind, count in failed.items() if kind != "other")
    if why_stopped(applied, failed):
        assert guilty >= LEAST
        assert guilty > SHARE * (applied + guilty)
        assert why_stopped(applied, {**failed, "apply": failed.get("apply", 0) + 1})


@pytest.fixture
def offered(world, staff, maker, hands):
    """A rollout to five devices, whose delta is published."""
    before = maker.release("1.0.0")
    after = maker.release("1.0.1")
    delta = Delta(
        release=after.id, base=before.id, product="cam-1", format="lzma", state="ready", sha256="d" * 64, sha1="d" * 40,
        md5="d" * 32, size=1, base_sha256="0123456789abcdef" * 4, base_size=9, full_sha256="f" * 64, full_size=9,
        version="1.0.1", seconds=1.0, reason="", made_at=datetime(2026, 11, 2, tzinfo=UTC),
        published_at=datetime(2026, 11, 2, tzinfo=UTC),
    )  # fmt: skip
    assert delta.path == PATH
    with world.database.transaction("write") as connection:
        delta_store.add(connection, delta)
    cams = maker.fleet(5)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",), max_failures_percent=100)
    hands.advance()
    return cams


def say(hands, device, *lines):
    hands.answer([device], Report(execution="proceeding", finished="none", details=(*lines, "downloading 1.0.1")))


def test_a_delta_that_fails_on_several_devices_is_stopped_with_an_event(world, staff, offered, hands):
    release = releases.get(world, "cam-1", "1.0.1")
    say(hands, offered[0], f"delta applied: {PATH}")
    say(hands, offered[1], f"delta failed: source: {PATH}: x")
    say(hands, offered[1], f"delta failed: memory: {PATH}: once more")  # its last word counts
    say(hands, offered[2], f"delta failed: apply: {PATH}: x", "delta failed: apply: 9.9.9/from-0.lzma.delta: x")
    assert updates.delta_for(world, offered[4], release) is not None
    [one] = updates.deltas(world, release.id)
    assert (one.state, one.worked, one.fell_back) == ("ready", 1, {"memory": 1, "apply": 1})
    say(hands, offered[3], f"delta failed: apply: {PATH}: x")
    say(hands, offered[4], f"delta failed: apply: {PATH}: x")
    [one] = updates.deltas(world, release.id)
    why = "it failed on 3 devices (2 apply, 1 memory) and worked on 1"
    assert (one.state, one.reason, one.fell_back) == ("stopped", why, {"memory": 1, "apply": 3})
    assert updates.delta_for(world, offered[4], release) is None
    events = [data for name, data in hands.events() if name == "delta_stopped"]
    assert events == [{"release": release.id, "base": one.base, "product": "cam-1", "reason": why}]
    hands.answer(offered)
    assert {member.state for member in updates.rollout(world, updates.rollouts(world)[0].id).members} == {"confirmed"}
    assert updates.try_again(world, staff, release.id) == 1
    assert updates.deltas(world, release.id) == []
    with world.look() as connection:
        assert delta_store.tallies(connection, release.id) == {}


def test_what_a_device_says_of_an_order_that_is_over_counts_nothing(world, offered, hands):
    action = updates.order_for(world, offered[0]).id
    hands.answer(offered[:1])
    with pytest.raises(updates.Gone):
        updates.feedback(
            world, offered[0], action,
            Report(execution="proceeding", finished="none", details=(f"delta failed: source: {PATH}: x",)),
        )  # fmt: skip
    [one] = updates.deltas(world, releases.get(world, "cam-1", "1.0.1").id)
    assert (one.worked, one.fell_back) == (0, {})
