"""Bytes in, packets out: MQTT 3.1.1 (ISO/IEC 20922) and 5.0 (OASIS mqtt-v5.0); no sockets, no state of a session.

`Reader` takes bytes as they come and gives whole packets. It holds at most one packet and one read of the network: a
packet above `PACKET_BYTES` is refused as soon as its length is known, before its body is taken. Whatever the bytes are,
the answer is a packet, "not yet", or `Malformed` with a reason that can be shown. Which MQTT it is, the CONNECT says.
"""

from collections.abc import Callable
from struct import Struct as Layout

from careful.entrypoints.gateway.mqtt import codec5, properties
from careful.entrypoints.gateway.mqtt.fields import PROTOCOL_ERROR, TOO_LARGE, Body, Malformed, length_of, text_of
from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL,
    LEVEL_5,
    PACKET_BYTES,
    QOS_MOST,
    RESERVED,
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
)

_U16 = Layout("!H").unpack_from


class Reader:
    """Bytes in as they come, packets out one by one."""

    __slots__ = ("_at", "_data", "level")

    def __init__(self, level: int = LEVEL) -> None:
        self.level = level
        """Of which MQTT the next packets are: what it began as, until a CONNECT says otherwise."""
        self._data = bytearray()
        self._at = 0

    def push(self, data: bytes | bytearray | memoryview) -> None:
        """Take what came from the network."""
        if self._at:
            del self._data[: self._at]
            self._at = 0
        self._data += data

    def next(self) -> Packet | None:
        """Return the next packet, or None until more bytes come. Raises Malformed; nothing can be read after that."""
        found = read(self._data, self._at, self.level)
        if found is None:
            return None
        packet, self._at = found
        if type(packet) is Connect:
            self.level = LEVEL_5 if packet.level == LEVEL_5 else LEVEL
        if self._at == len(self._data):
            self._data = bytearray()  # an idle connection holds nothing
            self._at = 0
        return packet

    @property
    def held(self) -> int:
        """The number of bytes held."""
        return len(self._data) - self._at


def read(data: bytes | bytearray, at: int, level: int = LEVEL) -> tuple[Packet, int] | None:
    """Return the packet that begins at `at` and where the next one begins; None where bytes are missing.

    Raises Malformed.
    """
    if len(data) < at + 2:
        return None
    head, length, body = data[at], data[at + 1], at + 2
    if length > 0x7F:  # noqa: PLR2004 (seven bits a byte)
        if len(data) > body and data[body] <= 0x7F:  # noqa: PLR2004 (two bytes, as nearly always)
            length, body = length & 0x7F | data[body] << 7, body + 1
        else:
            sized = length_of(data, at + 1)
            if sized is None:
                return None
            length, body = sized
    end = body + length
    if end - at > PACKET_BYTES:
        raise Malformed(f"a packet of {end - at} bytes; {PACKET_BYTES} are taken at most", TOO_LARGE)
    kind = head >> 4
    if kind != 3 and head & 0x0F != RESERVED.get(kind, 0):  # noqa: PLR2004 (3 is PUBLISH)
        raise Malformed(f"reserved flags are set in a packet of type {kind}")
    if len(data) < end:
        return None
    if kind == 3:  # noqa: PLR2004 (3 is PUBLISH)
        return _publish(data, head, body, end, level), end
    reader = (_READERS if level == LEVEL else codec5.READERS).get(kind) or _READERS.get(kind)
    if reader is None:
        raise Malformed(f"there is no packet of type {kind} in MQTT 3.1.1", PROTOCOL_ERROR)
    return reader(Body(data, body, end), kind), end


