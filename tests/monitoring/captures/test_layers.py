import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import BROKER, DEVICE, SYN, arp, ethernet, ipv4, ipv6, mac, tcp, udp

from careful.monitoring.captures.layers import ARP, ICMP, LINKS, TCP, UDP, packet

V6, V6_TOO = "fd00::7", "2001:db8::1"
SEGMENT = tcp(40_000, 1883, 77, SYN, b"hello")
PACKET = ipv4(DEVICE, BROKER, 6, SEGMENT)


def read(data, link=1):
    return packet(5.0, link, data, len(data))


def short(found):
    return (found.source, found.target, found.protocol, found.source_port, found.target_port, found.payload)


@pytest.mark.parametrize(
    ("link", "data"),
    [
        pytest.param(1, ethernet(DEVICE, BROKER, PACKET), id="ethernet"),
        pytest.param(1, ethernet(DEVICE, BROKER, PACKET, 0x0800, (0x8100,)), id="vlan"),
        pytest.param(1, ethernet(DEVICE, BROKER, PACKET, 0x0800, (0x88A8, 0x8100)), id="qinq"),
        pytest.param(101, PACKET, id="raw"),
        pytest.param(228, PACKET, id="raw ipv4"),
        pytest.param(0, b"\x02\0\0\0" + PACKET, id="loopback"),
        pytest.param(113, struct.pack(">HHH8sH", 0, 1, 6, mac(DEVICE), 0x0800) + PACKET, id="cooked"),
        pytest.param(
            276, struct.pack(">HHIHBB8s", 0x0800, 0, 1, 1, 0, 6, mac(DEVICE)) + PACKET,
            id="cooked 2",
        ),
    ],
)  # fmt: skip
def test_every_link_layer_gives_the_same_packet(link, data):
    found = read(data, link)
    assert short(found) == (DEVICE, BROKER, TCP, 40_000, 1883, b"hello")
    assert (found.flags, found.sequence, found.length, found.at) == (SYN, 77, 5, 5.0)


def test_ipv6_with_extensions():
    extensions = struct.pack(">BBHI", 60, 0, 0, 0) + struct.pack(">BBHI", 6, 0, 0, 0)
    found = read(ethernet(DEVICE, BROKER, ipv6(V6, V6_TOO, 6, SEGMENT, extensions), 0x86DD))
    assert short(found) == (V6, V6_TOO, TCP, 40_000, 1883, b"hello")


def test_udp_and_padding():
    found = read(ethernet(DEVICE, BROKER, ipv4(DEVICE, BROKER, 17, udp(5000, 53, b"ask")) + bytes(20)))
    assert short(found) == (DEVICE, BROKER, UDP, 5000, 53, b"ask")


def test_icmp_arp_and_later_fragments_have_no_ports():
    assert read(ethernet(DEVICE, BROKER, ipv4(DEVICE, BROKER, 1, b"\x08\0" + bytes(6)))).protocol == ICMP
    asked = read(arp(DEVICE, BROKER))
    assert (asked.protocol, asked.source, asked.target, asked.flags) == (ARP, DEVICE, BROKER, 1)
    later = bytearray(PACKET)
    later[6:8] = b"\0\x10"
    assert read(ethernet(DEVICE, BROKER, bytes(later))).target_port == 0


@pytest.mark.parametrize(
    "data",
    [
        b"", b"short", ethernet(DEVICE, BROKER, b"", 0x88CC), ethernet(DEVICE, BROKER, b"\x45"),
        ethernet(DEVICE, BROKER, b"\x41" + PACKET[1:]),
        ethernet(DEVICE, BROKER, ipv4(DEVICE, BROKER, 6, b"abc")),
    ],
    ids=["empty", "short", "lldp", "one byte", "header too short", "tcp too short"],
)  # fmt: skip
def test_what_cannot_be_read_is_none(data):
    assert read(data) is None


def test_an_unknown_link_is_none():
    assert 147 not in LINKS
    assert read(b"\x45" + bytes(60), 147) is None


@given(st.binary(max_size=120), st.sampled_from(sorted(LINKS | {147})))
def test_no_bytes_break_it(data, link):
    packet(0.0, link, data, len(data))
