"""Bytes in, MQTT 3.1.1 packets out (OASIS mqtt-v3.1.1, ISO/IEC 20922); no sockets, no state of a session.

`Reader` takes bytes as they come and gives whole packets. It holds at most one packet and one read of the network: a
packet above `PACKET_BYTES` is refused as soon as its length is known, before its body is taken. Whatever the bytes are,
the answer is a packet, "not yet", or `Malformed` with a reason that can be shown.
"""

from collections.abc import Callable
from struct import Struct as Layout

from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL,
    PACKET_BYTES,
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

_LENGTH_BYTES = 4
_U16 = Layout("!H").unpack_from
_QOS_MOST = 2
_FILTERS_MOST = 32  # in one SUBSCRIBE: four times what a session may hold


class Malformed(Exception):
    """These bytes are not MQTT 3.1.1, or more than we take; the text says which rule they break."""


class Reader:
    """Bytes in as they come, packets out one by one."""

    __slots__ = ("_at", "_data")

    def __init__(self) -> None:
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
        found = read(self._data, self._at)
        if found is None:
            return None
        packet, self._at = found
        if self._at == len(self._data):
            self._data = bytearray()  # an idle connection holds nothing
            self._at = 0
        return packet

    @property
    def held(self) -> int:
        """The number of bytes held."""
        return len(self._data) - self._at


def read(data: bytes | bytearray, at: int) -> tuple[Packet, int] | None:
    """Return the packet that begins at `at` and where the next one begins; None where bytes are missing.

    Raises Malformed.
    """
    if len(data) < at + 2:
        return None
    head, length, body = data[at], data[at + 1], at + 2
    if length > 0x7F:  # noqa: PLR2004 (seven bits a byte)
        sized = _remaining(data, at + 1)
        if sized is None:
            return None
        length, body = sized
    end = body + length
    if end - at > PACKET_BYTES:
        raise Malformed(f"a packet of {end - at} bytes; {PACKET_BYTES} are taken at most")
    kind = head >> 4
    if kind != 3 and head & 0x0F != RESERVED.get(kind, 0):  # noqa: PLR2004 (3 is PUBLISH)
        raise Malformed(f"reserved flags are set in a packet of type {kind}")
    if len(data) < end:
        return None
    if kind == 3:  # noqa: PLR2004 (3 is PUBLISH)
        return _publish(data, head, body, end), end
    reader = _READERS.get(kind)
    if reader is None:
        raise Malformed(f"there is no packet of type {kind} in MQTT 3.1.1")
    return reader(_Body(data, body, end), kind), end


