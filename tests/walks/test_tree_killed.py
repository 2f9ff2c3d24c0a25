"""kill -9 of the whole server in mid-rollout, in mid-upload and in mid-publish: nothing is lost or told twice."""

import base64
import contextlib
import hashlib
import json
import os
import random
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from makers import Maker
from process_tree import ProcessTree
from tuf_client import Client

from careful import devices, people, releases, updates
from careful.kernel import audit
from careful.kernel.actors import OPERATOR
from careful.kernel.clock import SystemClock

pytestmark = pytest.mark.walk
FLEET, PATIENCE = 9, 90
KILLS = {"sqlite": (1, 8), "postgresql": (5,)}
"""After how many of the fleet's 27 steps: in the first wave, and in the second."""
_TO_DO = {"deploymentBase", "cancelAction", "confirmationBase"}
STEPS = ("download", "proceeding", "closed")


@pytest.fixture
def world(world):
    return replace(world, clock=SystemClock())


@pytest.fixture
def seed():
    return random.randrange(1 << 30)  # noqa: S311 (when it dies is no secret)


class Device(threading.Thread):
    """Polls over mutual TLS, reads its order, tells each step until it is acknowledged, then says its version."""

    def __init__(self, tree, verify, name):
        super().__init__(daemon=True)
        self.base, self.name, self.verify = f"{tree.devices}/default/controller/v1/{name}", name, verify
        self.orders, self.acknowledged, self.wrong = [], [], []
        self.over = threading.Event()

    def ask(self, client, method, path="", **more):
        """Ask until somebody answers."""
        while not self.over.is_set():
            with contextlib.suppress(httpx.TransportError):
                answer = client.request(method, self.base + path, **more)
                if answer.status_code < 500:
                    return answer
            time.sleep(0.05)
        raise TimeoutError

    def run(self):
        with contextlib.suppress(TimeoutError), httpx.Client(verify=self.verify, timeout=10) as client:
            while not self.over.is_set():
                self.live(client)
                time.sleep(0.1)

    def live(self, client):
        links = self.ask(client, "GET").json()["_links"]
        told = _TO_DO & links.keys()
        if len(told) > 1 or told - {"deploymentBase"}:
            self.wrong.append(f"told {sorted(told)}")
        if not told:
            return
        action = links["deploymentBase"]["href"].partition("/deploymentBase/")[2].partition("?")[0]
        if self.orders:
            self.wrong.append(f"told {action} after {self.orders}")
        self.orders.append(action)
        order = self.ask(client, "GET", f"/deploymentBase/{action}").json()
        (chunk,) = order["deployment"]["chunks"]
        for step in STEPS:
            time.sleep(0.05)
            self.tell(client, action, step)
        self.ask(client, "PUT", "/configData", json={"data": {"version": chunk["version"]}, "mode": "merge"})

    def tell(self, client, action, step):
        status = {
            "execution": step,
            "result": {"finished": "success" if step == "closed" else "none"},
            "details": [step],
        }
        answer = self.ask(client, "POST", f"/deploymentBase/{action}/feedback", json={"status": status})
        # 410: it was taken, and the answer was lost
        if answer.status_code == 200 or (step == "closed" and answer.status_code == 410):
            self.acknowledged.append(step)
        else:
            self.wrong.append(f"{step} was answered {answer.status_code}")


def mutual_tls(world, maker, name):
    shown = x509.load_der_x509_certificate(maker.certificates[name]).public_bytes(Encoding.PEM)
    key = maker.keys[name].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (maker.folder / f"{name}.pem").write_bytes(shown + key)
    context = ssl.create_default_context(cafile=str(devices.authority_bundle_path(world)))
    context.load_cert_chain(maker.folder / f"{name}.pem")
    return context


class Sender(threading.Thread):
    """A pipeline that uploads an image a little at a time (tus), and after each break asks how much has arrived."""

    CONTENT = random.Random(1).randbytes(3 << 20)  # noqa: S311 (any bytes)
    PART = 1 << 20

    def __init__(self, tree, token):
        super().__init__(daemon=True)
        self.tree, self.breaks, self.offsets, self.place = tree, 0, [], ""
        self.headers = {"authorization": f"Bearer {token}"}
        self.over = threading.Event()

    def run(self):
        sha256 = hashlib.sha256(self.CONTENT).hexdigest()
        said = {"filename": "cam-1-1.0.2.img", "sha256": sha256}
        about = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
        begin = {"upload-length": str(len(self.CONTENT)), "upload-metadata": about}
        while not self.over.is_set() and self.offsets[-1:] != [len(self.CONTENT)]:
            with contextlib.suppress(httpx.TransportError), httpx.Client(headers=self.headers, timeout=10) as client:
                made = client.post(f"{self.tree.api}/uploads", headers=begin)
                self.place = made.headers["location"].rpartition("/")[2]
                self.offsets.append(int(made.headers["upload-offset"]))
                while self.offsets[-1] < len(self.CONTENT):
                    self.offsets.append(self.send(client, self.offsets[-1]))
                return
            self.breaks += 1
            time.sleep(0.1)

    def send(self, client, offset):
        kind = {"content-type": "application/offset+octet-stream", "upload-offset": str(offset)}
        answer = client.patch(f"{self.tree.api}/uploads/{self.place}", headers=kind, content=self.slowly(offset))
        assert answer.status_code == 204, answer.text
        return int(answer.headers["upload-offset"])

    def slowly(self, offset):
        for at in range(offset, min(offset + self.PART, len(self.CONTENT)), 1 << 16):
            time.sleep(0.05)
            yield self.CONTENT[at : min(at + (1 << 16), offset + self.PART)]


