import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import Invalid
from careful.updates.model import Rule
from careful.updates.waves import check_waves, cut_waves, rule


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param((), id="none"),
        pytest.param(("2", "10%"), id="not all in the end"),
        pytest.param(("0", "100%"), id="an empty wave"),
        pytest.param(("120%", "100%"), id="more than all"),
        pytest.param(("two", "100%"), id="a word"),
        pytest.param(("1",) * 20 + ("100%",), id="too many"),
        pytest.param(("1,success=0", "100%"), id="a threshold of nothing"),
        pytest.param(("1,success=101", "100%"), id="a threshold above all"),
        pytest.param(("1,silence=2w", "100%"), id="no span"),
        pytest.param(("1,silence=91d", "100%"), id="too patient"),
        pytest.param(("1,luck=1", "100%"), id="no rule"),
    ],
)
def test_waves_that_make_no_sense_are_refused(asked):
    with pytest.raises(Invalid):
        check_waves(asked)


@given(
    st.sets(st.integers(0, 500).map(str), max_size=80),
    st.lists(st.sampled_from(["1", "2", "5", "10%", "25%"]), max_size=4),
    st.lists(st.integers(0, 500).map(str), max_size=5),
)
def test_every_device_is_dealt_into_one_wave(devices, asked, first):
    dealt = cut_waves(devices, [*asked, "100%"], first, "salt")
    assert sorted(one.device for one in dealt) == sorted(devices)
    assert [one.wave for one in dealt] == sorted(one.wave for one in dealt)
    head = [device for device in dict.fromkeys(first) if device in devices]
    assert [one.device for one in dealt][: len(head)] == head
    assert dealt == cut_waves(sorted(devices, reverse=True), [*asked, "100%"], first, "salt")


def test_twenty_devices_go_in_two_and_two_and_the_rest():
    dealt = cut_waves([f"d{n}" for n in range(20)], ("2", "10%", "100%"), (), "s")
    assert [sum(one.wave == wave for one in dealt) for wave in (1, 2, 3)] == [2, 2, 16]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("10%", Rule()),
        ("10%,success=95", Rule(success_percent=95)),
        ("2,silence=2h", Rule(deadline_seconds=7200)),
        ("100%,success=90,silence=30m", Rule(success_percent=90, deadline_seconds=1800)),
    ],
)
def test_a_wave_says_how_it_is_proven(asked, expected):
    assert check_waves((asked, "100%")) == (asked, "100%")
    assert rule(asked) == expected
