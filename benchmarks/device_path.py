"""Messages a second through the whole device path: mutual TLS, permission, declared fields, seal, disk, then PUBACK.

`python -m benchmarks.device_path` prints tables with their method; `--json` prints one object as its last line.
"""

import argparse
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))  # as a module and as a script alike
import device_path_fleet as fleet
from table import RUNS, method, row

from careful.assemble import open_world
from careful.kernel import inbox
from careful.kernel.settings import Settings

CONNECTIONS = 50
RUNGS = (5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000, 45_000, 50_000, 60_000)
FIRST = RUNGS.index(25_000)
TRIES = 3
SECONDS = 3.0
SHORT_SECONDS = 2.0
P99_MOST = 0.050
IDLE = 500


@dataclass(frozen=True)
class Run:
    """One run: what was offered and acknowledged, what lies on disk, what it cost the gateway."""

    offered_rate: int
    seen: fleet.Load
    stored: int
    duplicates: int
    disordered: int
    cpu: float

    @property
    def holds(self) -> bool:
        """Whether the gateway kept up with what was offered, and in time."""
        return self.keeps_up and self.seen.p99 < P99_MOST

    @property
    def keeps_up(self) -> bool:
        """Whether it acknowledged as fast as it was offered."""
        return self.seen.acked >= self.seen.offered and self.seen.rate > 0.95 * self.offered_rate


def newest(home: Path) -> int:
    """Return the number of the newest message in the inbox."""
    with closing(sqlite3.connect(home / inbox.FILE)) as connection:
        return int(connection.execute("SELECT coalesce(max(number), 0) FROM message").fetchone()[0])


def stored_after(home: Path, number: int) -> tuple[int, int, int]:
    """Return how many messages came after `number`, how many of them twice, and how many before an older one.

    Within a run a device gives each message the next packet identifier, so that what is sealed need not be opened.
    """
    with closing(sqlite3.connect(home / inbox.FILE)) as connection:
        rows = connection.execute("SELECT source, packet FROM message WHERE number > ? ORDER BY number", (number,))
        found = rows.fetchall()
    last: dict[int, int] = {}
    disordered = 0
    for source, packet in found:
        disordered += packet <= last.get(source, 0)
        last[source] = packet
    return len(found), len(found) - len(set(found)), disordered


def measure(gateway: BaseProcess, home: Path, names: Sequence[str], rate: int, seconds: float) -> Run:
    """Offer load once and count what was acknowledged against what lies on disk."""
    before, used = newest(home), fleet.cpu_seconds(gateway.pid)
    seen = fleet.load(home, names, rate, seconds)
    run = Run(rate, seen, *stored_after(home, before), fleet.cpu_seconds(gateway.pid) - used)
    assert run.stored >= seen.acked, f"{seen.acked} acknowledged, {run.stored} on disk"
    return run


def climb(gateway: BaseProcess, home: Path, names: Sequence[str], seconds: float, count: int) -> list[Run]:
    """Return `count` runs of the highest rate that the gateway keeps up with.

    Up from the target by single runs that must hold, tried again as something else may have disturbed them; down from
    a rate at which most runs do not keep up.
    """

    def holds(rate: int) -> bool:
        return any(measure(gateway, home, names, rate, min(2.0, seconds)).holds for _ in range(TRIES))

    rung = FIRST
    while rung + 1 < len(RUNGS) and holds(RUNGS[rung + 1]):
        rung += 1
    while True:
        runs = [measure(gateway, home, names, RUNGS[rung], seconds) for _ in range(count)]
        good = sum(run.keeps_up if rung <= FIRST else run.holds for run in runs)
        if not rung or good * 2 > count:
            return runs
        rung -= 1


