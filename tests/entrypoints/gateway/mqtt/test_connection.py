"""One connection on the wire: bytes in any pieces, floods, clients that do not read, certificates that end."""

import asyncio
import socket
import time
from datetime import timedelta

import pytest
import uvloop

from careful import devices
from careful.entrypoints.gateway.mqtt import connection, session
from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL_5,
    PACKET_BYTES,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    write,
)
from careful.entrypoints.gateway.mqtt.session import REST_SECONDS
from careful.kernel import inbox, mailbox


@pytest.fixture
def device(gateway):
    return gateway.make("cam-1-001")


def readings(count, first=1):
    return [Publish("d/cam-1-001/up/climate", b'{"n":%d}' % n, 1, n) for n in range(first, first + count)]


def test_packets_may_come_byte_by_byte(gateway, device):
    one = gateway.join(device)
    for byte in write(readings(1)[0]):
        one.socket.sendall(bytes((byte,)))
    assert one.receive() == PubAck(1)


def test_a_flood_is_taken_in_order_however_much_is_in_flight(gateway, device, world):
    one = gateway.join(device)
    one.send(*readings(1000))
    assert [one.receive() for _ in range(1000)] == [PubAck(n) for n in range(1, 1001)]
    kept = inbox.recent(world.home, "cam-1-001", limit=2000)
    assert [message.payload for message in reversed(kept)] == [b'{"n":%d}' % n for n in range(1, 1001)]


@pytest.mark.parametrize(
    ("run", "first"), [pytest.param(uvloop.run, 2000, id="uvloop"), pytest.param(asyncio.run, 3000, id="asyncio")]
)
def test_many_records_of_tls_in_one_read_on_either_loop(running, fleet, run, first):
    """asyncio reads one record after another into slices of what `get_buffer` gave: they must not be copies.

    The numbers differ, so that what an earlier test left in the buffer cannot pass for what was sent.
    """
    gateway = running()
    gateway.run = run
    sent = readings(100, first)
    with gateway:
        one = gateway.join(fleet.make("cam-1-001"))
        one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        for packet in sent:
            one.send(packet)
        one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        assert [one.receive() for _ in sent] == [PubAck(n) for n in range(first, first + 100)]


def test_what_comes_in_the_same_breath_as_connect_is_not_lost(gateway, device):
    one = gateway.connect(device)
    one.send(*readings(100))
    assert one.receive().code == 0
    assert [one.receive() for _ in range(100)] == [PubAck(n) for n in range(1, 101)]


def test_the_largest_packet_passes_and_one_more_byte_does_not(gateway, device, refused):
    one = gateway.join(device)
    topic = "d/cam-1-001/up/climate"
    room = PACKET_BYTES - 4 - 2 - len(topic) - 2
    largest = Publish(topic, b'{"n":1}' + b" " * (room - 7), 1, 7)
    assert len(write(largest)) == PACKET_BYTES
    assert one.ask(largest) == PubAck(7)
    one.socket.sendall(b"\x30\x80\x80\x08")
    assert one.receive() is None
    assert "131072" in refused("cam-1-001", "malformed-packet").detail


NOISE = [
    pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", id="HTTP"),
    pytest.param(b"\x00" * 64, id="zeros"),
    pytest.param(b"\xff" * 64, id="ones"),
    pytest.param(b"\x10\x00", id="empty CONNECT"),
]


@pytest.mark.parametrize("noise", NOISE)
def test_noise_ends_the_connection_and_nothing_else(gateway, device, noise):
    other = gateway.join(gateway.make("cam-1-002"))
    one = gateway.join(device)
    one.socket.sendall(noise)
    assert one.receive() is None
    assert other.ask(PingReq()) == PingResp()


def test_a_client_that_does_not_read_is_held_back_then_dropped(gateway, device, refused, monkeypatch):
    """Its pings are no longer read once its answers pile up, so our memory stays bounded; others go on."""
    monkeypatch.setattr(connection, "SLOW_SECONDS", 1.0)
    one = gateway.join(device)
    one.socket.settimeout(0.5)
    with pytest.raises(OSError):  # noqa: PT011 (held back, or dropped already)
        for _ in range(1000):
            one.socket.sendall(write(PingReq()) * 32_768)
    assert gateway.join(gateway.make("cam-1-002")).ask(PingReq()) == PingResp()
    assert refused("cam-1-001", "slow-reader").count == 1


@pytest.mark.parametrize("qos", [0, 1])
def test_much_mail_comes_down_at_the_pace_of_the_reader(gateway, device, world, qos):
    sent = [bytes([n]) * mailbox.PAYLOAD_BYTES for n in range(40)]
    for payload in sent:
        mailbox.enqueue_down(world.home, "cam-1-001", "down/a", payload)
    one = gateway.connect(device, clean=False)
    one.receive()
    one.hear("d/cam-1-001/down/a", qos=qos)
    found = []
    while len(found) < len(sent):
        found.append(one.receive())
        if qos:
            one.send(PubAck(found[-1].packet))
    assert [packet.payload for packet in found] == sent


def test_the_shortest_keep_alive_counts_from_the_connect_on(gateway, device, monkeypatch):
    """The time to say CONNECT is far longer; a timer that was set for it must not be waited for."""
    monkeypatch.setattr(session, "CONNECT_SECONDS", 1000.0)
    one = gateway.join(device, keep_alive=1)
    assert one.receive() is None


def test_a_client_without_keep_alive_may_be_silent(gateway, device):
    one, other = gateway.join(device, keep_alive=0), gateway.join(gateway.make("cam-1-002"), keep_alive=1)
    assert other.receive() is None
    assert one.ask(PingReq()) == PingResp()


def test_a_connection_ends_with_its_certificate(gateway, device, world):
    """A certificate of 30 days that was issued 29 days, 23 hours, 59 minutes and 58 seconds ago."""
    world.clock.advance(timedelta(days=world.settings.certificate_days) - timedelta(seconds=2))
    one = gateway.join(device)
    assert one.receive() is None
    assert devices.get(world, "cam-1-001").state == "active"


# Turns


def test_who_says_much_at_once_is_heard_to_the_end_turn_by_turn(gateway, world):
    """More packets than are taken in one turn, in one read of the network and with pauses for the disk."""
    one = gateway.join(gateway.make("cam-1-001"))
    one.send(*[PingReq()] * 1000, *[Publish("d/cam-1-001/up/climate", b'{"n":1}', 1, n + 1) for n in range(1000)])
    found = [one.receive() for _ in range(2000)]
    assert found.count(PingResp()) == 1000
    assert [answer.packet for answer in found if isinstance(answer, PubAck)] == list(range(1, 1001))
    assert inbox.count(world.home) == 1000
    assert one.ask(PingReq()) == PingResp()


def test_who_is_refused_again_and_again_is_not_listened_to_for_a_while(gateway, refused):
    """By MQTT 5, which is told why; and whoever takes over from it at once has to wait all the same."""
    who = gateway.make("cam-1-001")
    one = gateway.join(who, level=LEVEL_5)
    began = time.monotonic()
    for number in range(1, 9):
        assert one.say("d/cam-1-001/up/climate", b"{", number).code == 0x99
    assert time.monotonic() - began >= 3 * REST_SECONDS
    old = gateway.join(who)
    for number in range(1, 6):
        old.send(Publish("d/cam-1-001/up/climate", b"{", 1, number))
    began = time.monotonic()
    gateway.join(who)
    assert time.monotonic() - began < 5
    assert refused("cam-1-001", "malformed-payload").count >= 8
