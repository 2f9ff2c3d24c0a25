from datetime import timedelta

import pytest

from careful import devices, updates
from careful.kernel.errors import NotFound
from careful.updates import adoption

DONE = updates.Report(execution="closed", finished="success")


@pytest.fixture
def cams(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.fleet(4)


def test_up_to_date_follows_from_the_registry_and_not_from_claims(world, staff, maker, cams, hands):
    devices.seen(world, dict.fromkeys(cams, world.clock.now()))
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("2", "100%"), first=cams)
    hands.advance()
    hands.answer(cams[:1])
    claimed = updates.order_for(world, cams[1])
    updates.feedback(world, cams[1], claimed.id, DONE)
    maker.device("cam-1-900", None)
    devices.seen(world, {"cam-1-900": world.clock.now()})
    maker.device("cam-1-901", "2.0.0")
    found = updates.currency(world, "cam-1")
    assert (found.current, found.behind, found.unknown, found.ahead, found.without) == (1, 3, 1, 1, 0)
    assert found.newest == {"rev-a": "1.0.1"}
    causes = {one.why: one.devices for one in found.causes}
    assert causes == {
        "under way": (cams[1],),
        "its wave is not open yet": tuple(cams[2:]),
        "in no rollout": ("cam-1-900",),
    }
    words = {one.device: one.fate for one in updates.fates_of(world, started)}
    assert words == {cams[0]: "confirmed", cams[1]: "installed", cams[2]: "waiting", cams[3]: "waiting"}


def test_what_is_not_published_is_not_the_newest(world, maker, cams):
    maker.release("1.0.2", publish=False)
    assert updates.currency(world, "cam-1").newest == {"rev-a": "1.0.1"}


def test_silent_since_it_was_last_heard(world, staff, clock, cams, hands):
    heard = clock.now()
    devices.seen(world, dict.fromkeys(cams, heard))
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("1", "100%"), first=cams)
    clock.advance(timedelta(minutes=10))
    hands.advance()
    clock.advance(timedelta(hours=2))
    hands.advance()
    first = updates.fates_of(world, started)[0]
    assert (first.device, first.fate, first.since, first.runs) == (cams[0], "silent", heard, "1.0.0")


def test_the_curve_of_a_flaw_counts_every_release_that_mends_it(world, staff, maker, clock, hands):
    maker.release("1.0.0")
    maker.release("1.0.1", fixes=("CVE-2026-1",))
    cams = maker.fleet(4)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",), group=f"device={cams[0]}")
    hands.advance()
    hands.answer(cams)
    maker.release("1.0.2")
    clock.advance(timedelta(hours=1))
    updates.start_rollout(world, staff, "cam-1", "1.0.2", waves=("all",))
    hands.advance()
    hands.answer(cams[1:3])
    [found] = updates.uptake_of_flaw(world, "CVE-2026-1")
    assert (found.product, found.version, found.total) == ("cam-1", "1.0.1 or newer", 4)
    assert found.points[-1].fixed >= 2
    with pytest.raises(NotFound):
        updates.uptake_of_flaw(world, "CVE-2026-2")


def test_a_long_uptake_is_thinned_out_and_keeps_its_end(world, staff, clock, maker, hands, done):
    maker.release("1.0.1")
    cams = maker.fleet(5)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    hands.advance()
    for cam in cams:
        clock.advance(timedelta(minutes=1))
        hands.answer([cam])
    full = updates.uptake(world, "cam-1", "1.0.1")
    assert [one.fixed for one in full.points] == [0, 1, 2, 3, 4, 5]
    assert [one.offered for one in full.points] == [5, 4, 3, 2, 1, 0]
    adoption._MOST_POINTS, kept = 3, adoption._MOST_POINTS
    try:
        thin = updates.uptake(world, "cam-1", "1.0.1")
    finally:
        adoption._MOST_POINTS = kept
    assert [one.fixed for one in thin.points] == [1, 3, 5]
