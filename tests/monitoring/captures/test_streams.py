import random

from hypothesis import given
from hypothesis import strategies as st

from careful.monitoring.captures.streams import Stream


def taken(segments, start=None):
    stream = Stream()
    if start is not None:
        stream.start(start)
    parts = [part for sequence, data in segments for part in stream.take(sequence, data, len(data))]
    return b"".join(data for data, _ in parts), any(gap for _, gap in parts), stream.again


def test_segments_in_order():
    assert taken([(1, b"ab"), (3, b"cd")], start=0) == (b"abcd", False, 0)


def test_a_late_segment_waits_for_its_place():
    assert taken([(3, b"cd"), (1, b"ab")], start=0) == (b"abcd", False, 0)


def test_a_segment_that_came_before_is_counted_and_not_given_again():
    assert taken([(1, b"ab"), (1, b"ab"), (2, b"bcd")], start=0) == (b"abcd", False, 1)


def test_numbers_wrap():
    assert taken([(2**32 - 1, b"ab"), (1, b"cd")], start=2**32 - 2) == (b"abcd", False, 0)


def test_a_hole_that_is_not_filled_is_stepped_over_when_too_much_waits():
    segments = [(1, b"a")] + [(3 + number, b"x") for number in range(100)]
    data, gap, _ = taken(segments, start=0)
    assert gap
    assert data == b"a" + b"x" * 100


def test_a_hole_is_stepped_over_when_time_has_passed():
    stream = Stream()
    stream.start(0)
    assert list(stream.take(1, b"a", 1, 10.0)) == [(b"a", False)]
    assert list(stream.take(3, b"c", 1, 11.0)) == []
    assert list(stream.take(4, b"d", 1, 20.0)) == [(b"", True), (b"c", False), (b"d", False)]


def test_a_segment_of_which_the_recording_kept_only_the_beginning():
    stream = Stream()
    assert list(stream.take(1, b"ab", 10)) == [(b"ab", False), (b"", True)]
    assert list(stream.take(11, b"cd", 2)) == [(b"cd", False)]


@given(st.binary(min_size=1, max_size=300), st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_any_order_within_reach_and_any_repetition_gives_the_same_bytes(data, start, chance: random.Random):
    segments, place = [], 0
    while place < len(data):
        size = chance.randint(1, 20)
        segments.append(((start + 1 + place) % 2**32, data[place : place + size]))
        place += size
    chance.shuffle(segments)
    segments = segments[:40]
    whole = b"".join(part for _, part in sorted(segments, key=lambda one: (one[0] - start) % 2**32))
    if len(whole) == len(data):
        again = [*segments, *segments[:5]]
        assert taken(again, start=start)[:2] == (data, False)
