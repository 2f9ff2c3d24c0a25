"""At scale: PostgreSQL, a JetStream cluster of three, two gateways, two workers; and one of each killed in mid-run.

Part of `device_path.py`; `python -m benchmarks.device_path_scale` runs it alone.
"""

import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import device_path_fleet as fleet
import nats_cluster
import postgres
import tough_fleet
from scale import Processes, count, installation, stored
from table import RUNS, row

from careful.kernel.work import World

DEVICES, RATE, SECONDS = 20, 100.0, 50.0
PATIENCE, RUN_SECONDS = 120.0, 6.0
PROCESSES = ("gateway-1", "gateway-2", "worker-1", "worker-2")


def throughput(world: World, processes: Processes, rate: int, seconds: float) -> tuple[fleet.Load, float]:
    """Offer load through two gateways; return what was seen, and when all of it was at rest."""
    names = [path.name for path in sorted((world.home / "bench").iterdir())]
    before = count(world)
    seen = fleet.load(world.home, names, rate, seconds, world.settings.mqtt_port)
    while count(world) - before < seen.acked:
        assert time.monotonic() - seen.ended < PATIENCE, "the workers do not get on"
        time.sleep(0.05)
    assert len(processes.running) == len(PROCESSES)
    return seen, time.monotonic()


def disaster(
    world: World, nats: nats_cluster.Cluster, processes: Processes, seconds: float, seed: int
) -> dict[str, float]:
    """Kill one of each, again and again, while devices send; count what is stored."""
    names = tough_fleet.make(world, DEVICES)
    total = int(RATE * seconds)
    tough = tough_fleet.fleet(world, names, total, RATE)
    killed = {"gateways": 0, "workers": 0, "servers of the cluster": 0}
    draw = random.Random(seed)
    turns = itertools.cycle(draw.sample(sorted(killed), len(killed)))

    async def kill() -> None:
        while any(one.acked < one.total for one in tough):
            await asyncio.sleep(draw.uniform(1, 3))
            kind, number = next(turns), draw.randrange(1, 3)
            killed[kind] += 1
            if kind == "servers of the cluster":
                nats.kill(number)
                await asyncio.sleep(1.0)
                nats.start(number)
                await asyncio.sleep(8.0)  # until it has caught up: with two of three gone nothing is acknowledged
            else:
                name = f"{kind[:-1]}-{number}"
                processes.kill(name)
                await asyncio.sleep(0.5)
                processes.start(name)

    async def run() -> None:
        killing = asyncio.create_task(kill())
        await asyncio.gather(*(one.run() for one in tough))
        killing.cancel()

    began = time.monotonic()
    uvloop.run(run())
    ended = time.monotonic()
    while count(world) < DEVICES * total and time.monotonic() - ended < PATIENCE:
        time.sleep(0.5)
    said = stored(world)
    faults = tough_fleet.faults({name: said.get(name, []) for name in names}, total)
    assert not faults, faults[:3]
    acked = sum(one.acked for one in tough)
    return {
        **killed,
        "acknowledged": acked,
        "stored": sum(map(len, said.values())),
        "seconds": time.monotonic() - began,
    }


@contextmanager
def serving() -> Iterator[tuple[World, nats_cluster.Cluster, Processes]]:
    """Run PostgreSQL, a cluster and an installation of their own: what another run left in the stream would count."""
    binaries = postgres.binaries()
    assert binaries is not None, "apt-get install postgresql"
    with (
        tempfile.TemporaryDirectory() as folder,
        nats_cluster.cluster() as nats,
        postgres.cluster(binaries) as url,
        installation(url, nats, Path(folder) / "data") as world,
    ):
        processes = Processes(world)
        try:
            yield world, nats, processes
        finally:
            processes.stop()


def main(seconds: float = SECONDS, rate: int = 10_000) -> None:
    """Measure, then kill."""
    fleet.quiet()
    print("PostgreSQL and a JetStream cluster of three (TLS, three copies) on this machine, two gateways, two workers.")
    with serving() as (world, _, processes):
        fleet.make_fleet(world, 40)
        processes.start(*PROCESSES)
        fleet.listens(world.settings.mqtt_port)
        time.sleep(5)
        runs = [throughput(world, processes, rate, RUN_SECONDS) for _ in range(RUNS)]
    print(f"offered {rate:,}/s for {RUN_SECONDS:.0f} s, {RUNS} runs")
    row("  acknowledged", [seen.rate for seen, _ in runs], "msg/s")
    row("  delay p50", [1000 * seen.p50 for seen, _ in runs], "ms")
    row("  delay p99", [1000 * seen.p99 for seen, _ in runs], "ms")
    row("  at rest in PostgreSQL", [seen.acked / (at - seen.began) for seen, at in runs], "msg/s")
    row("  all of it at rest, after the last PUBACK", [at - seen.ended for seen, at in runs], "s")
    found = []
    for number in range(RUNS):
        with serving() as (world, nats, processes):
            processes.start(*PROCESSES)
            found.append(disaster(world, nats, processes, seconds / RUNS, number))
    print(f"kill -9 of one of each, again and again, {seconds / RUNS:.0f} s of load a run, {RUNS} runs")
    for what in found[0]:
        row(f"  {what}", [one[what] for one in found], "")
    print("  nothing is missing, nothing there twice, every device in its order")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
