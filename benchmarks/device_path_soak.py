"""Hours of load: the memory of gateway and worker stays flat, and the inbox empty.

Part of `device_path.py`; `python -m benchmarks.device_path_soak [SECONDS]` runs it alone, `tests/walks/test_soak.py`
runs it for some seconds. PostgreSQL, a JetStream cluster of three, one gateway, one worker that moves all to rest.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import device_path_fleet as fleet
import nats_cluster
import postgres
from scale import Processes, count, installation

from careful.kernel.jetstream import STREAM, Link
from careful.kernel.work import World

DEVICES, RATE, SECONDS, PARTS = 50, 3_000, 60.0, 10
LONGEST = 60.0
"""One load lasts no longer: then every device comes anew."""
PATIENCE = 60.0
WATCHED = ("gateway-1", "worker-1")
_MIB = 1 << 20


@dataclass(frozen=True)
class Sample:
    """After so many seconds and messages: MiB of each process, and what waits in the inbox."""

    seconds: float
    acked: int
    mib: Mapping[str, float]
    waiting_mib: float


def growth(samples: Sequence[Sample], name: str) -> float:
    """Return the MiB by which a process grew for each 100,000 messages, from the first sample to the last."""
    first, last = samples[0], samples[-1]
    return (last.mib[name] - first.mib[name]) / (last.acked - first.acked) * 100_000


def soak(
    world: World, processes: Processes, names: Sequence[str], rate: int, seconds: float, parts: int = PARTS
) -> Iterator[Sample]:
    """Offer load for long; yield a sample after each part of it. The first ends the warm-up."""
    began, acked, link = time.monotonic(), 0, Link(world.settings, "soak")
    try:
        for _ in range(parts):
            left = seconds / parts
            while left > 0:
                acked += fleet.load(world.home, names, rate, min(left, LONGEST), world.settings.mqtt_port).acked
                left -= LONGEST
            assert set(WATCHED) <= set(processes.running)
            used = {name: fleet.memory(processes.running[name].pid) / _MIB for name in WATCHED}
            waiting = link.call(link.stream.stream_info(STREAM), 15.0).state.bytes / _MIB
            yield Sample(time.monotonic() - began, acked, used, waiting)
    finally:
        link.close()


def come_to_rest(world: World, acked: int) -> int:
    """Wait until all that was acknowledged is at rest; return how many are."""
    until = time.monotonic() + PATIENCE
    while (found := count(world)) < acked:
        assert time.monotonic() < until, f"{acked} acknowledged, {found} at rest"
        time.sleep(0.5)
    return found


@contextmanager
def serving(
    postgres_url: str, nats: nats_cluster.Cluster, home: Path, devices: int
) -> Iterator[tuple[World, Processes, list[str]]]:
    """Run a gateway and a worker; yield the installation, its processes and its devices."""
    with installation(postgres_url, nats, home) as world:
        names, processes = fleet.make_fleet(world, devices), Processes(world)
        processes.start(*WATCHED)
        try:
            fleet.listens(world.settings.mqtt_port)
            yield world, processes, names
        finally:
            processes.stop()


def main(seconds: float = SECONDS, rate: int = RATE) -> None:
    """Soak, and print memory and inbox after each tenth."""
    fleet.quiet()
    binaries = postgres.binaries()
    assert binaries is not None, "apt-get install postgresql"
    print(f"soak of {seconds:,.0f} s, {rate:,}/s, PostgreSQL and a JetStream cluster of three: after each tenth")
    samples: list[Sample] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        nats_cluster.cluster() as nats,
        postgres.cluster(binaries) as url,
        serving(url, nats, Path(folder) / "data", DEVICES) as (world, processes, names),
    ):
        for one in soak(world, processes, names, rate, seconds):
            samples.append(one)
            said = ", ".join(f"{name} {mib:.1f} MiB" for name, mib in one.mib.items())
            print(f"  {one.seconds:7,.0f} s {one.acked:>12,} messages: {said}, inbox {one.waiting_mib:.1f} MiB",
                  flush=True)  # fmt: skip
        print(f"  at rest: {come_to_rest(world, samples[-1].acked):,} of {samples[-1].acked:,} acknowledged")
    for name in WATCHED:
        print(f"  {name}: {growth(samples, name):+.2f} MiB for 100,000 messages after the first tenth")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
