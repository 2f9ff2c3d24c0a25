"""MQTT 5 over the wire: the standard's statements by their numbers, with packets of our own and with paho's client."""

import queue
import threading
import time
from datetime import timedelta

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties as PahoProperties
from paho.mqtt.subscribeoptions import SubscribeOptions

from careful import devices
from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL_5,
    PACKET_BYTES,
    ConnAck,
    Connect,
    Disconnect,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    Will,
)
from careful.kernel import inbox, mailbox

WAIT = 20
CLIMATE = "d/cam-1-001/up/climate"
WARM = b'{"celsius":20}'


@pytest.fixture
def device(gateway):
    return gateway.make("cam-1-001")


@pytest.fixture
def join(gateway, device):
    """Connect by MQTT 5 and see that it is accepted; `asked` are properties."""

    def join(*, clean=True, will=None, **asked):
        return gateway.join(device, level=LEVEL_5, clean=clean, will=will, asked=asked or None)

    return join


def test_what_is_offered(gateway, device):
    answer = gateway.connect(device, client="", level=LEVEL_5).receive()
    assert answer == ConnAck(
        0, False,
        {"receive_most": 64, "packet_most": PACKET_BYTES, "alias_most": 16, "shared": 0, "client": "cam-1-001"},
    )  # fmt: skip


def test_the_server_says_why_it_closes(join, gateway, device, world, staff):
    """MQTT-3.1.4-3: taken over; MQTT-3.1.2-24: too large; 3.14.2.1: administrative action."""
    first = join()
    second = join()
    assert first.receive().code == 0x8E
    assert first.receive() is None
    second.send(Publish(CLIMATE, bytes(PACKET_BYTES - 40)))
    second.socket.sendall(b"\x30\xff\xff\xff\x7f")
    while isinstance(answer := second.receive(), (PubAck, PingResp)):
        pass
    assert answer.code == 0x95
    third = join()
    devices.quarantine(world, staff, "cam-1-001", "it behaves badly")
    assert third.receive() == Disconnect(0x98, {"reason": "the device was cut off"})
    refused = gateway.connect(device, level=LEVEL_5).receive()
    assert refused.code == 0x87
    assert "quarantined" in refused.properties["reason"]


def test_a_second_connect_is_a_protocol_error(join):
    """MQTT-3.1.0-2."""
    one = join()
    assert one.ask(Connect("cam-1-001", level=LEVEL_5)).code == 0x82


def test_a_session_ends_when_it_said_it_would(join, gateway, device, clock, world):
    """MQTT-3.1.2-23, 3.1.2.11.2: kept for its time, gone after it."""

    def present():
        one = gateway.connect(device, level=LEVEL_5, clean=False, asked={"expiry": 60})
        found = one.receive().present
        one.send(Disconnect())
        assert one.receive() is None
        return found

    one = join(expiry=60)
    assert one.hear("d/cam-1-001/down/#") == SubAck(9, (1,))
    one.send(Disconnect())
    assert one.receive() is None
    assert present()
    clock.advance(timedelta(seconds=61))
    assert not present()


def test_a_will_waits_for_its_device(join, world, eventually):
    """MQTT-3.1.3-9: not said when the device is back in time; said when its delay is over."""
    will = Will("d/cam-1-001/event/offline", b'{"reason":"gone"}', properties={"delay": 1})
    join(will=will, expiry=60).close()
    time.sleep(0.3)
    back = join(clean=False, will=will, expiry=60)
    time.sleep(1.0)
    assert inbox.count(world.home) == 0
    back.close()
    assert eventually(lambda: inbox.count(world.home)) == 1


def test_flow_control_downwards(join, world):
    """MQTT-3.3.4-7: never more unacknowledged than the client's receive maximum."""
    one = join(receive_most=2)
    for number in range(5):
        mailbox.enqueue_down(world.home, "cam-1-001", "down/do", b"%d" % number)
    assert one.hear("d/cam-1-001/down/#") == SubAck(9, (1,))
    heard = []
    while len(heard) < 5:
        both = [one.receive() for _ in range(min(2, 5 - len(heard)))]
        assert one.ask(PingReq()) == PingResp()
        for packet in both:
            heard.append(int(packet.payload))
            one.send(PubAck(packet.packet))
    assert heard == [0, 1, 2, 3, 4]


