"""The packets of MQTT 5.0 that differ from those of 3.1.1 (OASIS mqtt-v5.0), read."""

from collections.abc import Callable

from careful.entrypoints.gateway.mqtt import properties
from careful.entrypoints.gateway.mqtt.fields import PROTOCOL_ERROR, Body, Malformed
from careful.entrypoints.gateway.mqtt.packets import (
    Auth,
    ConnAck,
    Disconnect,
    Exactly,
    Packet,
    Properties,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
)

_OPTIONS = 0x3F  # QoS, no local, retain as published, retain handling
_HANDLING, _HANDLING_MOST = 0x30, 0x20
_PUBLISH_CODES = frozenset({0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99})
_RELEASE_CODES = frozenset({0x00, 0x92})
_AUTH_CODES = frozenset({0x00, 0x18, 0x19})


def publish(
    data: bytes | bytearray, span: tuple[int, int, int], topic: str, qos: int, packet: int
) -> Publish:  # fmt: skip
    """Read what a PUBLISH has behind its packet identifier; `span` is its first byte, where that is, and its end."""
    head, at, end = span
    given: Properties = None
    if at < end and not data[at]:
        at += 1
    else:
        body = Body(data, at, end)
        given = properties.read(body, properties.PUBLISH)
        at = body.at
    if not topic and (given is None or "alias" not in given):
        raise Malformed("a PUBLISH with neither topic nor alias", PROTOCOL_ERROR)
    return Publish(topic, bytes(data[at:end]), qos, packet, bool(head & 8), bool(head & 1), given)


def _coded(body: Body, kind: int, allowed: frozenset[int] | None = None) -> tuple[int, Properties]:
    """Read a reason code and properties, both of which may be left out."""
    code = body.byte() if body.left() else 0
    given = properties.read(body, kind) if body.left() else None
    body.done()
    if allowed is not None and code not in allowed:
        raise Malformed(f"the reason code {code:#04x} in a packet of type {kind}", PROTOCOL_ERROR)
    return code, given


def _connack(body: Body, kind: int) -> ConnAck:
    flags, code = body.byte(), body.byte()
    given = properties.read(body, kind)
    body.done()
    if flags > 1:
        raise Malformed("reserved CONNACK flags are set")
    return ConnAck(code, bool(flags), given)


def _puback(body: Body, kind: int) -> PubAck:
    return PubAck(body.packet(), *_coded(body, kind, _PUBLISH_CODES))


def _exactly(body: Body, kind: int) -> Exactly:
    allowed = _PUBLISH_CODES if kind == properties.PUBREC else _RELEASE_CODES
    return Exactly(kind, body.packet(), *_coded(body, kind, allowed))


def _subscribe(body: Body, kind: int) -> Subscribe:
    packet, given = body.packet(), properties.read(body, kind)
    filters = body.filters(options=_OPTIONS)
    if any(options & _HANDLING > _HANDLING_MOST for _, options in filters):
        raise Malformed("a subscription with retain handling 3", PROTOCOL_ERROR)
    return Subscribe(packet, filters, given)


def _unsubscribe(body: Body, kind: int) -> Unsubscribe:
    packet, given = body.packet(), properties.read(body, kind)
    return Unsubscribe(packet, tuple(name for name, _ in body.filters(options=None)), given)


def _suback(body: Body, kind: int) -> SubAck:
    packet, given = body.packet(), properties.read(body, kind)
    return SubAck(packet, tuple(body.take(body.end - body.at)), given)


def _unsuback(body: Body, kind: int) -> UnsubAck:
    packet, given = body.packet(), properties.read(body, kind)
    return UnsubAck(packet, tuple(body.take(body.end - body.at)), given)


def _disconnect(body: Body, kind: int) -> Disconnect:
    return Disconnect(*_coded(body, kind))


def _auth(body: Body, kind: int) -> Auth:
    return Auth(*_coded(body, kind, _AUTH_CODES))


READERS: dict[int, Callable[[Body, int], Packet]] = {
    2: _connack, 4: _puback, 5: _exactly, 6: _exactly, 7: _exactly, 8: _subscribe, 9: _suback, 10: _unsubscribe,
    11: _unsuback, 14: _disconnect, 15: _auth,
}  # fmt: skip
"""By packet type; what is not here is as in 3.1.1."""
