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


def test_what_runs_beside_waits_for_nobody_and_stops_too(world):
    stop, moved = threading.Event(), threading.Event()
    calls = []

    def slow(_world):
        assert moved.wait(20)
        stop.set()
        return 0

    def move(_world):
        calls.append(threading.current_thread().name)
        if len(calls) == 3:
            moved.set()
        return 1

    worker.run(world, [Chore("slow", slow)], stop, beside=[Chore("move", move)])
    assert set(calls) == {"move"}
    assert "move" not in {one.name for one in threading.enumerate()}