def as_object(runs: Sequence[Run], connections: int) -> dict[str, float | int | list[float]]:
    """Return the figures of several runs: rates and delays are medians, counts are sums."""
    return {
        "messages_per_second": round(median(run.seen.rate for run in runs)),
        "ack_p50_ms": round(1000 * median(run.seen.p50 for run in runs), 2),
        "ack_p99_ms": round(1000 * median(run.seen.p99 for run in runs), 2),
        "acked": sum(run.seen.acked for run in runs),
        "stored": sum(run.stored for run in runs),
        "duplicates": sum(run.duplicates for run in runs),
        "out_of_order": sum(run.disordered for run in runs),
        "cpu_seconds": round(sum(run.cpu for run in runs), 2),
        "messages_per_cpu_second": round(sum(run.seen.acked for run in runs) / sum(run.cpu for run in runs)),
        "connections": connections,
        "offered_per_second": runs[0].offered_rate,
        "runs": len(runs),
        "messages_per_second_range": [round(run(one.seen.rate for one in runs)) for run in (min, max)],
        "ack_p99_ms_range": [round(1000 * run(one.seen.p99 for one in runs), 2) for run in (min, max)],
    }


def table(what: str, runs: Sequence[Run]) -> None:
    """Print the runs of one rate."""
    print(what)
    row("  acknowledged", [run.seen.rate for run in runs], "msg/s", "25,000/s")
    row("  delay p50", [1000 * run.seen.p50 for run in runs], "ms")
    row("  delay p99", [1000 * run.seen.p99 for run in runs], "ms", "< 50 ms")
    row("  a CPU-second of the gateway", [run.seen.acked / run.cpu for run in runs], "msg")
    row("  stored less acknowledged", [run.stored - run.seen.acked for run in runs], "msg", "0")
    row("  stored twice, or out of order", [run.duplicates + run.disordered for run in runs], "msg", "0")


def idling(folder: Path, names: Sequence[str], answer: "fleet.Any", go: "fleet.Any") -> None:
    """Connect and stay silent until told."""

    async def stay() -> None:
        await fleet.connect(folder, names)
        answer.put(len(names))
        await fleet.asyncio.to_thread(go.wait)

    fleet.uvloop.run(stay())


def idle_memory(gateway: BaseProcess, home: Path, names: Sequence[str]) -> float:
    """Return the bytes that one idle connection costs the gateway."""
    answer, go, before = fleet.SPAWN.Queue(), fleet.SPAWN.Event(), fleet.memory(gateway.pid)
    crowd = fleet.SPAWN.Process(target=idling, args=(home, names, answer, go), daemon=True)
    crowd.start()
    answer.get(timeout=300)
    cost = (fleet.memory(gateway.pid) - before) / len(names)
    go.set()
    crowd.join(60)
    return cost


def disturbed(gateway: BaseProcess, home: Path, names: Sequence[str], rate: int, seconds: float, runs: int) -> None:
    """Measure beside a hostile device with a hundredth of the load, and beside a flooder."""
    import device_path_trials as trials  # noqa: PLC0415 (these parts need more than `--json` does)

    print(f"beside others, {rate:,}/s offered by {len(names) - 1} devices")
    kinds = (("alone", 0.0), ("hostile", rate / 100), ("flooder", float(rate)))
    for kind, disturbing in kinds:

        def several() -> list[Run]:
            return [measure(gateway, home, names[1:], rate, seconds) for _ in range(runs)]

        found = trials.beside(kind, disturbing, home, names[0], several) if disturbing else several()
        what = f"  {kind}" + (f", {disturbing:,.0f}/s" if disturbing else "")
        row(f"{what}: acknowledged", [run.seen.rate for run in found], "msg/s")
        row("    delay p50", [1000 * run.seen.p50 for run in found], "ms")
        row("    delay p99", [1000 * run.seen.p99 for run in found], "ms")


def stages(runs: int) -> None:
    """Print what each stage costs."""
    import device_path_ladder as ladder  # noqa: PLC0415 (as above)

    print("CPU time of one message by stage")
    found = [ladder.ladder() for _ in range(runs)]
    for stage, prices in zip(ladder.STAGES, zip(*found, strict=True), strict=True):
        row(f"  {stage}", prices, "us")
    row("  all of them", [sum(prices) for prices in found], "us")


