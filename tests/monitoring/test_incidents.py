"""Many devices at once are one incident; devices of several products where one moment explains it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.monitoring.incidents import Incidents, Late
from careful.monitoring.model import Detection

NOW = 1_000_000.0


def silent(device, product="cam-9"):
    return Detection("silence", device, NOW, 9, 3, "declaration", "Silent.", f"silence|{product}", "alert")


def late(product, number, ago, beat=60.0, spread=0.5):
    """Devices that were heard last in the `spread` of a beat before `ago`."""
    return [Late(f"{product}-{n}", product, NOW - ago - n * beat * spread / number, beat) for n in range(number)]


def folded(*groups, tracked=20):
    incidents = Incidents()
    everybody = [one for group in groups for one in group]
    incidents.follow(everybody, {one.product: tracked for one in everybody}, NOW)
    found = incidents.fold([silent(one.device, one.product) for one in everybody])
    return {one.cause: one for one in found}


def test_the_silence_of_many_is_one_cause_of_its_own():
    found = folded(late("cam-9", 8, 200))
    assert set(found) == {"silence|cam-9|fleet"}
    assert "8 devices" in found["silence|cam-9|fleet"].says


@pytest.mark.parametrize(("number", "tracked"), [(2, 2), (8, 10_000)])
def test_a_few_silent_ones_stay_what_they_are(number, tracked):
    assert set(folded(late("cam-9", number, 200), tracked=tracked)) == {"silence|cam-9"}


def test_who_goes_silent_with_the_first_counts_before_it_is_told_itself():
    incidents = Incidents()
    incidents.follow(late("cam-9", 8, 120), {"cam-9": 20}, NOW)  # two beats: the first has just had its three
    assert incidents.fold([silent("cam-9-7")])[0].cause == "silence|cam-9|fleet"


def test_several_products_from_one_moment_on_are_one_row_that_names_them():
    found = folded(late("cam-9", 8, 200), late("lock-9", 6, 200, beat=40))
    [(cause, one)] = found.items()
    assert one.names == ("cam-9", "lock-9")
    assert "14 devices of cam-9 and lock-9" in one.says
    assert cause.endswith("|fleet")


def test_several_products_from_different_moments_on_are_rows_of_their_own_that_say_so():
    found = folded(late("cam-9", 8, 2000), late("lock-9", 6, 200))
    assert set(found) == {"silence|cam-9|fleet", "silence|lock-9|fleet"}
    assert "not from the same moment" in found["silence|cam-9|fleet"].says


def test_who_is_found_later_for_a_longer_heartbeat_joins_the_row_that_is_there():
    incidents, tracked = Incidents(), {"zoo-9": 20, "cam-9": 20}
    first = late("zoo-9", 8, 4000, beat=60)
    incidents.follow(first, tracked, NOW)
    second = late("cam-9", 8, 4000, beat=1800, spread=0.9)
    incidents.follow([*first, *second], tracked, NOW)
    assert incidents.fold([silent("cam-9-1")])[0].cause == "silence|zoo-9|fleet"
    incidents.follow(second, tracked, NOW)  # the first are back: the rest is another incident
    assert incidents.fold([silent("cam-9-1")])[0].cause == "silence|cam-9|fleet"


@given(st.permutations([*late("cam-9", 8, 200), *late("lock-9", 6, 200), *late("zoo-9", 6, 2000)]))
def test_order_does_not_matter(everybody):
    expected = folded(late("cam-9", 8, 200), late("lock-9", 6, 200), late("zoo-9", 6, 2000))
    assert set(folded(everybody)) == set(expected)
