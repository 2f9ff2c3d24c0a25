"""Faults: two workers at once, and `kill -9` of a worker at any moment. No device is told two things, none is lost."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from sqlalchemy import select

from careful import devices, updates
from careful.kernel.clock import SystemClock
from careful.kernel.work import World
from careful.updates import store
from careful.updates.model import OPEN_ORDER

NUMBER = 12
DONE = updates.Report(execution="closed", finished="success", details=("running it",))
WORKER = """
import sys
from pathlib import Path
from careful import updates
from careful.kernel.clock import SystemClock
from careful.kernel.database import Database
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World

home = Path(sys.argv[1])
world = World(Database("", home), SystemClock(), Settings(data=home), Keys(home / "keys"), home)
print("up", flush=True)
while True:
    updates.advance(world)
"""


@pytest.fixture
def world(world):
    return World(world.database, SystemClock(), world.settings, world.keys, world.home)


@pytest.fixture
def cams(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.fleet(NUMBER)


def open_orders(world):
    with world.look() as connection:
        query = select(store.order.c.device).where(store.order.c.state.in_(OPEN_ORDER))
        return Counter(connection.execute(query).scalars())


def answer(world, cams):
    """Let each device with an order carry it out; tell how many did."""
    told = open_orders(world)
    assert all(number == 1 for number in told.values()), told
    for cam in told:
        order = updates.order_for(world, cam)
        if order is not None:
            updates.retrieved(world, cam, order.id)
            updates.feedback(world, cam, order.id, DONE)
            devices.report_version(world, cam, order.version, "ddi")
    return len(told)


def check(world, started, cams):
    found = updates.rollout(world, started).rollout
    assert (found.state, found.count("confirmed")) == ("finished", len(cams))
    orders = Counter(one.device for one in updates.orders(world, drills=False))
    assert orders == Counter(dict.fromkeys(cams, 1)), "nobody was told twice, and nobody was left out"
    assert len({one.id for one in updates.orders(world, drills=False)}) == len(cams)


def test_two_workers_do_the_work_of_one(world, staff, cams):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("1", "25%", "100%"))
    stop, failed = threading.Event(), []

    def work():
        try:
            while not stop.is_set():
                updates.advance(world)
        except Exception as failure:  # noqa: BLE001 (told to the test below)
            failed.append(failure)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    until = time.monotonic() + 60
    while updates.rollout(world, started).rollout.state == "running" and time.monotonic() < until and not failed:
        answer(world, cams)
        time.sleep(0.01)
    stop.set()
    for one in workers:
        one.join()
    assert failed == []
    check(world, started, cams)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_worker_killed_at_any_moment_is_no_loss(world, staff, cams):
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("1", "2", "25%", "50%", "100%"))
    seed = random.randrange(1 << 30)  # noqa: S311 (when it dies is no secret)
    chance = random.Random(seed)  # noqa: S311 (the same)
    until = time.monotonic() + 90
    kills = 0
    while updates.rollout(world, started).rollout.state == "running":
        assert time.monotonic() < until, f"seed {seed}, {kills} kills"
        worker = subprocess.Popen([sys.executable, "-c", WORKER, str(world.home)], stdout=subprocess.PIPE)
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(chance.uniform(0, 0.05))
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        kills += 1
        answer(world, cams)
    check(world, started, cams)