def test_a_rollout_and_an_upload_outlive_the_whole_server(world, staff, tmp_path, request, seed):
    chance = random.Random(seed)  # noqa: S311 (the same)
    maker = Maker(world, staff, tmp_path)
    maker.release("1.0.0")
    names = maker.fleet(FLEET)
    maker.release("1.0.1")
    token = people.issue_token(world, OPERATOR, "ci", ["releases:add"], 1)
    url = "" if world.database.is_sqlite else request.getfixturevalue("postgres_url")
    tree = ProcessTree(world, url, tmp_path)
    fleet = [Device(tree, mutual_tls(world, maker, name), name) for name in names]
    sender = Sender(tree, token)
    try:
        tree.start()
        started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("2", "4", "100%"))
        for one in (*fleet, sender):
            one.start()
        for steps in KILLS[world.database.engine.dialect.name]:
            until = time.monotonic() + PATIENCE
            while sum(len(one.acknowledged) for one in fleet) < steps:
                assert time.monotonic() < until, tree.log.read_text()
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.2))
            assert tree.kill() == 4
            assert updates.rollout(world, started).rollout.state == "running"
            tree.start()
        until = time.monotonic() + PATIENCE
        while updates.rollout(world, started).rollout.state == "running" and time.monotonic() < until:
            time.sleep(0.1)
        sender.join(PATIENCE)
    finally:
        for one in (*fleet, sender):
            one.over.set()
        for one in fleet:
            one.join(20)
        tree.kill()
    nothing_is_lost(world, started, fleet, f"seed {seed}: {tree.log.read_text()}")
    the_upload_went_on(world, sender)


def nothing_is_lost(world, started, fleet, why):
    found = updates.rollout(world, started).rollout
    assert (found.state, found.count("confirmed"), found.open_waves) == ("finished", FLEET, 3), why
    assert {one.name: one.wrong for one in fleet if one.wrong} == {}, why
    for device in fleet:
        [order] = updates.orders(world, device=device.name)
        assert device.orders == [str(order.id)], why
        assert device.acknowledged == list(STEPS), why
        kept = [one.report.execution for one in updates.statuses(world, order.id)[::-1] if not one.late]
        assert kept == list(STEPS), why  # each once, in order
    audit.seal(world)
    with world.look() as connection:
        assert audit.audit(connection, audit.public_key(world.keys)).problems == ()


def the_upload_went_on(world, sender):
    """It was cut off, and went on from more than nothing; what arrived is what was sent."""
    assert sender.offsets[-1] == len(sender.CONTENT)
    assert sender.breaks >= 1
    assert any(offset > 0 for offset in sender.offsets[1:-1])
    assert sender.offsets == sorted(sender.offsets), "what had arrived was there after the cut"
    assert (world.home / "uploads" / sender.place).read_bytes() == sender.CONTENT


PUBLISH = """
import sys
from pathlib import Path
from careful import releases, updates
from careful.assemble import open_world
from careful.kernel.actors import OPERATOR
from careful.kernel.settings import Settings

world = open_world(Settings(data=Path(sys.argv[1]), database=sys.argv[2]))
print("up", flush=True)
for version in sys.argv[3:]:
    one = releases.get(world, "cam-1", version)
    if not updates.is_published(world, one):
        if one.state != "signed":
            updates.sign_release(world, OPERATOR, one.id)
        updates.publish(world, OPERATOR, one.id)
"""


def test_a_publication_cut_off_anywhere_leaves_a_repository_that_clients_accept(world, staff, tmp_path, request, seed):
    chance = random.Random(seed)  # noqa: S311 (the same)
    maker = Maker(world, staff, tmp_path)
    first = maker.release("1.0.0")
    client = Client(updates.repository_dir(world, "cam-1"), tmp_path / "client", updates.trusted_root(world, "cam-1"))
    client.home.mkdir()
    versions = [f"1.1.{number}" for number in range(5)]
    for version in versions:
        maker.release(version, publish=False)
    url = "" if world.database.is_sqlite else request.getfixturevalue("postgres_url")
    listed = lambda: [updates.is_published(world, releases.get(world, "cam-1", one)) for one in versions]  # noqa: E731 (asked anew each time)
    kills = 0
    while not all(listed()):
        assert kills < 100, f"seed {seed}: {listed()}"
        command = [sys.executable, "-c", PUBLISH, str(world.home), url, *versions]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.15) + 0.03 * kills)
            process.kill()
        kills += 1
        client.fetch()  # raises where the metadata do not agree, or are older than before
        for version, there in zip(versions, listed(), strict=True):
            if there:
                target = updates.target_path(releases.get(world, "cam-1", version))
                assert client.look(target) is not None, f"seed {seed}: {version} is said to be published"
    assert client.fetch(updates.target_path(first)) is not None
    for version in versions:
        found = client.fetch(updates.target_path(releases.get(world, "cam-1", version)))
        assert found is not None
        assert json.loads(json.dumps(found[0]))["version"] == version
