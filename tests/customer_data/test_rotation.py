"""Epochs follow each other."""

from datetime import timedelta

from careful.customer_data import epoch_keys, epochs, store
from careful.customer_data.rotation import begin_epoch
from careful.kernel.actors import SYSTEM


def begin(world):
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        return begin_epoch(work, epoch_keys(world), 30)


def test_an_epoch_lasts_its_days(world, clock):
    first = begin(world)
    assert first.ends - first.begins == timedelta(days=30)
    assert begin(world) == first
    clock.advance(timedelta(days=30))
    assert begin(world).number == 2
    assert [one.number for one in epochs(world)] == [1, 2]
