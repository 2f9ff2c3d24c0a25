"""Packets as the standard prints them."""

import pytest

from careful.entrypoints.gateway.mqtt.packets import (
    PACKET_BYTES,
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    PingReq,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    Unsubscribe,
    Will,
    write,
)

WRITTEN = [
    pytest.param(Connect("c1"), "10 0e 0004 4d515454 04 02 003c 0002 6331", id="CONNECT"),
    pytest.param(
        Connect("c", clean=False, keep_alive=15, will=Will("w", b"x", 1, retain=True)),
        "10 13 0004 4d515454 04 2c 000f 0001 63 0001 77 0001 78",
        id="CONNECT with a will",
    ),
    pytest.param(ConnAck(0, present=True), "20 02 01 00", id="CONNACK, session present"),
    pytest.param(ConnAck(5), "20 02 00 05", id="CONNACK, not authorised"),
    pytest.param(Publish("a/b", b"hi"), "30 07 0003 612f62 6869", id="PUBLISH QoS 0"),
    pytest.param(Publish("a", b"", 1, 10, dup=True, retain=True), "3b 05 0001 61 000a", id="PUBLISH QoS 1, DUP"),
    pytest.param(PubAck(258), "40 02 0102", id="PUBACK"),
    pytest.param(Exactly(6, 1), "62 02 0001", id="PUBREL"),
    pytest.param(Subscribe(10, (("a/b", 1), ("c", 2))), "82 0c 000a 0003 612f62 01 0001 63 02", id="SUBSCRIBE"),
    pytest.param(SubAck(10, (1, 0x80)), "90 04 000a 01 80", id="SUBACK"),
    pytest.param(Unsubscribe(1, ("a",)), "a2 05 0001 0001 61", id="UNSUBSCRIBE"),
    pytest.param(PingReq(), "c0 00", id="PINGREQ"),
    pytest.param(Disconnect(), "e0 00", id="DISCONNECT"),
]


@pytest.mark.parametrize(("packet", "written"), WRITTEN)
def test_written_as_the_standard_has_it(packet, written):
    assert write(packet) == bytes.fromhex(written)


def test_a_longer_length_takes_more_bytes():
    assert write(Publish("a", bytes(200)))[:3] == bytes((0x30, 0xCB, 0x01))


def test_what_cannot_be_written():
    with pytest.raises(ValueError, match="65,535"):
        write(Publish("a" * 65536, b""))
    with pytest.raises(ValueError, match="the most"):
        write(Publish("a", bytes(PACKET_BYTES)))
