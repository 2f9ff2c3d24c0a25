"""The properties of MQTT 5 (section 2.2.2): which there are, of what kind, and in which packets each may stand."""

from collections.abc import Mapping
from struct import pack
from typing import Any, Literal

from careful.entrypoints.gateway.mqtt.fields import PROTOCOL_ERROR, Body, Malformed
from careful.entrypoints.gateway.mqtt.packets import Properties, length, text

Kind = Literal["flag", "u16", "u32", "length", "text", "binary", "pair"]
WILL = 0
"""Stands for the will inside a CONNECT, which has properties of its own; the others are packet types."""
USER_MOST = 32
"""User properties in one packet."""
CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, DISCONNECT, AUTH = 8, 9, 10, 11, 14, 15
_ANSWERS = (CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH)
_SAID = (PUBLISH, WILL)
_EVERYWHERE = (*_ANSWERS, *_SAID, CONNECT, SUBSCRIBE, UNSUBSCRIBE)
_TABLE: tuple[tuple[int, str, Kind, tuple[int, ...]], ...] = (
    (0x01, "payload_format", "flag", _SAID),
    (0x02, "message_expiry", "u32", _SAID),
    (0x03, "content_type", "text", _SAID),
    (0x08, "response_topic", "text", _SAID),
    (0x09, "correlation", "binary", _SAID),
    (0x0B, "identifier", "length", (PUBLISH, SUBSCRIBE)),
    (0x11, "expiry", "u32", (CONNECT, CONNACK, DISCONNECT)),
    (0x12, "client", "text", (CONNACK,)),
    (0x13, "keep_alive", "u16", (CONNACK,)),
    (0x15, "auth_method", "text", (CONNECT, CONNACK, AUTH)),
    (0x16, "auth_data", "binary", (CONNECT, CONNACK, AUTH)),
    (0x17, "request_problem", "flag", (CONNECT,)),
    (0x18, "delay", "u32", (WILL,)),
    (0x19, "request_response", "flag", (CONNECT,)),
    (0x1A, "response_information", "text", (CONNACK,)),
    (0x1C, "server", "text", (CONNACK, DISCONNECT)),
    (0x1F, "reason", "text", _ANSWERS),
    (0x21, "receive_most", "u16", (CONNECT, CONNACK)),
    (0x22, "alias_most", "u16", (CONNECT, CONNACK)),
    (0x23, "alias", "u16", (PUBLISH,)),
    (0x24, "qos_most", "flag", (CONNACK,)),
    (0x25, "retain", "flag", (CONNACK,)),
    (0x26, "user", "pair", _EVERYWHERE),
    (0x27, "packet_most", "u32", (CONNECT, CONNACK)),
    (0x28, "wildcards", "flag", (CONNACK,)),
    (0x29, "identifiers", "flag", (CONNACK,)),
    (0x2A, "shared", "flag", (CONNACK,)),
)
_BY_NUMBER = {number: (name, kind, frozenset(where)) for number, name, kind, where in _TABLE}
_BY_NAME = {name: (number, kind) for number, name, kind, _ in _TABLE}
_NEVER_ZERO = frozenset({"receive_most", "packet_most", "identifier"})


def read(body: Body, where: int) -> Properties:
    """Return the properties that come next in a packet of type `where`; None for none. Raises Malformed.

    `user` is a tuple of pairs; `identifier` is a tuple in a PUBLISH, which may carry several.
    """
    size = body.length()
    if not size:
        return None
    end, body.end = body.end, body.at + size
    if body.end > end:
        raise Malformed("properties longer than their packet")
    found: dict[str, Any] = {}
    while body.left():
        number = body.length()
        name, kind, allowed = _BY_NUMBER.get(number, ("", "flag", frozenset[int]()))
        if where not in allowed:
            raise Malformed(f"a property {number:#04x} in a packet of type {where}", PROTOCOL_ERROR)
        several = name == "user" or (name == "identifier" and where == PUBLISH)
        _add(found, name, _value(body, name, kind), several=several)
    body.end = end
    return found


def _add(found: dict[str, Any], name: str, value: object, *, several: bool) -> None:
    if several:
        found[name] = (*found.get(name, ()), value)
        if len(found[name]) > USER_MOST:
            raise Malformed(f"more than {USER_MOST} properties of one kind")
    elif name in found:
        raise Malformed(f"a property that stands twice: {name}", PROTOCOL_ERROR)
    else:
        found[name] = value


def _value(body: Body, name: str, kind: Kind) -> object:
    value: object
    match kind:
        case "flag":
            value = body.byte()
            if value > 1:
                raise Malformed(f"a property that is neither 0 nor 1: {name}", PROTOCOL_ERROR)
        case "u16" | "u32":
            value = body.number(2 if kind == "u16" else 4)
        case "length":
            value = body.length()
        case "text":
            value = body.text()
        case "binary":
            value = body.binary()
        case "pair":
            value = body.text(), body.text()
    if value == 0 and name in _NEVER_ZERO:
        raise Malformed(f"a property that may not be 0: {name}", PROTOCOL_ERROR)
    return value


def write(properties: Mapping[str, Any] | None) -> bytes:
    """Return properties with their length before them."""
    if not properties:
        return b"\0"
    body = b"".join(_written(name, one) for name, value in properties.items() for one in _each(value))
    return length(len(body)) + body


def _each(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _written(name: str, value: Any) -> bytes:  # noqa: ANN401 (what the kind says)
    number, kind = _BY_NAME[name]
    match kind:
        case "flag":
            body = pack("!B", value)
        case "u16":
            body = pack("!H", value)
        case "u32":
            body = pack("!I", value)
        case "length":
            body = length(value)
        case "text":
            body = text(value)
        case "binary":
            body = pack("!H", len(value)) + value
        case "pair":
            body = text(value[0]) + text(value[1])
    return bytes((number,)) + body
