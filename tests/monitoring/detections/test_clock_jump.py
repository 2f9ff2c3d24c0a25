"""A clock that jumps."""

import pytest

from careful.monitoring.detections.clock_jump import Memory, detect

CASES = {
    "the first time is only noted": (None, 9999.0, False),
    "a steady clock": (2.0, 3.0, False),
    "a slow drift": (100.0, 160.0, False),
    "a jump back": (1.0, -86_400.0, True),
    "a jump ahead": (1.0, 200.0, True),
    "coming right after a start": (-1.7e9, 0.5, False),
    "no time given": (1.0, None, False),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window):
    before, now, fires = CASES[case]
    found, memory = detect(a_window(clock_offset=now), expected, Memory(before))
    assert bool(found) is fires
    assert memory.offset == (before if now is None else now)
