"""QoS 2 over deaths of the gateway: what a device says is stored once, what it is told it hears once, by both MQTT."""

import contextlib
import json
import random
import signal
import threading
from math import inf

import pytest

from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL,
    LEVEL_5,
    PUBCOMP,
    PUBREC,
    PUBREL,
    ConnAck,
    Exactly,
    Publish,
    SubAck,
)
from careful.kernel import inbox, mailbox

from .test_server import Process

DEATHS = 2
IDENTIFIERS = 20
LASTING = {LEVEL: None, LEVEL_5: {"expiry": 0xFFFFFFFF}}


@pytest.fixture
def process(world):
    made = Process(world)
    yield made
    if made._process.poll() is None:
        made.end(signal.SIGKILL)


@pytest.fixture(params=[pytest.param(LEVEL, id="3.1.1"), pytest.param(LEVEL_5, id="5")])
def join(request, fleet):
    """Connect to the session that lasts; say whether it was there."""
    who = fleet.make("cam-1-001")

    def join():
        one = fleet.connect(who, clean=False, level=request.param, asked=LASTING[request.param])
        answer = one.receive()
        assert isinstance(answer, ConnAck)
        return one, answer.present

    return join


def lives(process, join):
    """Yield connections, each of which ends with the gateway's death at some moment; the last one is let live."""
    luck = random.Random(11)  # noqa: S311 (when to kill is no secret)
    for _ in range(DEATHS):
        one, _ = join()
        killer = threading.Timer(luck.uniform(0.1, 0.5), process.end, [signal.SIGKILL])
        killer.start()
        yield one, inf
        killer.join()
        process.start()
    yield join()[0], 100


class Speaker:
    """A device's half of QoS 2 upwards, which outlives its connections: few identifiers, used over and over."""

    def __init__(self):
        self.said = 0
        self.open = {}

    def speak(self, one, most):
        """Go on where it was; say new things until the connection ends, or `most` of them and all is done."""
        for packet in self.open.values():
            one.send(packet if isinstance(packet, Exactly) else Publish(*packet_of(packet)))
        until = self.said + most
        while self.open or self.said < until:
            while len(self.open) < IDENTIFIERS and self.said < until:
                self.said += 1
                number = next(n for n in range(1, IDENTIFIERS + 1) if n not in self.open)
                self.open[number] = Publish("d/cam-1-001/up/climate", b'{"n":%d}' % self.said, 2, number)
                one.send(self.open[number])
            answer = one.receive()
            if answer is None:
                return
            if answer.kind == PUBREC:
                self.open[answer.packet] = Exactly(PUBREL, answer.packet)
                one.send(self.open[answer.packet])
            else:
                del self.open[answer.packet]


def packet_of(packet):
    return packet.topic, packet.payload, packet.qos, packet.packet, True


def test_what_is_said_is_stored_once(process, world, join):
    speaker = Speaker()
    for one, most in lives(process, join):
        with contextlib.suppress(OSError):
            speaker.speak(one, most)
    kept = [json.loads(message.payload)["n"] for message in inbox.recent(world.home, "cam-1-001", limit=1_000_000)]
    assert speaker.said > 200
    assert sorted(kept) == list(range(1, speaker.said + 1))


def test_what_is_told_is_heard_once(process, world, join):
    one, present = join()
    assert not present
    assert one.hear("d/cam-1-001/down/#", qos=2) == SubAck(9, (2,))
    one.close()
    for number in range(500):
        mailbox.enqueue_down(world.home, "cam-1-001", "down/do", b"%d" % number)
    heard, held = [], set()

    def listen(one):
        while len(heard) < 500 or held:
            packet = one.receive()
            if packet is None:
                return
            if isinstance(packet, Publish):
                if packet.packet not in held:
                    heard.append(int(packet.payload))
                    held.add(packet.packet)
                one.send(Exactly(PUBREC, packet.packet))
            else:
                assert packet.kind == PUBREL
                held.discard(packet.packet)
                one.send(Exactly(PUBCOMP, packet.packet))

    for one, _ in lives(process, join):
        with contextlib.suppress(OSError):
            listen(one)
    assert heard == list(range(500))
