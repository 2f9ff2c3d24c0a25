"""Fields of packets: read in turn, never beyond the packet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.gateway.mqtt.fields import Body, Malformed, filter_of, length_of
from careful.entrypoints.gateway.mqtt.packets import length, text


@given(st.integers(0, 2**28 - 1))
def test_a_length_is_read_back(value):
    written = length(value)
    assert length_of(b"x" + written + b"y", 1) == (value, 1 + len(written))
    assert Body(written + b"y", 0, len(written)).length() == value
    for end in range(len(written)):
        assert length_of(written[:end], 0) is None
        with pytest.raises(Malformed):
            Body(written, 0, end).length()


def test_a_length_of_five_bytes():
    for broken in (lambda: length_of(b"\xff" * 5, 0), lambda: Body(b"\xff" * 5, 0, 5).length()):
        with pytest.raises(Malformed, match="more than four bytes"):
            broken()


def test_nothing_is_read_beyond_the_packet():
    body = Body(text("ab") + b"more", 0, 3)
    with pytest.raises(Malformed, match="longer than its packet"):
        body.text()
    body = Body(b"\x00\x01xy", 0, 3)
    assert (body.binary(), body.left()) == (b"x", False)
    body.done()


@pytest.mark.parametrize("pattern", ["", "a/#/b", "a#", "a+/b", "##"])
def test_filters_whose_wildcards_stand_wrong(pattern):
    with pytest.raises(Malformed):
        filter_of(pattern)


@pytest.mark.parametrize("pattern", ["#", "+", "a/+/b/#", "/", "+/+", "$share/x/a"])
def test_filters_that_are_well_formed(pattern):
    assert filter_of(pattern) == pattern
