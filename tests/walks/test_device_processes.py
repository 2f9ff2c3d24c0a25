"""Two processes serve devices on one port: both do, and the limits on downloads are those of the machine."""

import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from makers import Maker
from process_tree import ProcessTree

from careful import devices, updates
from careful.kernel.clock import SystemClock

pytestmark = [pytest.mark.walk, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
CLIENTS, AT_ONCE, SECONDS = 12, 2, 0.3
IMAGE = b"image" * 20_000


@pytest.fixture
def world(world):
    return replace(world, clock=SystemClock())


@pytest.fixture
def tree(world, tmp_path):
    limits = {"CAREFUL_DOWNLOAD_AT_ONCE": str(AT_ONCE), "CAREFUL_DOWNLOAD_RATE": str(int(len(IMAGE) / SECONDS))}
    made = ProcessTree(world, "", tmp_path, CAREFUL_DEVICE_PROCESSES="2", **limits)
    made.start()
    yield made
    made.kill()


def connected_to(tree):
    """Return the processes that hold a connection to the devices' port."""
    port = f":{tree.ports['DEVICE']:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{one[9]}]" for one in lines if one[1].endswith(port) and one[3] == "01"}
    found = set()
    for pid in tree.processes():
        held = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
        if held & sockets:
            found.add(pid)
    return found


def test_both_serve_and_share_one_limit(world, staff, tree, tmp_path):
    maker = Maker(world, staff, tmp_path)
    maker.release("1.0.0")
    maker.release("1.0.1", content=IMAGE)
    (name,) = maker.fleet(1)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    trust = ssl.create_default_context(cafile=str(devices.authority_bundle_path(world)))
    token = {"authorization": f"TargetToken {devices.set_target_token(world, staff, name)}"}
    clients = [httpx.Client(verify=trust, headers=token, timeout=30) for _ in range(CLIENTS)]
    base = f"{tree.devices}/default/controller/v1/{name}"
    link = order_of(clients[0], base)
    for client in clients:
        assert client.get(base).status_code == 200
    assert len(connected_to(tree)) == 2

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as together:
        bodies = list(together.map(lambda client: client.get(link).content, clients))
    took = time.monotonic() - began
    assert bodies == [IMAGE] * CLIENTS
    assert took >= 0.9 * SECONDS * CLIENTS / AT_ONCE, "more were under way at once than the machine allows"
    for client in clients:
        client.close()


def order_of(client, base):
    until = time.monotonic() + 20
    while "deploymentBase" not in (links := client.get(base).json()["_links"]):
        assert time.monotonic() < until
        time.sleep(0.1)
    order = client.get(links["deploymentBase"]["href"]).json()
    return order["deployment"]["chunks"][0]["artifacts"][0]["_links"]["download"]["href"]