def others(home: Path, names: Sequence[str], rate: int, seconds: float, runs: int) -> None:
    """Print what clients that are not ours reach, and what Mosquitto does with the same load."""
    import device_path_peers as peers  # noqa: PLC0415 (as above)

    pub = [peers.by_mosquitto_pub(home, names[:4], 1000) for _ in range(runs)]
    row("mosquitto_pub -l, four at once", pub, "msg/s")
    row("paho, one client", [peers.by_paho(home, names[5], 2000) for _ in range(runs)], "msg/s")
    loads, used = [], []
    with peers.mosquitto(home) as broker:
        for _ in range(runs):
            before = fleet.cpu_seconds(broker.pid)
            loads.append(fleet.load(home, names, rate, seconds, peers.PORT))
            used.append(max(fleet.cpu_seconds(broker.pid) - before, 0.01))
    print(f"Mosquitto, durable subscriber, acknowledged from memory, {rate:,}/s offered")
    row("  acknowledged", [seen.rate for seen in loads], "msg/s")
    row("  delay p99", [1000 * seen.p99 for seen in loads], "ms")
    row("  a CPU-second of the broker", [seen.acked / cpu for seen, cpu in zip(loads, used, strict=True)], "msg")


def soak(seconds: float) -> None:
    """Print the memory of gateway and worker over a long run."""
    import device_path_soak  # noqa: PLC0415 (as above)

    device_path_soak.main(seconds)


def killing(runs: int) -> None:
    """Kill the gateway, then one of each at scale."""
    import device_path_scale as scale  # noqa: PLC0415 (as above)
    import device_path_trials as trials  # noqa: PLC0415 (as above)

    found = [trials.kills() for _ in range(runs)]
    print(f"kill -9 of the gateway {trials.KILLS} times a run")
    row("  acknowledged", [one["acked"] for one in found], "msg")
    row("  stored less acknowledged", [one["stored"] - one["acked"] for one in found], "msg", "0")
    row("  killed", [one["kills"] for one in found], "times")
    print("  none twice, every device in its order")
    scale.main()


def main() -> None:
    """Measure throughput, delay, what disturbs and what kills, and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="length of a run")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--rate", type=int, default=0, help="messages a second to offer; 0: the most that holds")
    parser.add_argument("--soak", type=float, default=40.0, help="seconds of the soak (an hour: 3600)")
    asked = parser.parse_args()
    fleet.quiet()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "data"
        world = open_world(Settings(data=home, mqtt_port=fleet.PORT))
        names = fleet.make_fleet(world, asked.connections if asked.json else max(asked.connections, IDLE))
        world.database.close()
        with fleet.gateway(data=home) as gateway:
            some = names[: asked.connections]
            if asked.rate:
                runs = [measure(gateway, home, some, asked.rate, asked.seconds) for _ in range(asked.runs)]
            else:
                runs = climb(gateway, home, some, asked.seconds, asked.runs)
            if asked.json:
                print(json.dumps(as_object(runs, len(some))))
                return
            method(
                f"""Open loop from another process: each message has its due time and its delay counts from then.
                200-byte messages, QoS 1, TLS 1.3 with P-256 client certificates, at most {fleet.IN_FLIGHT} in flight on
                a connection; {asked.seconds} s a run. Two of the four fields are personal and sealed one by one; every
                message is checked against its declaration and counted by the detections. One gateway process and the
                load share this machine's {os.cpu_count()} CPUs. The rate offered is the highest of {RUNGS[0]:,} to
                {RUNGS[-1]:,} that the gateway keeps up with at a p99 below {P99_MOST * 1000:.0f} ms. After each run the
                acknowledged are counted against what lies on disk. Idle memory: private bytes of the gateway after
                {IDLE} devices connected, less those before. Mosquitto: same load, same machine, same certificates; its
                PUBACK means that it holds the message in memory."""
            )
            table(f"{len(some)} connections, {runs[0].offered_rate:,}/s offered", runs)
            idle = [idle_memory(gateway, home, names) / 1024 for _ in range(asked.runs)]
            row("memory of an idle connection", idle, "KiB", "< 64 KiB")
            short = min(asked.seconds, SHORT_SECONDS)
            disturbed(gateway, home, some, max(RUNGS[0], runs[0].offered_rate // 2), short, asked.runs)
            others(home, some, runs[0].offered_rate, short, asked.runs)
    stages(asked.runs)
    soak(asked.soak)
    killing(asked.runs)


if __name__ == "__main__":
    main()
