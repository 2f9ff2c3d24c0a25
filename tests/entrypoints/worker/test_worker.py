"""The worker runs its chores and stops when told."""

import threading

from careful.entrypoints import worker
from careful.kernel.reconcile import Chore


def test_runs_and_stops(world):
    stop = threading.Event()
    seen = []

    def once(_world):
        seen.append(1)
        stop.set()
        return 0

    worker.run(world, [Chore("once", once)], stop)
    assert seen
