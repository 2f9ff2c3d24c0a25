"""Many devices at once are one incident."""

from hypothesis import given
from hypothesis import strategies as st

from careful.monitoring.incidents import fold_silence
from careful.monitoring.model import Detection


def silent(device, product="cam-9"):
    return Detection("silence", device, 0.0, 9, 3, "declaration", "Silent.", f"silence|{product}", "alert")


def test_the_silence_of_many_is_one_cause_of_its_own():
    folded = fold_silence([silent(f"d{number}") for number in range(8)], {"cam-9": 20})
    assert {one.cause for one in folded} == {"silence|cam-9|fleet"}
    assert "8 devices" in folded[0].says


def test_a_few_silent_ones_stay_what_they_are():
    assert fold_silence([silent("d1"), silent("d2")], {"cam-9": 2}) == [silent("d1"), silent("d2")]
    many = [silent(f"d{number}") for number in range(8)]
    assert fold_silence(many, {"cam-9": 10_000}) == many


@given(st.permutations([silent(f"d{number}", "cam-9" if number % 3 else "lock-9") for number in range(12)]))
def test_order_does_not_matter(found):
    folded = fold_silence(found, {"cam-9": 12, "lock-9": 400})
    assert sorted(folded, key=lambda one: one.device) == sorted(
        fold_silence(sorted(found, key=lambda one: one.device), {"cam-9": 12, "lock-9": 400}),
        key=lambda one: one.device,
    )
