"""Chores run until nothing is left; a broken one rests and never stops the others."""

import threading

from careful.kernel.errors import Unavailable
from careful.kernel.reconcile import Chore, settle, work_alone, work_until


def test_runs_until_nothing_is_left(world):
    left = [3]

    def one(_world):
        if not left[0]:
            return 0
        left[0] -= 1
        return 1

    assert settle(world, [Chore("one", one)]) == 3


def test_a_broken_chore_rests_and_the_others_go_on(world):
    calls = {"broken": 0, "sound": 0}

    def broken(_world):
        calls["broken"] += 1
        raise Unavailable("The disk is full.")

    def odd(_world):
        raise ZeroDivisionError

    def sound(_world):
        calls["sound"] += 1
        return int(calls["sound"] < 4)

    assert settle(world, [Chore("broken", broken), Chore("odd", odd), Chore("sound", sound)]) == 3
    assert calls == {"broken": 1, "sound": 4}


def test_bounded_even_if_never_done(world):
    assert settle(world, [Chore("endless", lambda _world: 1)]) == 20


def test_woken_and_stopped(world):
    stop = threading.Event()

    def once(_world):
        stop.set()
        return 0

    work_until(world, [Chore("once", once)], stop)
    assert stop.is_set()


def test_alone_it_pauses_only_when_there_was_nothing(world):
    left, stop, paused = [3], threading.Event(), []

    def one(_world):
        left[0] -= 1
        return int(left[0] >= 0)

    stop.wait = lambda seconds: (paused.append((left[0], seconds)), stop.set())
    work_alone(world, Chore("one", one), stop, every=0.5)
    assert paused == [(-1, 0.5)]


def test_what_follows_from_the_ledger_is_left_alone_while_it_does_not_grow(world, staff, thing_done):
    calls = []
    chore = Chore("followed", lambda _world: calls.append(1) or int(len(calls) == 1), idle_seconds=30.0)
    assert [chore.run(world, at) for at in (0.0, 1.0, 2.0, 29.0)] == [1, 0, 0, 0]
    assert len(calls) == 2  # the second found nothing to do
    chore.run(world, 31.5)
    assert len(calls) == 3  # it is looked at now and then all the same
    with world.change(staff) as work:
        work.record(thing_done(thing="one"))
    chore.run(world, 32.0)
    assert len(calls) == 4
