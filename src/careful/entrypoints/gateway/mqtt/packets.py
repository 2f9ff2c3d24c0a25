"""MQTT packets as values, of 3.1.1 (ISO/IEC 20922) and of 5.0 alike, and how those of 3.1.1 are written as bytes.

What only MQTT 5 can say (codes, properties) has a default that means nothing; `packets5` writes it.
"""

from struct import pack
from typing import Any

from msgspec import Struct

PACKET_BYTES = 128 * 1024
"""The largest packet, header included."""
LEVEL, LEVEL_5 = 4, 5
"""The protocol levels of MQTT 3.1.1 and 5.0."""
QOS_MOST = 2
RESERVED = {6: 2, 8: 2, 10: 2}
"""Sections 2.2.2: PUBREL, SUBSCRIBE and UNSUBSCRIBE carry 0010 in the flags, others 0000; PUBLISH its own."""
PUBREC, PUBREL, PUBCOMP = 5, 6, 7
NO_PACKET = 0x92
"""MQTT 5: no message with this packet identifier is known."""
FAILURES = 0x80
"""Codes from here on say no."""
Properties = dict[str, Any] | None
"""The properties of MQTT 5 by name (see `properties`); None where there are none."""
_U16_MOST = 0xFFFF


class Will(Struct, frozen=True):
    """What the client wants said when its connection ends without a DISCONNECT."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Properties = None


class Connect(Struct, frozen=True):
    """Section 3.1. The user name is not kept: a certificate has already said who it is."""

    client: str
    clean: bool = True
    keep_alive: int = 60
    will: Will | None = None
    level: int = LEVEL
    properties: Properties = None
    password: bytes = b""


class ConnAck(Struct, frozen=True):
    """Section 3.2; in 3.1.1 `code` is 0 accepted, 1 protocol level, 2 client id, 3 unavailable, 5 not authorised."""

    code: int
    present: bool = False
    properties: Properties = None


class Publish(Struct, frozen=True, gc=False):
    """Section 3.3; `packet` is 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    packet: int = 0
    dup: bool = False
    retain: bool = False
    properties: Properties = None


class PubAck(Struct, frozen=True, gc=False):
    """Section 3.4."""

    packet: int
    code: int = 0
    properties: Properties = None


class Exactly(Struct, frozen=True):
    """Sections 3.5 to 3.7: PUBREC, PUBREL or PUBCOMP (`kind` 5, 6, 7), the steps of QoS 2."""

    kind: int
    packet: int
    code: int = 0
    properties: Properties = None


class Subscribe(Struct, frozen=True):
    """Section 3.8: topic filters, each with its options: the QoS asked for, and in MQTT 5 more bits above it."""

    packet: int
    filters: tuple[tuple[str, int], ...]
    properties: Properties = None


class SubAck(Struct, frozen=True):
    """Section 3.9: the QoS granted for each filter, 0x80 or above where none is."""

    packet: int
    codes: tuple[int, ...]
    properties: Properties = None


class Unsubscribe(Struct, frozen=True):
    """Section 3.10."""

    packet: int
    filters: tuple[str, ...]
    properties: Properties = None


class UnsubAck(Struct, frozen=True):
    """Section 3.11; the codes, one for each filter, are MQTT 5's."""

    packet: int
    codes: tuple[int, ...] = ()
    properties: Properties = None


class PingReq(Struct, frozen=True):
    """Section 3.12."""


class PingResp(Struct, frozen=True):
    """Section 3.13."""


class Disconnect(Struct, frozen=True):
    """Section 3.14; in MQTT 5 the server sends it too."""

    code: int = 0
    properties: Properties = None


class Auth(Struct, frozen=True):
    """Section 3.15 of MQTT 5."""

    code: int = 0
    properties: Properties = None


Packet = (
    Connect | ConnAck | Publish | PubAck | Exactly | Subscribe | SubAck | Unsubscribe | UnsubAck | PingReq | PingResp
    | Disconnect | Auth
)  # fmt: skip


def write(packet: Packet) -> bytes:
    """Return the packet's bytes in 3.1.1. Raises ValueError above `PACKET_BYTES`, and for text above 65,535 bytes."""
    if isinstance(packet, PubAck):
        return pack("!BBH", 0x40, 2, packet.packet)
    return framed(*_parts(packet))


def framed(head: int, body: bytes) -> bytes:
    """Return a packet of its first byte and its body. Raises ValueError above `PACKET_BYTES`."""
    written = bytes((head,)) + length(len(body)) + body
    if len(written) > PACKET_BYTES:
        raise ValueError(f"a packet of {len(written)} bytes; {PACKET_BYTES} are the most")
    return written


def _parts(packet: Packet) -> tuple[int, bytes]:  # noqa: C901, PLR0911 (one line for each kind)
    match packet:
        case Publish():
            head = 0x30 | packet.dup << 3 | packet.qos << 1 | packet.retain
            number = pack("!H", packet.packet) if packet.qos else b""
            return head, text(packet.topic) + number + packet.payload
        case Connect():
            return 0x10, _connect_body(packet)
        case ConnAck():
            return 0x20, bytes((packet.present, packet.code))
        case PubAck():
            return 0x40, pack("!H", packet.packet)
        case Exactly():
            return packet.kind << 4 | RESERVED.get(packet.kind, 0), pack("!H", packet.packet)
        case Subscribe():
            filters = b"".join(text(name) + bytes((qos,)) for name, qos in packet.filters)
            return 0x82, pack("!H", packet.packet) + filters
        case SubAck():
            return 0x90, pack("!H", packet.packet) + bytes(packet.codes)
        case Unsubscribe():
            return 0xA2, pack("!H", packet.packet) + b"".join(text(name) for name in packet.filters)
        case UnsubAck():
            return 0xB0, pack("!H", packet.packet)
        case PingReq() | PingResp() | Disconnect():
            return {PingReq: 0xC0, PingResp: 0xD0, Disconnect: 0xE0}[type(packet)], b""
        case _:
            raise ValueError("AUTH is a packet of MQTT 5 alone")


def _connect_body(packet: Connect) -> bytes:
    will = packet.will
    flags = packet.clean << 1 | (0 if will is None else 4 | will.qos << 3 | will.retain << 5)
    body = text("MQTT") + pack("!BBH", packet.level, flags, packet.keep_alive) + text(packet.client)
    return body if will is None else body + text(will.topic) + pack("!H", len(will.payload)) + will.payload


def text(value: str) -> bytes:
    """Return a text with its length before it. Raises ValueError above 65,535 bytes."""
    raw = value.encode()
    if len(raw) > _U16_MOST:
        raise ValueError("a text of more than 65,535 bytes")
    return pack("!H", len(raw)) + raw


def length(value: int) -> bytes:
    """Return a length: seven bits a byte, least significant first."""
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 (seven bits a byte)
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
