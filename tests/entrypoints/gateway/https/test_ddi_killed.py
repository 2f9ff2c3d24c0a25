"""kill -9 of the gateway while devices report: nothing that was acknowledged is lost, nothing counts twice."""

import contextlib
import os
import random
import socket
import ssl
import subprocess
import sys
import threading
import time

import httpx
import pytest
from makers import Maker

from careful import devices, updates
from careful.kernel import audit

pytestmark = pytest.mark.walk
REPORTS, DEVICES, KILLS, PATIENCE = 25, 8, 4, 120
_TO_DO = {"deploymentBase", "cancelAction", "confirmationBase"}


def free_ports(number):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Gateway:
    """The process that serves devices, started again whenever it was killed."""

    def __init__(self, world, url):
        names = ("CONSOLE", "PUBLIC", "DEVICE", "MQTT")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.port = ports["DEVICE"]
        self.url = f"https://localhost:{self.port}/default/controller/v1"
        self._env = os.environ | {f"CAREFUL_{name}_PORT": str(port) for name, port in ports.items()}
        self._env |= {"CAREFUL_DATA": str(world.home)} | ({"CAREFUL_DATABASE": url} if url else {})
        self._process = None

    def start(self):
        self._process = subprocess.Popen([sys.executable, "-m", "careful.assemble", "web"], env=self._env)
        until = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            assert time.monotonic() < until
            time.sleep(0.05)

    def kill(self):
        self._process.kill()
        self._process.wait()


class Device(threading.Thread):
    """Reads its order, reports on it step by step, says each thing until it is acknowledged, and closes it."""

    def __init__(self, gateway, trust, name, token):
        super().__init__(daemon=True)
        self.base, self.name = f"{gateway.url}/{name}", name
        self.headers = {"authorization": f"TargetToken {token}"}
        self.trust, self.acknowledged, self.told, self.wrong = trust, [], [], []

    def ask(self, method, path="", **more):
        """Ask until somebody answers."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                with httpx.Client(verify=self.trust, headers=self.headers, timeout=10) as client:
                    answer = client.request(method, self.base + path, **more)
                if answer.status_code < 500:
                    return answer
            time.sleep(0.05)
        raise TimeoutError(path)

    def poll(self):
        """Note what is told; two things at once are one too many."""
        links = _TO_DO & set(self.ask("GET").json()["_links"])
        self.told.append(links)
        return links

    def say(self, action, execution, finished, text):
        status = {"execution": execution, "result": {"finished": finished}, "details": [text]}
        answer = self.ask("POST", f"/deploymentBase/{action}/feedback", json={"status": status})
        # 410: it was taken, and the answer was lost
        if answer.status_code == 200 or (execution == "closed" and answer.status_code == 410):
            self.acknowledged.append(text)
        else:
            self.wrong.append((text, answer.status_code))

    def run(self):
        assert self.poll() == {"deploymentBase"}
        link = self.ask("GET").json()["_links"]["deploymentBase"]["href"]
        action = link.partition("/deploymentBase/")[2].partition("?")[0]
        self.ask("GET", f"/deploymentBase/{action}")
        for number in range(REPORTS):
            self.say(action, "proceeding", "none", f"step {number}")
            if number % 5 == 0:
                self.poll()
        self.say(action, "closed", "success", "done")
        for _ in range(3):
            if self.poll():
                self.wrong.append("told again what it had done")


def test_feedback_outlives_the_gateway(world, staff, tmp_path, request):
    seed = random.randrange(1 << 30)  # noqa: S311 (when it dies is no secret)
    chance = random.Random(seed)  # noqa: S311 (the same)
    maker = Maker(world, staff, tmp_path)
    maker.release("1.0.0")
    names = maker.fleet(DEVICES)
    maker.release("1.0.1")
    started = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    trust = ssl.create_default_context(cafile=str(devices.authority_bundle_path(world)))
    url = "" if world.database.is_sqlite else request.getfixturevalue("postgres_url")
    gateway = Gateway(world, url)
    gateway.start()
    fleet = [Device(gateway, trust, name, devices.set_target_token(world, staff, name)) for name in names]
    try:
        for device in fleet:
            device.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.3, 1.2))
            gateway.kill()
            gateway.start()
        for device in fleet:
            device.join(PATIENCE)
            assert not device.is_alive(), f"seed {seed}"
    finally:
        gateway.kill()
    expected = [*(f"step {number}" for number in range(REPORTS)), "done"]
    for device in fleet:
        assert device.wrong == [], f"seed {seed}"
        assert device.acknowledged == expected
        assert all(len(links) <= 1 for links in device.told)
        [order] = updates.orders(world, device=device.name)
        kept = updates.statuses(world, order.id)[::-1]
        in_time = [one.report.details[0] for one in kept if not one.late]
        assert in_time == expected, f"seed {seed}"  # each once, in order
        assert {one.report.details[0] for one in kept if one.late} <= {"done"}
        assert order.state == "succeeded"
    assert updates.rollout(world, started).rollout.count("installed") == DEVICES
    audit.seal(world)
    with world.look() as connection:
        assert audit.audit(connection, audit.public_key(world.keys)).problems == ()
