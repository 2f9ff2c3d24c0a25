"""The chain of nonces: a clone forks it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import monitoring
from careful.kernel.errors import Invalid, NotFound
from careful.monitoring.nonces import judge


@pytest.mark.parametrize(
    ("kept", "shown", "says"),
    [
        (None, None, "first"),
        (None, "a", "first"),
        (("b", "a"), "b", "good"),
        (("b", "a"), "a", "good"),
        (("b", "a"), "0", "fork"),
        (("b", "a"), None, "missing"),
    ],
)
def test_what_a_nonce_says(kept, shown, says):
    assert judge(kept, shown) == says


def connect(world, device, holds):
    """Connect showing what one holds; return what that says, and what one holds now."""
    said = monitoring.present(world, device, holds)
    return said, monitoring.hand_out(world, device, holds).encode() if said != "fork" else holds


def test_a_device_alone_is_good_for_ever_even_where_it_forgets_the_newest(world):
    said, holds = connect(world, "d", None)
    for forgets in (False, True, True, False, True):
        said, new = connect(world, "d", holds)
        assert said == "good"
        holds = holds if forgets else new


def test_a_clone_is_found_when_both_have_come_back(world):
    _, original = connect(world, "d", None)
    clone = original
    _, original = connect(world, "d", original)
    said, clone = connect(world, "d", clone)
    assert said == "good"  # the grace of one: it may be the device itself, after a power cut
    assert connect(world, "d", original)[0] == "fork"


def test_after_a_restore_the_chain_begins_anew(world, staff):
    _, first = connect(world, "d", None)
    _, second = connect(world, "d", first)
    connect(world, "d", second)
    assert monitoring.present(world, "d", first) == "fork"
    monitoring.reset_chain(world, staff, "d", "Restored from a backup.")
    assert connect(world, "d", first)[0] == "first"
    with pytest.raises(NotFound):
        monitoring.reset_chain(world, staff, "other", "Restored.")
    with pytest.raises(Invalid):
        monitoring.reset_chain(world, staff, "d", "")


def test_a_new_key_begins_a_new_chain(world):
    connect(world, "d", None)
    monitoring.forget_chain(world, "d")
    monitoring.forget_chain(world, "never-there")
    assert monitoring.present(world, "d", None) == "first"


def test_one_who_took_part_and_comes_without_is_noticed(world):
    connect(world, "d", None)
    assert monitoring.present(world, "d", None) == "missing"


@given(st.lists(st.sampled_from(["original", "clone"]), min_size=8, max_size=30))
def test_in_any_order_two_who_both_keep_coming_are_found(order):
    """Model of the two digests: whoever takes turns often enough is found."""
    kept, holds = ("n0", ""), {"original": "n0", "clone": "n0"}
    forked = False
    for serial, who in enumerate(order, 1):
        if judge(kept, holds[who]) == "fork":
            forked = True
            break
        kept = (f"n{serial}", holds[who])
        holds[who] = f"n{serial}"
    turns = sum(a != b for a, b in pairwise(order))
    assert forked or turns < 2
