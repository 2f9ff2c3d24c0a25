"""From a frame to a packet: link layer, VLANs, IPv4 and IPv6, TCP, UDP and ICMP. Pure; what cannot be read is None."""
# ruff: noqa: PLR2004 (lengths, versions and bits of a wire format, where the standard has them)

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from struct import error as StructError  # noqa: N812 (the standard library names it in small letters)
from typing import NamedTuple

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
ARP = -1
FIN, SYN, RST, ACK = 1, 2, 4, 16
NAMES = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmp", ARP: "arp"}


class Packet(NamedTuple):
    """What one frame said, as far as it can be told without knowing the service."""

    at: float
    source: str
    target: str
    protocol: int
    source_port: int
    target_port: int
    flags: int
    sequence: int
    payload: bytes
    length: int
    """Bytes of payload on the wire, also where the recording kept fewer."""
    size: int
    """Bytes of the whole frame on the wire."""
    source_mac: bytes
    target_mac: bytes


_IPV4, _IPV6, _ARP = 0x0800, 0x86DD, 0x0806
_VLANS = frozenset({0x8100, 0x88A8, 0x9100})
_MAX_TAGS = 4
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
_FRAGMENT, _AUTHENTICATION = 44, 51
_MAX_EXTENSIONS = 8
_WORD = Struct(">H").unpack_from
_PORTS = Struct(">HH").unpack_from
_TCP = Struct(">HHIIBB").unpack_from
_V4 = Struct(">BBHHHBBH4s4s").unpack_from
_V6 = Struct(">IHBB16s16s").unpack_from
_NO_MAC = b""

ETHERNET, NULL, RAW, LOOP, COOKED, RAW_V4, RAW_V6, COOKED_2 = 1, 0, 101, 108, 113, 228, 229, 276
_RAW_LINKS = frozenset({RAW, RAW_V4, RAW_V6, 12, 14})
LINKS = frozenset({ETHERNET, NULL, LOOP, COOKED, COOKED_2, *_RAW_LINKS})
"""The link types that are read."""


@lru_cache(maxsize=65536)
def text_v4(raw: bytes) -> str:
    """Write an IPv4 address."""
    return str(IPv4Address(raw))


@lru_cache(maxsize=65536)
def text_v6(raw: bytes) -> str:
    """Write an IPv6 address; one that stands for an IPv4 address is written as that."""
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)


def packet(at: float, link: int, data: bytes, size: int) -> Packet | None:
    """Read one frame, or return None where it is no IP, no ARP, or too short to tell."""
    try:
        return _link(at, link, data, size)
    except (IndexError, ValueError, StructError):
        return None


def _link(at: float, link: int, data: bytes, size: int) -> Packet | None:
    if link == ETHERNET:
        start, kind, source_mac, target_mac = 14, data[12] << 8 | data[13], data[6:12], data[:6]
    else:
        start, kind, source_mac = _other_link(link, data)
        target_mac = _NO_MAC
    tags = 0
    while kind in _VLANS and tags < _MAX_TAGS:
        kind = _WORD(data, start + 2)[0]
        start += 4
        tags += 1
    if kind == _IPV4:
        return _ipv4(at, data, start, size, source_mac, target_mac)
    if kind == _IPV6:
        return _ipv6(at, data, start, size, source_mac, target_mac)
    return _arp(at, data, start, size, target_mac) if kind == _ARP else None


def _other_link(link: int, data: bytes) -> tuple[int, int, bytes]:
    """Return where the payload starts, what it is, and the sender's hardware address."""
    if link == COOKED:
        return 16, _WORD(data, 14)[0], data[6:12]
    if link == COOKED_2:
        return 20, _WORD(data, 0)[0], data[12:18]
    start = 0 if link in _RAW_LINKS else 4
    return start, (_IPV4 if data[start] >> 4 == 4 else _IPV6) if link in LINKS else 0, _NO_MAC


def _arp(at: float, data: bytes, start: int, size: int, target_mac: bytes) -> Packet | None:
    """Read who asks or answers. The hardware address is the one that the message claims, not the frame's."""
    sender, target = data[start + 14 : start + 18], data[start + 24 : start + 28]
    if data[start + 2 : start + 4] != b"\x08\x00" or len(target) != 4:
        return None
    operation, claimed = _WORD(data, start + 6)[0], data[start + 8 : start + 14]
    return Packet(at, text_v4(sender), text_v4(target), ARP, 0, 0, operation, 0, b"", 0, size, claimed, target_mac)


def _ipv4(at: float, data: bytes, start: int, size: int, source_mac: bytes, target_mac: bytes) -> Packet | None:
    first, _, total, _, fragment, _, protocol, _, source, target = _V4(data, start)
    header = (first & 15) * 4
    if first >> 4 != 4 or header < 20:
        return None
    # A length of 0 is what offloading leaves in captures on the sending host.
    total = total or size - start
    return _transport(
        at, data, start + header, total - header, protocol, fragment & 0x1FFF, text_v4(source), text_v4(target),
        size, source_mac, target_mac,
    )  # fmt: skip


def _ipv6(at: float, data: bytes, start: int, size: int, source_mac: bytes, target_mac: bytes) -> Packet | None:
    first, length, following, _, source, target = _V6(data, start)
    if first >> 28 != 6:
        return None
    length = length or size - start - 40
    place, fragment = start + 40, 0
    for _ in range(_MAX_EXTENSIONS):
        if following in _EXTENSIONS:
            step = (data[place + 1] + 1) * 8
        elif following == _AUTHENTICATION:
            step = (data[place + 1] + 2) * 4
        elif following == _FRAGMENT:
            step, fragment = 8, _WORD(data, place + 2)[0] >> 3
        else:
            break
        following = data[place]
        place, length = place + step, length - step
    return _transport(
        at, data, place, length, following, fragment, text_v6(source), text_v6(target), size, source_mac, target_mac
    )


def _transport(
    at: float,
    data: bytes,
    start: int,
    length: int,
    protocol: int,
    fragment: int,
    source: str,
    target: str,
    size: int,
    source_mac: bytes,
    target_mac: bytes,
) -> Packet | None:
    end = start + max(length, 0)
    if fragment or protocol not in {TCP, UDP}:
        kind = data[start] if protocol in {ICMP, ICMP6} and not fragment and start < len(data) else 0
        return Packet(at, source, target, protocol, 0, 0, kind, 0, b"", max(length, 0), size, source_mac, target_mac)
    if protocol == TCP:
        from_port, to_port, sequence, _, offset, flags = _TCP(data, start)
        header = (offset >> 4) * 4
        if header < 20:
            return None
    else:
        from_port, to_port = _PORTS(data, start)
        header, sequence, flags = 8, 0, 0
    return Packet(
        at, source, target, protocol, from_port, to_port, flags, sequence, data[start + header : end],
        max(length - header, 0), size, source_mac, target_mac,
    )  # fmt: skip
