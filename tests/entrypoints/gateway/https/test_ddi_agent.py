"""Our own agent, as a process, against the real server: enrolled by EST, its owner asked over DDI, updated."""

import contextlib
import io
import json
import random
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from makers import Maker

from careful import devices, releases, updates
from careful.kernel.settings import Settings


def image(version, more=b""):
    """An image for the directory driver: a tar archive that says its version."""
    out = io.BytesIO()
    files = {"etc/os-release": f'ID=cam\nVERSION_ID="{version}"\n'.encode(), **({"usr/lib/big": more} if more else {})}
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            one = tarfile.TarInfo(name)
            one.size = len(content)
            archive.addfile(one, io.BytesIO(content))
    return out.getvalue()


@dataclass(frozen=True)
class Agent:
    home: Path

    def run(self, word="once"):
        command = [sys.executable, "-m", "careful_device.cli", "--dir", str(self.home), word]
        return subprocess.run(command, capture_output=True, timeout=120, check=False, text=True)

    @contextlib.contextmanager
    def running(self):
        command = [sys.executable, "-m", "careful_device.cli", "--dir", str(self.home), "run"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)

    @property
    def status(self):
        said = [sys.executable, "-m", "careful_device.cli", "--dir", str(self.home), "status", "--json"]
        return json.loads(subprocess.run(said, capture_output=True, check=True).stdout)

    @property
    def version(self):
        return self.status["version"]

    def owner(self, status):
        """Let the maker's command answer so from now on."""
        (self.home / "consent").write_text(f"#!/bin/sh\nexit {status}\n")


@pytest.fixture
def world(world):
    return replace(world, settings=Settings(data=world.home))


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0", content=image("1.0.0"), kind="tar")
    return made


@pytest.fixture
def agent(world, staff, maker, server, tmp_path):
    home = tmp_path / "agent"
    home.mkdir()
    token = devices.make_tokens(world, staff, "cam-1", ["cam-1-001"], "rev-a")[0].token
    base = f"https://localhost:{server.port}"
    (home / "config.toml").write_text(f"""device = "cam-1-001"
product = "cam-1"
hardware = "rev-a"
est_url = "{base}/.well-known/est"
ddi_url = "{base}/default/controller/v1"
tuf_url = "{base}/tuf/cam-1"
token = "{token}"
[updates]
consent = ["sh", "{home}/consent"]
""")
    (home / "ca.pem").write_bytes(devices.authority_bundle_path(world).read_bytes())
    (home / "root.json").write_bytes(updates.trusted_root(world, "cam-1"))
    made = Agent(home)
    made.owner(0)
    done = made.run("enrol")
    assert done.returncode == 0, done.stderr
    return made


def offer(world, staff, version):
    updates.start_rollout(world, staff, "cam-1", version, waves=("all",))
    updates.advance(world)
    return updates.order_for(world, "cam-1-001").id


def test_our_agent_installs_what_its_owner_agrees_to(world, staff, maker, agent):
    first = offer(world, staff, "1.0.0")
    done = agent.run()
    assert updates.order(world, first).state == "succeeded", done.stderr
    assert agent.version == "1.0.0"
    signed = updates.signed_version(world, "cam-1-001")
    assert signed.vouches_for(devices.get(world, "cam-1-001").version)
    assert signed.sha256 == releases.get(world, "cam-1", "1.0.0").artifact.sha256
    assert signed.answers == str(first)
    while updates.advance(world):
        pass
    devices.set_traits(world, staff, "cam-1-001", consent="ask")
    maker.release("1.0.1", content=image("1.0.1"), kind="tar")
    action = offer(world, staff, "1.0.1")
    assert updates.order(world, action).consent == "asked"
    agent.owner(2)  # no answer yet
    agent.run()
    assert (updates.order(world, action).consent, updates.statuses(world, action)) == ("asked", [])
    agent.owner(1)
    agent.run()
    order = updates.order(world, action)
    assert (order.consent, order.detail) == ("asked", "the owner does not agree: not agreed to by the owner")
    assert agent.version == "1.0.0"
    agent.owner(0)
    done = agent.run()
    assert updates.order(world, action).state == "succeeded", done.stderr
    assert agent.version == devices.get(world, "cam-1-001").version == "1.0.1"
    again = updates.signed_version(world, "cam-1-001")
    assert (again.state, again.version, again.answers) == ("signed", "1.0.1", str(action))
    assert again.count > signed.count
    assert not any(name.startswith("manifest") for name in updates.attributes(world, "cam-1-001"))


