"""Strangers' tries, by network address and device."""

import pytest

from careful.kernel.errors import TooMany
from careful.owners.model import WRONG_FROM_SOURCE
from careful.owners.tries import hold_back_guesses, name_of, note_wrong, seconds_left


def test_a_source_that_guesses_waits_and_others_do_not(house, code):
    world = house.world
    for _ in range(WRONG_FROM_SOURCE[0].times):
        hold_back_guesses(world, "one", "cam-1-001")
        note_wrong(world, "one", "cam-1-001")
    with pytest.raises(TooMany, match="too often"):
        hold_back_guesses(world, "one", "cam-1-002")
    hold_back_guesses(world, "two", "cam-1-001")
    assert seconds_left(world, name_of(world, "wrong source", "two"), WRONG_FROM_SOURCE, world.clock.now()) == 0