def _remaining(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Read the remaining length (section 2.2.3: seven bits a byte, least significant first); return where it ends."""
    length = 0
    for place, byte in enumerate(data[at : at + _LENGTH_BYTES]):
        length |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return length, at + place + 1
    if len(data) >= at + _LENGTH_BYTES:
        raise Malformed("the remaining length takes more than four bytes")
    return None


def _publish(data: bytes | bytearray, head: int, at: int, end: int) -> Publish:
    qos = head >> 1 & 3
    if qos > _QOS_MOST or (qos == 0 and head & 8):
        raise Malformed("a PUBLISH with QoS 3, or with DUP at QoS 0")
    if at + 2 > end:
        raise Malformed("a PUBLISH without a topic")
    stop = at + 2 + _U16(data, at)[0]
    if stop > end:
        raise Malformed("a topic longer than its packet")
    topic = _decode(data[at + 2 : stop])
    if not topic or "+" in topic or "#" in topic:
        raise Malformed("a topic to publish to that is empty or holds a wildcard")
    packet = 0
    if qos:
        if stop + 2 > end:
            raise Malformed("a PUBLISH without its packet identifier")
        packet = _U16(data, stop)[0]
        stop += 2
        if not packet:
            raise Malformed("packet identifier 0")
    return Publish(topic, bytes(data[stop:end]), qos, packet, bool(head & 8), bool(head & 1))


def _decode(raw: bytes | bytearray) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as broken:
        raise Malformed("a string that is not UTF-8") from broken
    if "\0" in text:
        raise Malformed("a string with a NUL character")
    return text


class _Body:
    """The rest of one packet, read field by field."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes | bytearray, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def take(self, count: int) -> bytes:
        if self.at + count > self.end:
            raise Malformed("a field longer than its packet")
        self.at += count
        return bytes(self.data[self.at - count : self.at])

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def packet(self) -> int:
        found = self.number()
        if not found:
            raise Malformed("packet identifier 0")
        return found

    def text(self) -> str:
        return _decode(self.take(self.number()))

    def done(self) -> None:
        if self.at != self.end:
            raise Malformed("bytes are left over at the end of a packet")


def _connect(body: _Body, _kind: int) -> Connect:
    name, level = body.text(), body.byte()
    if name not in {"MQTT", "MQIsdp"}:
        raise Malformed("a CONNECT of another protocol")
    if name != "MQTT" or level != LEVEL:
        return Connect("", level=level if name == "MQTT" else 3)  # MQTT 3.1 called itself MQIsdp
    flags, keep_alive, client = body.byte(), body.number(), body.text()
    if flags & 1:
        raise Malformed("the reserved CONNECT flag is set")
    has_will, qos, retain = flags & 4, flags >> 3 & 3, bool(flags & 32)
    if qos > _QOS_MOST or (not has_will and (qos or retain)):
        raise Malformed("will flags that contradict each other")
    will = None
    if has_will:
        topic, payload = body.text(), body.take(body.number())
        if not topic or "+" in topic or "#" in topic:
            raise Malformed("a will topic that is empty or holds a wildcard")
        will = Will(topic, payload, qos, retain)
    if flags & 64 and not flags & 128:
        raise Malformed("a password without a user name")
    if flags & 128:
        body.text()
    if flags & 64:
        body.take(body.number())
    body.done()
    return Connect(client, bool(flags & 2), keep_alive, will)


def _connack(body: _Body, _kind: int) -> ConnAck:
    flags, code = body.byte(), body.byte()
    body.done()
    if flags > 1:
        raise Malformed("reserved CONNACK flags are set")
    return ConnAck(code, bool(flags))


def _exactly(body: _Body, kind: int) -> Exactly:
    packet = body.packet()
    body.done()
    return Exactly(kind, packet)


def _puback(body: _Body, _kind: int) -> PubAck:
    packet = body.packet()
    body.done()
    return PubAck(packet)


def _subscribe(body: _Body, _kind: int) -> Subscribe:
    packet = body.packet()
    filters: list[tuple[str, int]] = []
    while body.at < body.end:
        name, qos = body.text(), body.byte()
        if qos > _QOS_MOST:
            raise Malformed("a subscription with QoS 3 or reserved bits")
        filters.append((_filter(name), qos))
        _bounded(len(filters))
    if not filters:
        raise Malformed("a SUBSCRIBE without a filter")
    return Subscribe(packet, tuple(filters))


def _unsubscribe(body: _Body, _kind: int) -> Unsubscribe:
    packet = body.packet()
    filters: list[str] = []
    while body.at < body.end:
        filters.append(_filter(body.text()))
        _bounded(len(filters))
    if not filters:
        raise Malformed("an UNSUBSCRIBE without a filter")
    return Unsubscribe(packet, tuple(filters))


def _bounded(count: int) -> None:
    if count > _FILTERS_MOST:
        raise Malformed(f"more than {_FILTERS_MOST} filters in one packet")


def _filter(name: str) -> str:
    """Check a topic filter's form (section 4.7.1)."""
    levels = name.split("/")
    if not name or "#" in levels[:-1] or any(len(one) > 1 and ("+" in one or "#" in one) for one in levels):
        raise Malformed("a topic filter that is empty or whose wildcards stand wrong")
    return name


def _suback(body: _Body, _kind: int) -> SubAck:
    return SubAck(body.packet(), tuple(body.take(body.end - body.at)))


def _unsuback(body: _Body, _kind: int) -> UnsubAck:
    packet = body.packet()
    body.done()
    return UnsubAck(packet)


def _empty(body: _Body, kind: int) -> Packet:
    body.done()
    return _EMPTY[kind]


_EMPTY: dict[int, Packet] = {12: PingReq(), 13: PingResp(), 14: Disconnect()}
_READERS: dict[int, Callable[[_Body, int], Packet]] = {
    1: _connect, 2: _connack, 4: _puback, 5: _exactly, 6: _exactly, 7: _exactly, 8: _subscribe, 9: _suback,
    10: _unsubscribe, 11: _unsuback, 12: _empty, 13: _empty, 14: _empty,
}  # fmt: skip
