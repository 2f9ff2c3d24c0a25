"""Sessions of owners: see tests/entrypoints/public/test_my.py for a whole visit."""

from datetime import timedelta

import pytest

from careful import owners
from careful.kernel.actors import SYSTEM
from careful.kernel.errors import Unauthenticated
from careful.owners.actions import end_claim_in, owner_in
from careful.owners.links import _begin


def test_a_session_is_touched_ended_and_swept(house):
    world = house.world
    with world.change(SYSTEM) as work:
        secrets = [_begin(work, owner_in(work, "mail")) for _ in range(2)]
    world.clock.advance(timedelta(minutes=10))
    first = owners.find_session(world, secrets[0])
    world.clock.advance(timedelta(minutes=10))
    assert owners.find_session(world, secrets[0]).seen_at > first.seen_at
    for gone in (secrets[1], "", "x" * 10_000):
        with pytest.raises(Unauthenticated):
            owners.find_session(world, gone)
    owners.end_visit(world, first)
    with pytest.raises(Unauthenticated):
        owners.find_session(world, secrets[0])
    assert owners.sweep(world) == 1
    with world.change(SYSTEM) as work:
        assert not end_claim_in(work, "cam-1-001", "passed-on")  # there was none
