"""What comes twice is stored once: named cases, and the law that only a release makes an identifier new."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.customer_data.once import concerns, devices, names, once
from careful.kernel.inbox import Message, Released, Settled


def exactly(number, packet, device="d"):
    return Message(device, "up/t", b"%d" % number, number, packet, exactly=True)


def named(number, name, topic="up/t"):
    return Message("d", topic, b"%d" % number, number, record=name)


CASES = {
    "one": ([exactly(1, 7)], [], [], [1], {("d", 7)}, set()),
    "twice": ([exactly(1, 7), exactly(1, 7)], [], [], [1], {("d", 7)}, set()),
    "held from before": ([exactly(1, 7)], [("d", 7)], [], [], set(), set()),
    "held by another device": ([exactly(1, 7)], [("e", 7)], [], [1], {("d", 7)}, set()),
    "released": ([Released("d", 7)], [("d", 7), ("d", 8)], [], [], set(), {("d", 7)}),
    "released, and taken anew": ([Released("d", 7), exactly(1, 7)], [("d", 7)], [], [1], set(), set()),
    "taken and released": ([exactly(1, 7), Released("d", 7), exactly(2, 7)], [], [], [1, 2], {("d", 7)}, set()),
    "a new session": ([Released("d"), exactly(1, 7)], [("d", 7), ("d", 8)], [], [1], set(), {("d", 8)}),
    "a record once": ([named(1, b"x"), named(2, b"x"), named(3, b"y")], [], [("d", "up/t", b"y")], [1], set(), set()),
    "a record of another topic": ([named(1, b"x", "up/u")], [], [("d", "up/t", b"x")], [1], set(), set()),
    "the rest passes": ([Message("d", "up/t", b"1", 1), Message("d", "up/t", b"1", 1)], [], [], [1, 1], set(), set()),
}


@pytest.mark.parametrize(("entries", "held", "known", "kept", "taken", "freed"), CASES.values(), ids=CASES)
def test_cases(entries, held, known, kept, taken, freed):
    found = once(entries, held, known)
    assert [int(one.payload) for one in found.entries] == kept
    assert (found.taken, found.freed) == (taken, freed)


def test_nearly_always_nothing_is_of_this_kind():
    plain = [Message("d", "up/t", b"", 1, 7, True), Settled("d")]
    assert not concerns(plain)
    assert once(plain, [], []).entries == plain
    both = [exactly(1, 7), named(1, b"x"), Released("e")]
    assert concerns(both)
    assert devices(both) == {"d", "e"}
    assert names(both) == {("d", "up/t", b"x")}


@given(st.lists(st.tuples(st.sampled_from("sr"), st.integers(1, 3)), max_size=30), st.integers(0, 30))
def test_one_batch_or_two_are_the_same(acts, cut):
    entries = [exactly(n, packet) if act == "s" else Released("d", packet) for n, (act, packet) in enumerate(acts)]
    whole = once(entries, [], [])
    first = once(entries[:cut], [], [])
    second = once(entries[cut:], first.taken, [])
    assert first.entries + second.entries == whole.entries
    assert (first.taken | second.taken) - second.freed == whole.taken
    held = set()
    for (act, packet), entry in zip(acts, entries, strict=True):
        if act == "s":
            assert (entry in whole.entries) == (packet not in held)
        (held.add if act == "s" else held.discard)(packet)
