"""Recordings made by hand: frames, conversations, MQTT, DNS and TLS, as pcap and pcapng."""

import struct
from ipaddress import ip_address

BROKER, DEVICE, OTHER, CLOUD = "10.0.0.1", "10.0.0.7", "10.0.0.8", "203.0.113.7"
FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16


def mac(address):
    return b"\x02\x00" + ip_address(address).packed[-4:]


def ethernet(source, target, payload, kind=0x0800, tags=()):
    head = mac(target) + mac(source)
    for tag in tags:
        head += struct.pack(">HH", tag, 7)
    return head + struct.pack(">H", kind) + payload


def ipv4(source, target, protocol, payload):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    return head + ip_address(source).packed + ip_address(target).packed + payload


def ipv6(source, target, protocol, payload, extensions=b""):
    body = extensions + payload
    first = 0 if extensions else protocol
    head = struct.pack(">IHBB", 6 << 28, len(body), first, 64)
    return head + ip_address(source).packed + ip_address(target).packed + body


def tcp(source_port, target_port, sequence, flags, payload=b""):
    return struct.pack(">HHIIBBHHH", source_port, target_port, sequence, 0, 5 << 4, flags, 1024, 0, 0) + payload


def udp(source_port, target_port, payload=b""):
    return struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0) + payload


def arp(source, target, sender=None):
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + (sender or mac(source)) + ip_address(source).packed
    return ethernet(source, target, body + bytes(6) + ip_address(target).packed, 0x0806)


def udp_frame(source, source_port, target, target_port, payload=b""):
    return ethernet(source, target, ipv4(source, target, 17, udp(source_port, target_port, payload)))


class Line:
    """One TCP conversation; each call gives the frame of one segment."""

    def __init__(self, client=DEVICE, server=BROKER, port=1883, client_port=40_000):
        self.ends = {True: (client, client_port), False: (server, port)}
        self.sequence = {True: 1_000, False: 9_000}

    def segment(self, payload=b"", flags=PUSH | ACK, from_client=True, sequence=None):
        (source, source_port), (target, target_port) = self.ends[from_client], self.ends[not from_client]
        at = self.sequence[from_client] if sequence is None else sequence
        if sequence is None:
            self.sequence[from_client] += len(payload) + bool(flags & (SYN | FIN))
        return ethernet(source, target, ipv4(source, target, 6, tcp(source_port, target_port, at, flags, payload)))

    def opened(self):
        return [self.segment(flags=SYN), self.segment(flags=SYN | ACK, from_client=False), self.segment(flags=ACK)]

    def up(self, payload):
        return self.segment(payload)

    def down(self, payload):
        return self.segment(payload, from_client=False)

    def closed(self, from_client=True):
        return [self.segment(flags=FIN | ACK, from_client=from_client)]


def text(value):
    return struct.pack(">H", len(value)) + (value if isinstance(value, bytes) else value.encode())


def mqtt(first, body):
    size, out = len(body), b""
    while True:
        size, part = size >> 7, size & 127
        out += bytes([part | (128 if size else 0)])
        if not size:
            return bytes([first]) + out + body


def connect(client="d1", level=4, flags=2, alive=60, more=b"", name="MQTT"):
    properties = b"\0" if level == 5 else b""
    return mqtt(0x10, text(name) + bytes([level, flags]) + struct.pack(">H", alive) + properties + text(client) + more)


def connack(code=0, level=4):
    return mqtt(0x20, bytes([0, code]) + (b"\0" if level == 5 else b""))


def publish(topic="t", payload=b"1", quality=0, number=1, level=4, dup=False):
    ident = struct.pack(">H", number) if quality else b""
    properties = b"\0" if level == 5 else b""
    return mqtt(0x30 | quality << 1 | (8 if dup else 0), text(topic) + ident + properties + payload)


def subscribe(topic="t", number=1):
    return mqtt(0x82, struct.pack(">H", number) + text(topic) + b"\0")


def dns_answer(name, addresses, alias=None):
    def labels(one):
        return b"".join(bytes([len(part)]) + part.encode() for part in one.split(".")) + b"\0"

    records = b""
    owner = b"\xc0\x0c"
    if alias:
        target = labels(alias)
        records += owner + struct.pack(">HHIH", 5, 1, 60, len(target)) + target
        owner = target
    for one in addresses:
        raw = ip_address(one).packed
        records += owner + struct.pack(">HHIH", 1 if len(raw) == 4 else 28, 1, 60, len(raw)) + raw
    count = len(addresses) + bool(alias)
    return struct.pack(">HHHHHH", 1, 0x8180, 1, count, 0, 0) + labels(name) + struct.pack(">HH", 1, 1) + records


def client_hello(name):
    host = b"\0" + text(name)
    extension = struct.pack(">HH", 0, len(host) + 2) + struct.pack(">H", len(host)) + host
    other = struct.pack(">HH", 43, 3) + b"\x02\x03\x04"
    extensions = other + extension
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" + text(extensions)
    handshake = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + text(handshake)


def pcap(frames, link=1, order="<", nanoseconds=False):
    """Write frames, given as (time, bytes), or bytes at one second each."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)]
    unit = 1_000_000_000 if nanoseconds else 1_000_000
    for at, frame in timed(frames):
        head = struct.pack(order + "IIII", int(at), min(round(at % 1 * unit), unit - 1), len(frame), len(frame))
        parts += [head, frame]
    return b"".join(parts)


def timed(frames):
    return [one if isinstance(one, tuple) else (1_000_000.0 + number, one) for number, one in enumerate(frames)]


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(frames, link=1, order="<", resolution=6, offset=0):
    section = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
    out = b"\x0a\x0d\x0d\x0a" + struct.pack(order + "I", 28) + section + struct.pack(order + "I", 28)
    options = struct.pack(order + "HHB3x", 9, 1, resolution) + struct.pack(order + "HHqHH", 14, 8, offset, 0, 0)
    out += block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)
    for at, frame in timed(frames):
        ticks = round((at - offset) * 10**resolution)
        head = struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        out += block(6, head + frame, order)
    return out
