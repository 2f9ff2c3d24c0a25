"""Beside the gateway: Mosquitto by the same load on the same machine; and our gateway by clients that are not ours.

Part of `device_path.py`. Mosquitto acknowledges what it holds in memory: with `persistence true` it writes its database
every `autosave_interval` seconds, and a crash loses what came since. There is no setting that makes its PUBACK mean
"on disk", and it neither checks nor seals what a message says.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import device_path_fleet as fleet
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from careful import devices
from careful.assemble import open_world
from careful.kernel.settings import Settings

PORT = fleet.PORT + 1
_CONFIG = """\
listener {port} 127.0.0.1
cafile {home}/authority/trust.pem
certfile {chain}
keyfile {key}
require_certificate true
use_identity_as_username true
allow_anonymous false
persistence true
persistence_location {folder}/
autosave_interval 1
max_inflight_messages 0
max_queued_messages 0
log_type error
user root
"""


@contextmanager
def mosquitto(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Mosquitto with our certificates and a durable subscriber to everything."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    world = open_world(Settings(data=home))
    key, chain = devices.issue_server_certificate(world)
    world.database.close()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mosquitto.conf"
        config.write_text(_CONFIG.format(port=PORT, home=home, chain=chain, key=key, folder=folder))
        broker = subprocess.Popen([program, "-c", str(config)])
        time.sleep(1.0)
        own = home / "bench/bench-00000"
        command = [
            "mosquitto_sub", "-h", "localhost", "-p", str(PORT), "--cafile", str(home / "authority/trust.pem"),
            "--cert", str(own), "--key", str(own), "-i", "durable", "-c", "-q", "1", "-t", "#",
        ]  # fmt: skip
        subscriber = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        try:
            yield broker
        finally:
            for process in (subscriber, broker):
                process.terminate()
                process.wait()


def by_mosquitto_pub(home: Path, names: Sequence[str], count: int) -> float:
    """Publish `count` lines by each of several `mosquitto_pub -l` at once; return messages a second."""
    said = b"\n".join(fleet.payload(number) for number in range(1, count + 1)) + b"\n"
    began = time.monotonic()
    running = []
    for name in names:
        own = home / "bench" / name
        command = [
            "mosquitto_pub", "-h", "localhost", "-p", str(fleet.PORT), "--cafile", str(home / "authority/trust.pem"),
            "--cert", str(own), "--key", str(own), "-i", name, "-q", "1", "-t", f"d/{name}/up/reading", "-l",
        ]  # fmt: skip
        with tempfile.TemporaryFile() as lines:
            lines.write(said)
            lines.seek(0)
            running.append(subprocess.Popen(command, stdin=lines))
    for process in running:
        assert process.wait(120) == 0
    return count * len(names) / (time.monotonic() - began)


def by_paho(home: Path, name: str, count: int) -> float:
    """Publish `count` messages by one paho client, 20 in flight; return messages a second."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name)
    own = str(home / "bench" / name)
    client.tls_set(str(home / "authority/trust.pem"), own, own)
    client.connect("localhost", fleet.PORT)
    client.loop_start()
    began = time.monotonic()
    sent = [client.publish(f"d/{name}/up/reading", fleet.payload(number), 1) for number in range(1, count + 1)]
    for one in sent:
        one.wait_for_publish(60)
    took = time.monotonic() - began
    client.disconnect()
    client.loop_stop()
    return count / took
