"""PostgreSQL, a cluster of three, two gateways and two workers: one of each is killed in mid-run, and nothing is lost.

`python -m benchmarks.device_path_scale` runs it for longer.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nats_cluster
import paho.mqtt.client as paho
import pytest
import tough_fleet
from paho.mqtt.enums import CallbackAPIVersion
from scale import Processes, count, installation, stored

from careful import devices
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


def _by_paho(world: World, name: str, total: int, killer: Callable[[], None]) -> None:
    """Publish 1, 2, 3 ... by QoS 2 as paho does, on a session that stays; have the gateway killed after a third."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    own, lost, complete = str(world.home / "tough" / name), [], []

    def published(*_: object) -> None:
        complete.append(1)
        if len(complete) == total // 3:
            killer()

    client.on_publish, client.on_disconnect = published, lambda *_: lost.append(1)
    client.tls_set(str(devices.authority_bundle_path(world)), own, own)
    client.reconnect_delay_set(1, 1)
    while True:  # until the gateway is there
        with contextlib.suppress(OSError):
            client.connect("localhost", world.settings.mqtt_port, keepalive=5)
            break
        time.sleep(0.1)
    client.loop_start()
    try:
        sent = [client.publish(f"d/{name}/up/reading", b'{"n":%d,"note":"canary"}' % n, 2) for n in range(1, total + 1)]
        for one in sent:
            one.wait_for_publish(PATIENCE)
        assert len(lost) == 1
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.walk
def test_qos_2_of_a_client_that_is_not_ours_comes_to_rest_exactly_once(world, nats):
    """Its gateway is killed in the middle; another one knows what it has of the packet identifiers."""
    (name,), total = tough_fleet.make(world, 1), TOTAL // 4
    processes = Processes(world)
    processes.start("gateway-1", "worker-1")

    def kill() -> None:
        processes.kill("gateway-1")
        processes.start("gateway-2")

    try:
        _by_paho(world, name, total, kill)
        until = time.monotonic() + PATIENCE
        while count(world) < total and time.monotonic() < until:
            time.sleep(0.1)
        assert tough_fleet.faults(stored(world), total) == []
    finally:
        processes.stop()