def test_subscription_identifiers_and_options(join, world):
    """MQTT-3.3.4-3 and 3.8.3.1."""
    mailbox.set_desired(world.home, "cam-1-001", b"{}")
    one = join()
    assert one.ask(Subscribe(1, (("d/cam-1-001/#", 1),), {"identifier": 77})) == SubAck(1, (1,))
    found = one.receive()
    assert (found.topic, found.retain, found.properties) == ("d/cam-1-001/state/desired", True, {"identifier": (77,)})


class Paho:
    """A paho client of MQTT 5 that keeps what it hears."""

    def __init__(self, who, port, **connect):
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=who.device, protocol=paho.MQTTv5)
        self.client.tls_set(str(who.trust), str(who.certificate), str(who.key))
        self.heard, self.published, self.gone = queue.SimpleQueue(), queue.SimpleQueue(), queue.SimpleQueue()
        self.subscribed, self.connected = queue.SimpleQueue(), queue.SimpleQueue()
        self.client.on_message = lambda _c, _u, message: self.heard.put(message)
        self.client.on_publish = lambda _c, _u, number, reason, given: self.published.put((number, reason, given))
        self.client.on_subscribe = lambda _c, _u, _n, reasons, _p: self.subscribed.put(reasons)
        self.client.on_disconnect = lambda _c, _u, _f, reason, _p: self.gone.put(reason)
        self.client.on_connect = lambda _c, _u, flags, reason, given: self.connected.put((flags, reason, given))
        self.client.connect("localhost", port, keepalive=60, **connect)
        self.client.loop_start()

    def __enter__(self):
        self.connected.get(timeout=WAIT)
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("qos", [1, 2])
def test_paho_is_told_what_was_refused(gateway, device, world, qos):
    with Paho(device, gateway.port) as one:
        one.client.publish(CLIMATE, b'{"voice":1}', qos=qos)
        _, reason, given = one.published.get(timeout=WAIT)
        if qos == 1:
            assert (reason.value, given.ReasonString) == (0x99, "undeclared-field: climate.voice")
        else:  # paho passes over what a PUBREC says, and sends PUBREL all the same: no such message
            assert reason.value == 0x92
        one.client.publish(CLIMATE, WARM, qos=qos).wait_for_publish(WAIT)
        assert one.published.get(timeout=WAIT)[1].value == 0
    assert inbox.count(world.home) == 1


def test_paho_speaks_by_alias_and_hears_with_its_properties(gateway, device, world):
    with Paho(device, gateway.port) as one:
        named = PahoProperties(PacketTypes.PUBLISH)
        named.TopicAlias = 5
        named.UserProperty = ("trace", "abc")
        named.ContentType = "application/json"
        one.client.publish(CLIMATE, WARM, qos=1, properties=named).wait_for_publish(WAIT)
        again = PahoProperties(PacketTypes.PUBLISH)
        again.TopicAlias = 5
        one.client.publish("", WARM, qos=1, properties=again).wait_for_publish(WAIT)
        asked = PahoProperties(PacketTypes.SUBSCRIBE)
        asked.SubscriptionIdentifier = 9
        one.client.subscribe("d/cam-1-001/down/#", options=SubscribeOptions(qos=2), properties=asked)
        assert [reason.value for reason in one.subscribed.get(timeout=WAIT)] == [2]
        mailbox.enqueue_down(world.home, "cam-1-001", "down/reboot", b"{}")
        message = one.heard.get(timeout=WAIT)
        assert (message.topic, message.qos) == ("d/cam-1-001/down/reboot", 2)
        assert message.properties.SubscriptionIdentifier == [9]
        one.client.subscribe("$share/us/d/cam-1-001/down/#")
        assert [reason.value for reason in one.subscribed.get(timeout=WAIT)] == [0x9E]
    assert inbox.count(world.home) == 2


def test_paho_sends_many_at_each_qos(gateway, device, world):
    with Paho(device, gateway.port) as one:
        sent = [one.client.publish(CLIMATE, b'{"n":%d}' % n, qos=1 + n % 2) for n in range(200)]
        for info in sent:
            info.wait_for_publish(WAIT)
    assert inbox.count(world.home) == 200


def test_paho_learns_why_it_lost_its_connection(gateway, device, world, staff):
    expiry = PahoProperties(PacketTypes.CONNECT)
    expiry.SessionExpiryInterval = 60
    with Paho(device, gateway.port, clean_start=False, properties=expiry) as one:
        threading.Thread(target=devices.quarantine, args=(world, staff, "cam-1-001", "test")).start()
        assert one.gone.get(timeout=WAIT).value == 0x98
