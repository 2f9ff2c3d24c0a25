"""How the packets of MQTT 5.0 are written as bytes, where they differ from those of 3.1.1."""

from struct import pack

from careful.entrypoints.gateway.mqtt import properties
from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL_5,
    RESERVED,
    Auth,
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    Packet,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    framed,
    text,
    write,
)


def write5(packet: Packet) -> bytes:
    """Return the packet's bytes. Raises ValueError as `packets.write` does."""
    if isinstance(packet, PubAck) and not packet.code and packet.properties is None:
        return pack("!BBH", 0x40, 2, packet.packet)
    found = _parts(packet)
    return write(packet) if found is None else framed(*found)


def _parts(packet: Packet) -> tuple[int, bytes] | None:  # noqa: PLR0911 (one line for each kind)
    given = properties.write(getattr(packet, "properties", None))
    match packet:
        case Publish():
            head = 0x30 | packet.dup << 3 | packet.qos << 1 | packet.retain
            number = pack("!H", packet.packet) if packet.qos else b""
            return head, text(packet.topic) + number + given + packet.payload
        case Connect():
            return 0x10, _connect_body(packet, given)
        case ConnAck():
            return 0x20, bytes((packet.present, packet.code)) + given
        case PubAck():
            return 0x40, pack("!H", packet.packet) + _coded(packet.code, given)
        case Exactly():
            head = packet.kind << 4 | RESERVED.get(packet.kind, 0)
            return head, pack("!H", packet.packet) + _coded(packet.code, given)
        case Subscribe():
            filters = b"".join(text(name) + bytes((options,)) for name, options in packet.filters)
            return 0x82, pack("!H", packet.packet) + given + filters
        case SubAck() | UnsubAck():
            return 0x90 if isinstance(packet, SubAck) else 0xB0, pack("!H", packet.packet) + given + bytes(packet.codes)
        case Unsubscribe():
            return 0xA2, pack("!H", packet.packet) + given + b"".join(text(name) for name in packet.filters)
        case Disconnect() | Auth():
            return 0xE0 if isinstance(packet, Disconnect) else 0xF0, _coded(packet.code, given)
        case _:
            return None


def _coded(code: int, given: bytes) -> bytes:
    """Return a reason code and properties, or what is left of them where they say nothing."""
    return b"" if not code and given == b"\0" else bytes((code,)) if given == b"\0" else bytes((code,)) + given


def _connect_body(packet: Connect, given: bytes) -> bytes:
    will = packet.will
    flags = packet.clean << 1 | (0 if will is None else 4 | will.qos << 3 | will.retain << 5)
    flags |= 64 if packet.password else 0
    body = text("MQTT") + pack("!BBH", LEVEL_5, flags, packet.keep_alive) + given + text(packet.client)
    if will is not None:
        body += properties.write(will.properties) + text(will.topic) + pack("!H", len(will.payload)) + will.payload
    return body + (pack("!H", len(packet.password)) + packet.password if packet.password else b"")