def _publish(data: bytes | bytearray, head: int, at: int, end: int, level: int) -> Publish:
    qos = head >> 1 & 3
    if qos > QOS_MOST or (qos == 0 and head & 8):
        raise Malformed("a PUBLISH with QoS 3, or with DUP at QoS 0")
    if at + 2 > end:
        raise Malformed("a PUBLISH without a topic")
    stop = at + 2 + _U16(data, at)[0]
    if stop > end:
        raise Malformed("a topic longer than its packet")
    topic = text_of(data[at + 2 : stop])
    if (not topic and level == LEVEL) or "+" in topic or "#" in topic:
        raise Malformed("a topic to publish to that is empty or holds a wildcard")
    packet = 0
    if qos:
        if stop + 2 > end:
            raise Malformed("a PUBLISH without its packet identifier")
        packet = _U16(data, stop)[0]
        stop += 2
        if not packet:
            raise Malformed("packet identifier 0", PROTOCOL_ERROR)
    if level != LEVEL:
        return codec5.publish(data, (head, stop, end), topic, qos, packet)
    return Publish(topic, bytes(data[stop:end]), qos, packet, bool(head & 8), bool(head & 1))


def _connect(body: Body, _kind: int) -> Connect:
    name, level = body.text(), body.byte()
    if name not in {"MQTT", "MQIsdp"}:
        raise Malformed("a CONNECT of another protocol")
    if name != "MQTT" or level not in {LEVEL, LEVEL_5}:
        return Connect("", level=level if name == "MQTT" else 3)  # MQTT 3.1 called itself MQIsdp
    five = level == LEVEL_5
    flags, keep_alive = body.byte(), body.number()
    if flags & 1:
        raise Malformed("the reserved CONNECT flag is set")
    has_will, qos, retain = flags & 4, flags >> 3 & 3, bool(flags & 32)
    if qos > QOS_MOST or (not has_will and (qos or retain)):
        raise Malformed("will flags that contradict each other")
    given = properties.read(body, properties.CONNECT) if five else None
    client, will = body.text(), None
    if has_will:
        said = properties.read(body, properties.WILL) if five else None
        will = Will(body.will_topic(), body.binary(), qos, retain, said)
    if flags & 64 and not flags & 128 and not five:
        raise Malformed("a password without a user name")
    if flags & 128:
        body.text()
    password = body.binary() if flags & 64 else b""
    body.done()
    return Connect(client, bool(flags & 2), keep_alive, will, level, given, password)


def _connack(body: Body, _kind: int) -> ConnAck:
    flags, code = body.byte(), body.byte()
    body.done()
    if flags > 1:
        raise Malformed("reserved CONNACK flags are set")
    return ConnAck(code, bool(flags))


def _exactly(body: Body, kind: int) -> Exactly:
    packet = body.packet()
    body.done()
    return Exactly(kind, packet)


def _puback(body: Body, _kind: int) -> PubAck:
    packet = body.packet()
    body.done()
    return PubAck(packet)


def _subscribe(body: Body, _kind: int) -> Subscribe:
    return Subscribe(body.packet(), body.filters(options=3))


def _unsubscribe(body: Body, _kind: int) -> Unsubscribe:
    return Unsubscribe(body.packet(), tuple(name for name, _ in body.filters(options=None)))


def _suback(body: Body, _kind: int) -> SubAck:
    return SubAck(body.packet(), tuple(body.take(body.end - body.at)))


def _unsuback(body: Body, _kind: int) -> UnsubAck:
    packet = body.packet()
    body.done()
    return UnsubAck(packet)


def _empty(body: Body, kind: int) -> Packet:
    body.done()
    return _EMPTY[kind]


_EMPTY: dict[int, Packet] = {12: PingReq(), 13: PingResp(), 14: Disconnect()}
_READERS: dict[int, Callable[[Body, int], Packet]] = {
    1: _connect, 2: _connack, 4: _puback, 5: _exactly, 6: _exactly, 7: _exactly, 8: _subscribe, 9: _suback,
    10: _unsubscribe, 11: _unsuback, 12: _empty, 13: _empty, 14: _empty,
}  # fmt: skip
