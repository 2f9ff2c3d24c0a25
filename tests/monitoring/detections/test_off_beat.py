"""Messages that come at regular times, and then do not."""

import dataclasses

import pytest

from careful.monitoring.detections.off_beat import Memory, beat_of, detect
from careful.monitoring.learnt import Beat, Learnt

PERIOD = 300.0


def fired(expected, a_window, times, *, learnt=None, end=None, count=4):
    """Feed messages at these times (or (time, count)), with the silence between them."""
    given, memory, found, at = dataclasses.replace(expected, learnt=learnt), Memory(), [], None
    for one in times:
        start, size = one if isinstance(one, tuple) else (one, count)
        for quiet in range(0 if at is None else int(at) + 1, int(start), 10):
            if at is not None:
                what = a_window(start=float(quiet), seconds=min(10.0, start - quiet))
                detection, memory = detect(what, given, memory)
                found += [detection] if detection else []
        detection, memory = detect(a_window(start=float(start), messages={"up/t": size}), given, memory)
        found += [detection] if detection else []
        at = start
    for quiet in range(int(at) + 1, int(end or at), 10):
        detection, memory = detect(a_window(start=float(quiet), seconds=10.0), given, memory)
        found += [detection] if detection else []
    return found


REGULAR = [1000.0 + PERIOD * number for number in range(12)]
KNOWN = Learnt(beats={"cam-9-1 up/t": Beat(PERIOD, 4)})
CASES = {
    "regular": (REGULAR, None, 0),
    "a little late": ([*REGULAR, REGULAR[-1] + PERIOD + 20], None, 0),
    "early": ([*REGULAR, REGULAR[-1] + 90], None, 1),
    "early, known from quiet days": ([1000.0, 1090.0], KNOWN, 1),
    "early, nothing known": ([1000.0, 1090.0], None, 0),
    "one is missing": ([*REGULAR, REGULAR[-1] + 2 * PERIOD], None, 1),
    "one of four is missing": ([*REGULAR[:-1], (REGULAR[-1], 3), REGULAR[-1] + PERIOD], None, 1),
    "doubled": ([*REGULAR[:-1], (REGULAR[-1], 8), REGULAR[-1] + PERIOD], None, 1),
    "in two seconds": ([*REGULAR[:-1], (REGULAR[-1], 2), (REGULAR[-1] + 1, 2), REGULAR[-1] + PERIOD], None, 0),
    "never regular": ([1000.0 + 37 * number * number for number in range(20)], None, 0),
    "too quick to tell": ([1000.0 + 5 * number for number in range(40)] + [1300.0], None, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window):
    times, learnt, count = CASES[case]
    assert (len(fired(expected, a_window, times, learnt=learnt)) > 0) is (count > 0)


def test_that_it_does_not_come_is_told_while_it_lasts(expected, a_window):
    found = fired(expected, a_window, REGULAR, end=REGULAR[-1] + 5 * PERIOD)
    assert len(found) > 50  # for as long as it is missing; the watch tells it once an hour
    assert found[0].at - REGULAR[-1] < 1.3 * PERIOD
    assert "did not come" in found[0].says


def test_who_says_good_bye_is_not_missed(expected, a_window):
    memory = Memory()
    for at in REGULAR:
        _, memory = detect(a_window(start=at, messages={"up/t": 1}), expected, memory)
    _, memory = detect(a_window(start=REGULAR[-1] + 5, counters={"left": 1.0}), expected, memory)
    found, memory = detect(a_window(start=REGULAR[-1] + 900, seconds=10.0), expected, memory)
    assert found is None
    assert detect(a_window(start=REGULAR[-1] + 990, messages={"up/t": 1}), expected, memory)[0] is None


def test_who_connects_anew_may_begin_another_beat(expected, a_window):
    memory = Memory()
    for at in REGULAR:
        _, memory = detect(a_window(start=at, messages={"up/t": 1}), expected, memory)
    again = REGULAR[-1] + 100
    found, memory = detect(a_window(start=again, messages={"up/t": 1}, connects=1), expected, memory)
    assert found is None
    assert detect(a_window(start=again + 300, messages={"up/t": 1}), expected, memory)[0] is None


def test_another_beat_is_learnt_after_a_while(expected, a_window):
    quicker = [REGULAR[-1] + 60.0 * number for number in range(1, 60)]
    found = fired(expected, a_window, [*REGULAR, *quicker])
    assert 15 <= len(found) <= 22
    assert max(one.at for one in found) < quicker[25]


@pytest.mark.parametrize(
    ("gaps", "counts", "beat"),
    [
        ((300.0,) * 8, (4,) * 8, Beat(300.0, 4)),
        ((300.0,) * 8, (4, 3) * 4, Beat(300.0, 0)),
        ((300.0,) * 7, (4,) * 7, None),
        ((300.0,) * 8 + (600.0,), (4,) * 9, None),
        ((5.0,) * 8, (1,) * 8, None),
    ],
    ids=["steady", "varying size", "too few", "not steady", "too quick"],
)
def test_what_a_beat_is(gaps, counts, beat):
    assert beat_of(gaps, counts) == beat
