"""PostgreSQL, a cluster of three, two gateways and two workers: one of each is killed in mid-run, and nothing is lost.

`python -m benchmarks.device_path_scale` runs it for longer.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import nats_cluster
import pytest
import tough_fleet
from scale import Processes, count, installation, stored

from careful.kernel.work import World

DEVICES, TOTAL, RATE = 8, 1200, 150.0
PATIENCE = 90


@pytest.fixture
def world(postgres_url: str, nats: nats_cluster.Cluster, tmp_path: Path) -> Iterator[World]:
    with installation(postgres_url, nats, tmp_path / "data") as made:
        yield made


@pytest.mark.walk
def test_one_of_each_is_killed_and_nothing_is_lost_doubled_or_out_of_order(world, nats):
    names = tough_fleet.make(world, DEVICES)
    processes = Processes(world)
    processes.start("gateway-1", "gateway-2", "worker-1", "worker-2")
    fleet = tough_fleet.fleet(world, names, TOTAL, RATE)

    async def disaster() -> None:
        await asyncio.sleep(2.0)
        for kill, start in (
            (lambda: processes.kill("gateway-1"), lambda: processes.start("gateway-1")),
            (lambda: processes.kill("worker-1"), lambda: processes.start("worker-1")),
            (lambda: nats.kill(0), lambda: nats.start(0)),
        ):
            kill()
            await asyncio.sleep(1.0)
            start()

    async def run() -> None:
        await asyncio.wait_for(asyncio.gather(disaster(), *(one.run() for one in fleet)), PATIENCE)

    try:
        asyncio.run(run())
        assert sum(one.lost for one in fleet) > 0
        assert [one.out_of_turn for one in fleet] == [[]] * DEVICES
        until = time.monotonic() + PATIENCE
        while count(world) < DEVICES * TOTAL and time.monotonic() < until:
            time.sleep(0.2)
        assert tough_fleet.faults(stored(world) | {n: stored(world).get(n, []) for n in names}, TOTAL) == []
    finally:
        processes.stop()
        nats.wait()
