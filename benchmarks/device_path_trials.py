"""What the device path bears: kill -9 again and again in mid-run, hostile devices, a flood.

Part of `device_path.py`.
"""

import asyncio
import sqlite3
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import device_path_fleet as fleet
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import tough_fleet

from careful.assemble import open_world
from careful.customer_data import plain_fields
from careful.entrypoints.gateway.mqtt.packets import Connect, Publish, write
from careful.kernel import inbox
from careful.kernel.settings import Settings

KILLS = 4
KILL_SECONDS = 1.0
HOSTILE = (
    b'{"n":1,"voice":"hello"}', b'{"n":NaN}', b'{"n":1,"n":2}', b"\xff\xfe", b"[" * 400, b'{"n":"text"}', b"",
    b'{"n":1,"celsius":4000}', b'{"pad":"' + b"x" * 4000 + b'"}', b"\x9f" * 400,
)  # fmt: skip
"""Undeclared, NaN, a name twice, no UTF-8, deep, of another type, empty, out of range, too long, a CBOR bomb."""
_LOST = (OSError, asyncio.IncompleteReadError, TimeoutError, ssl.SSLError)


def kills(devices: int = 20, rate: float = 200.0, count: int = KILLS) -> dict[str, int]:
    """Kill the gateway again and again while devices send; count what was acknowledged against what is stored."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "data"
        world = open_world(Settings(data=home, mqtt_port=fleet.PORT))
        names = tough_fleet.make(world, devices)
        total = int(rate * KILL_SECONDS * (count + 1))
        tough = tough_fleet.fleet(world, names, total, rate)
        world.database.close()
        killed = 0

        async def murder() -> None:
            nonlocal killed
            while any(one.acked < one.total for one in tough):
                with fleet.gateway(data=home) as process:
                    while any(one.acked < one.total for one in tough):
                        heard = sum(one.acked for one in tough) / (devices * total)
                        if killed < count and heard > (killed + 1) / (count + 1):  # spread over the whole run
                            process.kill()
                            killed += 1
                            break
                        await asyncio.sleep(0.02)

        async def run() -> None:
            await asyncio.gather(murder(), *(one.run() for one in tough))

        uvloop.run(run())
        with closing(sqlite3.connect(home / inbox.FILE)) as connection:
            rows = connection.execute(
                "SELECT s.device, m.payload FROM message m JOIN source s ON s.id = m.source"
                " WHERE s.topic = 'up/reading' ORDER BY m.number"
            ).fetchall()
        said: dict[str, list[int]] = {name: [] for name in names}
        for device, payload in rows:
            said[device].append(int(str(plain_fields(payload)["n"])))
        faults = tough_fleet.faults(said, total)
        assert not faults, faults[:3]
        return {"kills": killed, "acked": sum(one.acked for one in tough), "stored": len(rows)}


async def _one(folder: Path, name: str, payloads: Callable[[int], bytes], rate: float, window: int) -> None:
    """Publish `payloads` for ever, at `rate` a second and at most `window` at once, whatever comes back."""
    context = ssl.create_default_context(cafile=folder / "authority/trust.pem")
    context.load_cert_chain(folder / "bench" / name)
    number = 0
    while True:
        with suppress(*_LOST):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", fleet.PORT, ssl=context, server_hostname="localhost"
            )
            try:
                writer.write(write(Connect(name)))
                await reader.readexactly(4)
                while not writer.is_closing():
                    for _ in range(window):
                        number += 1
                        writer.write(write(Publish(f"d/{name}/up/reading", payloads(number), 1, number % 65535 + 1)))
                    await writer.drain()
                    if reader.at_eof():
                        break
                    await asyncio.sleep(window / rate)
            finally:
                writer.close()
        await asyncio.sleep(0.05)


def disturbing(folder: Path, name: str, kind: str, rate: float) -> None:
    """Disturb the gateway until ended, in a process of its own."""
    if kind == "hostile":
        uvloop.run(_one(folder, name, lambda number: HOSTILE[number % len(HOSTILE)], rate, 1))
    else:
        uvloop.run(_one(folder, name, fleet.payload, rate, 50))


def beside(kind: str, rate: float, home: Path, name: str, measure: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever is measured)
    """Measure while one device disturbs."""
    process = fleet.SPAWN.Process(target=disturbing, args=(home, name, kind, rate), daemon=True)
    process.start()
    time.sleep(0.5)
    try:
        return measure()
    finally:
        process.kill()
        process.join()


if __name__ == "__main__":
    fleet.quiet()
    print(kills())
