"""Does one device that misbehaves slow the others? Fifty that behave, alone, beside a flooder, beside hostile payloads.

`python -m benchmarks.flooder` prints a table with its method; `--json` prints one object as its last line.
"""

import argparse
import asyncio
import json
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # as a module and as a script alike
import device_path_fleet as fleet
from table import RUNS, method, row

from careful.assemble import open_world
from careful.entrypoints.gateway.mqtt.arrivals import Paces
from careful.entrypoints.gateway.mqtt.packets import LEVEL_5, Connect, Publish, write
from careful.entrypoints.gateway.mqtt.packets5 import write5
from careful.entrypoints.gateway.mqtt.server import Limits, serve
from careful.kernel.settings import Settings

BEHAVED, RATE, SECONDS = 50, 1000, 3.0
FLOODER, HOSTILE, RECONNECTING, CROWD = "bench-00050", "bench-00051", "bench-00052", "bench-00053"
AT_ONCE, FIRST = 16, 3.0
CROWD_ADDRESS, STRANGERS_ADDRESS = "127.0.0.2", "127.0.0.3"
UNBOUND = Limits(paces=Paces(1e9, 1e9, 1e9, 1e9, 1e9, 1e9), per_address=100_000, handshakes_per_address=100_000)
_PIECE = 200
BAD = (
    b'{"n":' + b"[" * 60_000,
    b'{"n":' + b"9" * 60_000 + b"}",
    b'{"n":[' + b"1," * 30_000 + b"1]}",
    b"{" + b",".join(b'"f%d":1' % n for n in range(5_000)) + b"}",
    b'{"n":1,"n":2,"pad":"\\u003a"}',
    b'{"n":NaN}',
    b'{"pad":"\xff"}',
    bytes.fromhex("a1616e9bffffffffffffffff"),
    b"\xa1\x61n" + b"\x81" * 60_000,
    b"\xa1\x61n\xc2\x59\xff\xff" + b"\xff" * 65_535,
    b'{"celsius":"' + b"x" * 60_000 + b'"}',
)
"""Payloads as large as they are useless."""


