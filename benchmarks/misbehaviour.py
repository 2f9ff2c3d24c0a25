"""How soon misbehaviour is seen, and how soon the device is cut off: planted on the running system, from outside.

`careful up`'s own processes (web, gateway, worker) run on the embedded default. For each run and each kind a device of
the drill's own enrols over EST, connects over mutual TLS and misbehaves; the clock runs from the first misdeed to the
alert in the database, and to the end of its connection. What is measured is `careful drill KIND`, so anybody can do it
on their own installation. With `--json` the last line is one object.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from table import RUNS, method, row

from careful import monitoring, products
from careful.assemble import open_world
from careful.entrypoints.cli.drill_watch import run_drill
from careful.kernel.actors import SYSTEM
from careful.kernel.settings import read_settings
from careful.kernel.work import World

KINDS = ("flood", "scan", "exfiltration", "topic-probing", "stolen-credential")
PRODUCT = b"""\
schema: product/1
product: {id: bench, name: Bench, models: [B-1]}
ecosystem:
  - {id: device, kind: device, edges: [{to: cloud, protocol: mqtt, port: 8883, direction: out}]}
  - {id: cloud, kind: cloud, hosts: [cloud.example]}
data:
  - {id: telemetry, fields: [celsius], types: {celsius: number}, personal: false, rate: {messages: 60, per: minute}}
"""
PORTS = ("console_port", "public_port", "device_port", "mqtt_port")


def main() -> int:
    """Measure every kind, five times, and say whether all of it held."""
    method(str(__doc__))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = {name: free_port() for name in PORTS}
        environment = {f"CAREFUL_{name.upper()}": str(value) for name, value in settings.items()}
        os.environ.update(environment, CAREFUL_DATA=folder)
        world = open_world(read_settings(data=Path(folder), **settings))
        products.declare(world, SYSTEM, PRODUCT)
        products.approve(world, SYSTEM, "bench")
        for name in ("web", "gateway", "worker"):
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            started = subprocess.Popen([sys.executable, "-m", "careful.assemble", name], **quiet)
            stack.callback(started.wait)
            stack.callback(started.terminate)
        for port in (settings["device_port"], settings["mqtt_port"]):
            wait_for(port)
        found = measure(world)
        world.database.close()
    if "--json" in sys.argv:
        print(json.dumps({kind: {"seen_s": seen, "cut_s": cut} for kind, (seen, cut) in found.items()}))
    return 0


def measure(world: World) -> dict[str, tuple[list[float], list[float]]]:
    """Run the drills; each one that is not seen or not cut off is an error, not a missing value."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    for kind in KINDS:
        outcomes = [run_drill(world, kind, "bench", "rev-a") for _ in range(RUNS)]
        seen = [one.seen for one in outcomes if one.seen is not None]
        cut = [one.cut for one in outcomes if one.cut is not None]
        assert len(seen) == len(cut) == RUNS, [one.reason for one in outcomes]
        row(f"{kind}: seen after", seen, "s", f"< {monitoring.SEEN_SECONDS:g} s")
        row(f"{kind}: cut off after", cut, "s", f"< {monitoring.CUT_SECONDS:g} s")
        found[kind] = (seen, cut)
    return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until, f"nobody listens on {port}"
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
