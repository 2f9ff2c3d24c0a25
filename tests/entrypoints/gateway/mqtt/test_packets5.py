"""Packets of MQTT 5 as the standard prints them."""

import pytest

from careful.entrypoints.gateway.mqtt.packets import (
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    PingReq,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Will,
)
from careful.entrypoints.gateway.mqtt.packets5 import write5

WRITTEN = [
    pytest.param(Connect("c1", level=5, properties={"expiry": 10}),
                 "10 14 0004 4d515454 05 02 003c 05 110000000a 0002 6331",
                 id="CONNECT, the example of 3.1.2.11"),
    pytest.param(Connect("c", level=5, password=b"p", will=Will("w", b"x", 1, properties={"delay": 1})),
                 "10 1d 0004 4d515454 05 4e 003c 00 0001 63 05 1800000001 0001 77 0001 78 0001 70",
                 id="CONNECT with a will and a password"),
    pytest.param(ConnAck(0, properties={"receive_most": 64}), "20 06 00 00 03 210040", id="CONNACK"),
    pytest.param(Publish("a", b"hi", 1, 10, properties={"alias": 2, "user": (("k", "v"),)}),
                 "32 12 0001 61 000a 0a 230002 26 0001 6b 0001 76 6869", id="PUBLISH"),
    pytest.param(PubAck(1), "40 02 0001", id="PUBACK: nothing to say"),
    pytest.param(PubAck(1, 0x10), "40 03 0001 10", id="PUBACK with a code"),
    pytest.param(PubAck(1, 0x99, {"reason": "no"}), "40 09 0001 99 05 1f 0002 6e6f", id="PUBACK with a reason"),
    pytest.param(Exactly(5, 1, 0x97), "50 03 0001 97", id="PUBREC"),
    pytest.param(Exactly(6, 1), "62 02 0001", id="PUBREL"),
    pytest.param(Subscribe(1, (("a", 0x2D),), {"identifier": 300}), "82 0a 0001 03 0bac02 0001 61 2d", id="SUBSCRIBE"),
    pytest.param(SubAck(1, (1, 0x9E)), "90 05 0001 00 01 9e", id="SUBACK"),
    pytest.param(UnsubAck(1, (0x11,)), "b0 04 0001 00 11", id="UNSUBACK"),
    pytest.param(Disconnect(), "e0 00", id="DISCONNECT: nothing to say"),
    pytest.param(Disconnect(0x8E), "e0 01 8e", id="DISCONNECT with a code"),
    pytest.param(PingReq(), "c0 00", id="PINGREQ, as ever"),
]  # fmt: skip


@pytest.mark.parametrize(("packet", "written"), WRITTEN)
def test_written_as_the_standard_has_it(packet, written):
    assert write5(packet) == bytes.fromhex(written)