async def _connect(folder: Path, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = ssl.create_default_context(cafile=folder / "authority/trust.pem")
    context.load_cert_chain(folder / "bench" / name)
    return await asyncio.open_connection("127.0.0.1", fleet.PORT, ssl=context, server_hostname="localhost")


async def _pour(folder: Path, name: str, hello: bytes, pieces: Sequence[bytes], told: Event) -> int:
    """Send pieces over and over, as fast as they are taken, until told or closed; return how many were sent."""
    reader, writer = await _connect(folder, name)
    answers = asyncio.create_task(_swallow(reader))
    sent = 0
    try:
        writer.write(hello)
        while not told.is_set() and not answers.done():
            writer.write(pieces[sent % len(pieces)])
            sent += 1
            await writer.drain()
            await asyncio.sleep(0)
    except (ConnectionError, ssl.SSLError):
        pass
    answers.cancel()
    writer.close()
    return sent


async def _swallow(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        pass


def flooding(folder: Path, told: Event, answer: Any) -> None:  # noqa: ANN401 (a queue between processes has no public type)
    """Send valid messages as fast as they are taken."""
    numbers = range(1, 60_001)
    topic = f"d/{FLOODER}/up/reading"
    written = [write(Publish(topic, fleet.payload(n), 1, n)) for n in numbers]
    pieces = [b"".join(written[at : at + _PIECE]) for at in range(0, len(written), _PIECE)]
    answer.put(_PIECE * fleet.uvloop.run(_pour(folder, FLOODER, write(Connect(FLOODER)), pieces, told)))


def attacking(folder: Path, told: Event, answer: Any) -> None:  # noqa: ANN401 (as above)
    """Send hostile payloads as fast as they are taken: by MQTT 5, which stays, and by 3.1.1, which comes back."""

    def pieces(name: str, *, five: bool) -> list[bytes]:
        said = [Publish(f"d/{name}/up/reading", one, 1, n + 1) for n, one in enumerate(BAD)]
        return [write5(one) if five else write(one) for one in said]

    async def again() -> int:
        sent = 0
        while not told.is_set():
            sent += await _pour(
                folder, RECONNECTING, write(Connect(RECONNECTING)), pieces(RECONNECTING, five=False), told
            )
        return sent

    async def both() -> int:
        hello = write5(Connect(HOSTILE, level=LEVEL_5))
        return sum(await asyncio.gather(_pour(folder, HOSTILE, hello, pieces(HOSTILE, five=True), told), again()))

    answer.put(fleet.uvloop.run(both()))


def connecting(folder: Path, told: Event, answer: Any) -> None:  # noqa: ANN401 (as above)
    """Connect over and over: a device with a certificate, and strangers without one, from addresses of their own."""

    async def again(address: str, certificate: bool) -> int:
        context = ssl.create_default_context(cafile=folder / "authority/trust.pem")
        if certificate:
            context.load_cert_chain(folder / "bench" / CROWD)
        tries = 0
        while not told.is_set():
            tries += 1
            try:
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", fleet.PORT, ssl=context, server_hostname="localhost", local_addr=(address, 0)
                )
                writer.write(write(Connect(CROWD)))
                await reader.read(4)
                writer.transport.abort()
            except OSError:
                await asyncio.sleep(0.001)
        return tries

    async def crowd() -> int:
        ways = [(CROWD_ADDRESS, True), (STRANGERS_ADDRESS, False)] * AT_ONCE
        return sum(await asyncio.gather(*(again(*way) for way in ways)))

    answer.put(fleet.uvloop.run(crowd()))


def unbound(settings: dict[str, Any]) -> None:
    """Serve without any bound on how often one may come: what the bounds are measured against."""
    fleet.quiet()
    fleet.uvloop.run(serve(open_world(Settings(**settings)), limits=UNBOUND))


@contextmanager
def beside(folder: Path, *jobs: Any) -> Iterator[list[int]]:  # noqa: ANN401 (functions of this module)
    """Run misbehaving devices meanwhile; what each has sent is known afterwards."""
    told, sent = fleet.SPAWN.Event(), []
    started = [(fleet.SPAWN.Queue(), job) for job in jobs]
    for answer, job in started:
        fleet.SPAWN.Process(target=job, args=(folder, told, answer), daemon=True).start()
    try:
        yield sent
    finally:
        told.set()
        sent += [answer.get(timeout=60) for answer, _ in started]


SCENES: dict[str, tuple[Any, ...]] = {
    "alone": (),
    "beside a flooder": (flooding,),
    "beside hostile payloads": (attacking,),
    "beside both": (flooding, attacking),
    "beside a crowd that connects": (connecting,),
}
WITHOUT = "the same, arrivals not bound"


def main() -> None:
    """Measure all scenes, each run beside the others, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    given = parser.parse_args()
    fleet.quiet()
    scenes = [*SCENES, WITHOUT]
    seen: dict[str, list[fleet.Load]] = {scene: [] for scene in scenes}
    cpu: dict[str, list[float]] = {scene: [] for scene in scenes}
    poured: dict[str, list[int]] = {scene: [] for scene in scenes}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        world = open_world(Settings(data=home))
        names = fleet.make_fleet(world, BEHAVED + 4)[:BEHAVED]
        world.database.close()

        def measure(scene: str, jobs: Sequence[Any], pid: int | None) -> None:
            with beside(home, *jobs) as sent:
                time.sleep(FIRST if connecting in jobs else 0)
                before = fleet.cpu_seconds(pid)
                seen[scene].append(fleet.load(home, names, RATE, given.seconds))
                cpu[scene].append((fleet.cpu_seconds(pid) - before) / given.seconds)
            poured[scene].append(sum(sent))

        with fleet.gateway(data=home) as process:
            fleet.load(home, names, RATE, 1.0)
            for _ in range(given.runs):
                for scene, jobs in SCENES.items():
                    measure(scene, jobs, process.pid)
        with fleet.gateway(data=home, serve=unbound) as process:
            fleet.load(home, names, RATE, 1.0)
            for _ in range(given.runs):
                measure(WITHOUT, (connecting,), process.pid)
    method(
        f"""
        {BEHAVED} devices over mutual TLS offer {RATE} messages/s of 200 bytes (QoS 1, open loop: delays count from the
        due time) for {given.seconds:g} s; another process pours valid messages from one more device, or {len(BAD)}
        kinds of hostile payloads of up to 64 KiB from two, as fast as they are taken. The crowd is {AT_ONCE}
        connections at a time of one device, and as many of strangers without a certificate, each from an address of
        its own, over and over, from {FIRST:g} s before the load on; it is measured again with a gateway that does not
        bound arrivals. All on the same cores, {given.runs} runs.
        """
    )
    for scene in scenes:
        print(scene)
        row("  delay p50", [1000 * one.p50 for one in seen[scene]], "ms")
        row("  delay p99", [1000 * one.p99 for one in seen[scene]], "ms", "< 50 ms")
        row("  acknowledged of what was offered", [one.acked / one.offered for one in seen[scene]], "", "1")
        row("  the gateway's share of a core", cpu[scene], "cores")
        row("  sent by who misbehaves", poured[scene], "messages or connections")
    if given.json:
        print(json.dumps({
            scene: {
                "ack_p99_ms": round(1000 * median(one.p99 for one in seen[scene]), 2),
                "ack_p50_ms": round(1000 * median(one.p50 for one in seen[scene]), 2),
                "acked": sum(one.acked for one in seen[scene]),
                "offered": sum(one.offered for one in seen[scene]),
                "poured": sum(poured[scene]),
                "gateway_cores": round(median(cpu[scene]), 3),
            }
            for scene in scenes
        }))  # fmt: skip


if __name__ == "__main__":
    main()
