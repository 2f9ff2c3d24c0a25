"""Keys as bytes: the same order, for every kind of key."""

from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.versions.blobs import blob

NUMBERS = st.integers(-(10**30), 10**30) | st.integers(-300, 300)
TEXTS = st.text(max_size=6) | st.sampled_from(["", "\x00", "\x00\xff", "\ud800", "\uffff", "\U0001f600"])
ITEMS = st.tuples(NUMBERS, TEXTS)
KEYS = st.tuples(NUMBERS, st.lists(ITEMS, max_size=4).map(tuple), TEXTS, st.lists(NUMBERS, max_size=4).map(tuple))


def sign(one, other):
    return (one > other) - (one < other)


@given(one=KEYS, other=KEYS)
def test_bytes_sort_as_keys_do(one, other):
    assert sign(blob(one), blob(other)) == sign(one, other)


@given(one=TEXTS, other=TEXTS, after=NUMBERS)
def test_a_text_ends_before_what_follows(one, other, after):
    assert sign(blob((one, after)), blob((other, -after))) == sign((one, after), (other, -after))


@given(one=st.integers(-(10**200), 10**200), other=st.integers(-(10**200), 10**200))
def test_numbers_of_any_length(one, other):
    assert sign(blob((one,)), blob((other,))) == sign(one, other)


def test_they_are_short():
    assert len(blob((2, 7, ""))) == 2 + 2 + 2
