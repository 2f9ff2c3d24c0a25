"""One transaction: change, event and message are stored together or not at all."""

import pytest

from careful.kernel import ledger, outbox
from careful.kernel.actors import SYSTEM


def test_all_or_nothing(world, thing_done):
    with pytest.raises(RuntimeError), world.change(SYSTEM) as work:
        work.record(thing_done(thing="a"))
        work.post("mail", {})
        raise RuntimeError
    with world.look() as connection:
        assert (ledger.size(connection), outbox.counts(connection)) == (0, {})


def test_time_stands_still_within_the_work(world, clock, thing_done):
    with world.change(SYSTEM) as work:
        assert work.now == clock.now()
        work.record(thing_done(thing="a"))
        work.post("mail", {})
    with world.look() as connection:
        assert ledger.read(connection)[0].at == clock.now()
        assert outbox.counts(connection) == {"waiting": 1}
