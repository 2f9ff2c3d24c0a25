"""Does one device that misbehaves slow the others? Fifty that behave, alone, beside a flooder, beside hostile payloads.

`python -m benchmarks.flooder` prints a table with its method; `--json` prints one object as its last line.
"""

import argparse
import asyncio
import json
import ssl
import sys
import tempfile
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
from careful.entrypoints.gateway.mqtt.packets import LEVEL_5, Connect, Publish, write
from careful.entrypoints.gateway.mqtt.packets5 import write5
from careful.kernel.settings import Settings

BEHAVED, RATE, SECONDS = 50, 1000, 3.0
FLOODER, HOSTILE, RECONNECTING = "bench-00050", "bench-00051", "bench-00052"
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
}


def main() -> None:
    """Measure all scenes, each run beside the others, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    given = parser.parse_args()
    fleet.quiet()
    seen: dict[str, list[fleet.Load]] = {scene: [] for scene in SCENES}
    poured: dict[str, list[int]] = {scene: [] for scene in SCENES}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        world = open_world(Settings(data=home))
        names = fleet.make_fleet(world, BEHAVED + 3)[:BEHAVED]
        world.database.close()
        with fleet.gateway(data=home):
            fleet.load(home, names, RATE, 1.0)
            for _ in range(given.runs):
                for scene, jobs in SCENES.items():
                    with beside(home, *jobs) as sent:
                        seen[scene].append(fleet.load(home, names, RATE, given.seconds))
                    poured[scene].append(sum(sent))
    method(
        f"""
        {BEHAVED} devices over mutual TLS offer {RATE} messages/s of 200 bytes (QoS 1, open loop: delays count from the
        due time) for {given.seconds:g} s; another process pours valid messages from one more device, or {len(BAD)}
        kinds
        of hostile payloads of up to 64 KiB from two, as fast as they are taken. All on the same cores, {given.runs}
        runs.
        """
    )
    for scene in SCENES:
        print(scene)
        row("  delay p50", [1000 * one.p50 for one in seen[scene]], "ms")
        row("  delay p99", [1000 * one.p99 for one in seen[scene]], "ms", "< 50 ms")
        row("  acknowledged of what was offered", [one.acked / one.offered for one in seen[scene]], "", "1")
        row("  sent by who misbehaves", poured[scene], "messages")
    if given.json:
        print(json.dumps({
            scene: {
                "ack_p99_ms": round(1000 * median(one.p99 for one in seen[scene]), 2),
                "ack_p50_ms": round(1000 * median(one.p50 for one in seen[scene]), 2),
                "acked": sum(one.acked for one in seen[scene]),
                "offered": sum(one.offered for one in seen[scene]),
                "poured": sum(poured[scene]),
            }
            for scene in SCENES
        }))  # fmt: skip


if __name__ == "__main__":
    main()