def test_our_agent_takes_a_delta_in_place_of_the_image(world, staff, maker, agent):
    """The image of 1.0.2 is destroyed on the server once its delta is made: only the delta can have brought it."""
    big = random.Random(1).randbytes(300_000)  # noqa: S311 (bytes to compare, no secret)
    for version in ("1.0.1", "1.0.2"):
        release = maker.release(version, content=image(version, big), kind="tar")
        hand = updates.DeltaMaker()
        until = time.monotonic() + 60
        hand.advance(world)
        while hand._job is not None and time.monotonic() < until:
            hand.advance(world)
            time.sleep(0.05)
        updates.publish_deltas(world)
        whole = releases.artifact_path(world, release.artifact.sha256)
        if version == "1.0.2":
            [made] = updates.deltas(world, release.id)
            assert made.published_at is not None
            assert made.size < 2000
            whole.chmod(0o600)
            whole.write_bytes(b"!" * release.artifact.size)
        action = offer(world, staff, version)
        done = agent.run()
        assert updates.order(world, action).state == "succeeded", done.stderr
        while updates.advance(world):
            pass
    assert agent.version == "1.0.2"
    assert (agent.home / "images" / release.artifact.sha256).stat().st_size == release.artifact.size


def test_our_agent_waits_for_its_battery_though_the_server_thought_it_full(world, staff, maker, agent):
    """The server was told 90 %; the kernel says 31 when the order comes, and 60 later."""
    battery = agent.home / "power" / "BAT0"
    battery.mkdir(parents=True)
    (agent.home / "config.toml").write_text(
        (agent.home / "config.toml").read_text() + f'power_supply = "{agent.home}/power"\n'
    )
    for name, text in (("type", "Battery"), ("status", "Discharging"), ("capacity", "90")):
        (battery / name).write_text(f"{text}\n")
    agent.run()
    assert updates.attributes(world, "cam-1-001")["battery"] == "90"
    updates.start_rollout(world, staff, "cam-1", "1.0.0", waves=("all",), min_battery=50)
    updates.advance(world)
    order = updates.order_for(world, "cam-1-001")
    (battery / "capacity").write_text("31\n")
    with agent.running():
        until = time.monotonic() + 60
        while not updates.statuses(world, order.id) and time.monotonic() < until:
            time.sleep(0.1)
    [told] = updates.statuses(world, order.id)
    says = "waiting: battery at 31 %, asked for 50 %"
    assert (told.report.execution, told.report.details) == ("scheduled", (says,))
    [fate] = updates.fates_of(world, order.rollout)
    assert (fate.fate, fate.why) == ("deferred", says)
    assert agent.status["order"]["waiting"] == says.partition(": ")[2]
    (battery / "capacity").write_text("60\n")
    job = json.loads((agent.home / "job.json").read_text())
    (agent.home / "job.json").write_text(json.dumps({**job, "due": 0.0}))  # a minute has passed
    done = agent.run()
    assert updates.order(world, order.id).state == "succeeded", done.stderr
    assert agent.version == "1.0.0"


def test_a_delta_that_fails_is_reported_and_the_image_arrives_all_the_same(world, staff, maker, agent):
    big = random.Random(1).randbytes(300_000)  # noqa: S311 (bytes to compare, no secret)
    first = maker.release("1.0.1", content=image("1.0.1", big), kind="tar")
    offer(world, staff, "1.0.1")
    agent.run()
    while updates.advance(world):
        pass
    release = maker.release("1.0.2", content=image("1.0.2", big), kind="tar")
    hand = updates.DeltaMaker()
    until = time.monotonic() + 60
    while not updates.deltas(world, release.id) and time.monotonic() < until:
        hand.advance(world)
        time.sleep(0.05)
    updates.publish_deltas(world)
    (agent.home / "images" / first.artifact.sha256).write_bytes(b"x" * first.artifact.size)
    action = offer(world, staff, "1.0.2")
    done = agent.run()
    assert updates.order(world, action).state == "succeeded", done.stderr
    [delta] = updates.deltas(world, release.id)
    assert (delta.worked, delta.fell_back) == (0, {"source": 1})
    said = [line for one in updates.statuses(world, action) for line in one.report.details]
    assert f"delta failed: source: {delta.path}: the image in use is not the one that the delta leads from" in said
