"""The whole server, by the clients that devices use: paho and Debian's mosquitto; and by kill -9."""

import asyncio
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from careful import devices
from careful.entrypoints.gateway.mqtt.connection import Connection
from careful.entrypoints.gateway.mqtt.packets import Disconnect, PingReq, PingResp, PubAck, Publish
from careful.entrypoints.gateway.mqtt.server import serve
from careful.kernel import inbox, mailbox
from careful.kernel.errors import Unavailable

WAIT = 20


@pytest.fixture
def device(gateway):
    return gateway.make("cam-1-001")


def mosquitto(program, who, port, *options):
    return subprocess.run(
        [program, *who.mosquitto(port), *options], capture_output=True, text=True, timeout=WAIT, check=False
    )


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_mosquitto_pub(gateway, world, device, qos, version, eventually):
    done = mosquitto(
        "mosquitto_pub", device, gateway.port, "-V", version, "-q", qos, "-t", "d/cam-1-001/up/climate", "-m",
        '{"celsius":21.5}',
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    eventually(lambda: inbox.count(world.home))
    assert inbox.latest(world.home, "cam-1-001", "climate").payload == b'{"celsius":21.5}'


@pytest.mark.parametrize(("version", "qos"), [("mqttv311", "1"), ("mqttv311", "2"), ("mqttv5", "2")])
def test_mosquitto_pub_of_many_lines(gateway, world, device, version, qos):
    lines = "".join(f'{{"n":{n}}}\n' for n in range(500))
    done = subprocess.run(
        ["mosquitto_pub", *device.mosquitto(gateway.port), "-V", version, "-q", qos, "-l",
         "-t", "d/cam-1-001/up/climate"],
        input=lines, text=True, timeout=WAIT, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0
    kept = [json.loads(one.payload)["n"] for one in inbox.recent(world.home, "cam-1-001", limit=1000)]
    assert kept == list(range(499, -1, -1))


def test_mosquitto_pub_in_anothers_name_is_refused(gateway, world, device, refused):
    done = mosquitto(
        "mosquitto_pub", device, gateway.port, "-i", "cam-1-002", "-t", "d/cam-1-002/up/climate", "-m", "{}"
    )
    assert done.returncode != 0
    assert "dentifier" in done.stderr
    quiet = mosquitto("mosquitto_pub", device, gateway.port, "-q", "0", "-t", "d/cam-1-002/up/climate", "-m", "{}")
    assert quiet.returncode == 0  # QoS 0 has no answer
    assert refused("cam-1-001", "foreign-topic").detail == "d/cam-1-002/up/climate"
    assert inbox.count(world.home) == 0


@pytest.mark.parametrize(("version", "qos"), [("mqttv311", "1"), ("mqttv311", "2"), ("mqttv5", "1"), ("mqttv5", "2")])
def test_mosquitto_sub_gets_what_waited_and_the_desired_state(gateway, world, device, version, qos):
    lasting = ["-x", "3600"] if version == "mqttv5" else []

    def listen(*more):
        return mosquitto(
            "mosquitto_sub",
            device,
            gateway.port,
            "-V",
            version,
            *lasting,
            "-q",
            qos,
            "-c",
            "-W",
            "10",
            "-F",
            "%t %p",
            *more,
        ).stdout.splitlines()

    mailbox.set_desired(world.home, "cam-1-001", b'{"led":1}')
    assert listen("-C", "1", "-t", "d/cam-1-001/#") == ['d/cam-1-001/state/desired {"led":1}']
    mailbox.enqueue_down(world.home, "cam-1-001", "down/reboot", b'{"in":5}')
    mailbox.enqueue_down(world.home, "cam-1-001", "down/blink", b"{}")
    assert listen("-C", "3", "-t", "d/cam-1-001/#") == [
        'd/cam-1-001/down/reboot {"in":5}',
        "d/cam-1-001/down/blink {}",
        'd/cam-1-001/state/desired {"led":1}',
    ]


class Paho:
    """A paho client that keeps what it hears."""

    def __init__(self, who, port, *, clean=True, will=None):
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=who.device, clean_session=clean)
        self.client.tls_set(str(who.trust), str(who.certificate), str(who.key))
        self.heard, self.connected, self.gone = queue.SimpleQueue(), queue.SimpleQueue(), threading.Event()
        self.client.on_message = lambda _c, _u, message: self.heard.put(message)
        self.client.on_connect = lambda _c, _u, flags, reason, _p: self.connected.put((reason.value, flags))
        self.client.on_disconnect = lambda *_: self.gone.set()
        if will:
            self.client.will_set(*will)
        self.client.connect("localhost", port, keepalive=60)
        self.client.loop_start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()


def test_paho_speaks_and_hears(gateway, world, device):
    with Paho(device, gateway.port, will=("d/cam-1-001/event/offline", '{"reason":"lost"}', 1)) as one:
        assert one.connected.get(timeout=WAIT)[0] == 0
        sent = [one.client.publish("d/cam-1-001/up/climate", json.dumps({"n": n}), qos=1) for n in range(100)]
        for info in sent:
            info.wait_for_publish(WAIT)
            assert info.is_published()
        assert inbox.count(world.home, "cam-1-001") == 100
        one.client.subscribe("d/cam-1-001/down/#", 1)
        mailbox.enqueue_down(world.home, "cam-1-001", "down/reboot", b"{}")
        message = one.heard.get(timeout=WAIT)
        assert (message.topic, message.payload, message.qos) == ("d/cam-1-001/down/reboot", b"{}", 1)


def test_paho_comes_back_to_its_persistent_session(gateway, world, device):
    with Paho(device, gateway.port, clean=False) as one:
        assert not one.connected.get(timeout=WAIT)[1].session_present
        subscribed = threading.Event()
        one.client.on_subscribe = lambda *_: subscribed.set()
        one.client.subscribe("d/cam-1-001/down/#", 1)
        assert subscribed.wait(WAIT)
    mailbox.enqueue_down(world.home, "cam-1-001", "down/reboot", b"{}")
    with Paho(device, gateway.port, clean=False) as two:
        assert two.connected.get(timeout=WAIT)[1].session_present
        assert two.heard.get(timeout=WAIT).topic == "d/cam-1-001/down/reboot"


def test_paho_loses_its_connection_when_its_device_is_quarantined(gateway, world, device, staff):
    with Paho(device, gateway.port) as one:
        one.connected.get(timeout=WAIT)
        devices.quarantine(world, staff, "cam-1-001", "it behaves badly")
        assert one.gone.wait(3)
        assert one.connected.get(timeout=WAIT)[0] == 135  # paho's word for CONNACK 5: not authorised


# Limits


def test_a_fault_while_looking_does_not_end_looking(gateway, device, world, staff, monkeypatch, eventually):
    """Nobody would notice that devices are no longer cut off."""
    one, other = gateway.join(device), gateway.join(gateway.make("cam-1-002"))
    broken = []

    def feed(self, event):
        broken.append(event)
        monkeypatch.undo()
        raise RuntimeError("a fault")

    monkeypatch.setattr(Connection, "feed", feed)
    devices.quarantine(world, staff, "cam-1-001", "test")
    eventually(lambda: broken)
    devices.quarantine(world, staff, "cam-1-002", "test")
    assert other.receive() is None
    one.close()  # kept until here: the first fault was in cutting it off, not in its own leaving


def test_too_many_from_one_address(running, refused):
    with running(per_address=2) as gateway:
        two = [gateway.join(gateway.make(f"cam-1-00{n}")) for n in range(2)]
        with pytest.raises(OSError):  # noqa: PT011 (how the system says that the peer closed differs)
            gateway.connect(gateway.make("cam-1-009")).receive()
        assert refused("", "too-many-connections").count == 1
        two[0].send(Disconnect())
        assert two[0].receive() is None
        two[0].close()
        assert two[1].ask(PingReq()) == PingResp()


def test_who_never_shakes_hands_is_let_go(running):
    with running(handshake_seconds=0.3) as gateway:
        mute = socket.create_connection(("127.0.0.1", gateway.port), timeout=WAIT)
        assert mute.recv(1) == b""
        mute.close()


def test_a_port_that_is_taken(gateway, world):
    with pytest.raises(Unavailable, match=f"Port {gateway.port}"):
        asyncio.run(serve(world))


# Processes

PROGRAM = """
import sys
from pathlib import Path
from careful.entrypoints.gateway.mqtt import server
from careful.kernel.clock import SystemClock
from careful.kernel.database import Database
from careful.kernel.keys import Keys
from careful.kernel.settings import Settings
from careful.kernel.work import World
import uvloop
home = Path(sys.argv[1])
settings = Settings(data=home, mqtt_port=int(sys.argv[2]))
world = World(Database("", home), SystemClock(), settings, Keys(home / "keys"), home)
uvloop.run(server.serve(world, lambda: print("ready", flush=True)))
"""


class Process:
    """The gateway as a process of its own."""

    def __init__(self, world):
        self.world = world
        self.start()

    def start(self):
        command = [sys.executable, "-c", PROGRAM, str(self.world.home), str(self.world.settings.mqtt_port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        while (line := self._process.stdout.readline()) != "ready\n":
            assert line, "the gateway ended before it was ready"

    def end(self, number):
        os.kill(self._process.pid, number)
        self._process.communicate(timeout=WAIT)
        return self._process.returncode


@pytest.fixture
def process(world):
    made = Process(world)
    yield made
    if made._process.poll() is None:
        made.end(signal.SIGKILL)


def again(packet):
    return Publish(packet.topic, packet.payload, packet.qos, packet.packet, dup=True)


def test_kill_9_loses_nothing_that_was_acknowledged_and_stores_nothing_twice(process, world, fleet):
    """A device that sends again what was not acknowledged, as it should, over three deaths of the gateway."""
    who = fleet.make("cam-1-001")
    luck, number, open_, acked = random.Random(7), 0, {}, set()  # noqa: S311 (when to kill is no secret)
    for _ in range(3):
        one = fleet.join(who)
        for packet in list(open_.values()):
            one.send(again(packet))
        killer = threading.Timer(luck.uniform(0.05, 0.4), process.end, [signal.SIGKILL])
        killer.start()
        try:
            while True:
                while len(open_) < 50:
                    number += 1
                    packet = Publish("d/cam-1-001/up/climate", b'{"n":%d}' % number, 1, number % 60000 + 1)
                    open_[packet.packet] = packet
                    one.send(packet)
                answer = one.receive()
                if answer is None:
                    break
                acked.add(open_.pop(answer.packet).payload)
        except OSError:
            pass
        killer.join()
        process.start()
    one = fleet.join(who)
    for packet in list(open_.values()):
        assert one.ask(again(packet)) == PubAck(packet.packet)
        acked.add(packet.payload)
    kept = [message.payload for message in inbox.recent(world.home, "cam-1-001", limit=1_000_000)]
    assert len(acked) == number > 500
    assert sorted(kept) == sorted(acked)


def test_sigterm_finishes_what_is_under_way(process, world, fleet):
    one = fleet.join(fleet.make("cam-1-001"))
    one.send(*[Publish("d/cam-1-001/up/climate", b'{"n":%d}' % n, 1, n) for n in range(1, 61)])
    assert one.receive() == PubAck(1)
    assert process.end(signal.SIGTERM) == 0
    acked = 1
    while one.receive() is not None:
        acked += 1
    assert inbox.count(world.home) >= acked
    assert devices.get(world, "cam-1-001").last_seen is not None
    assert one.receive() is None
