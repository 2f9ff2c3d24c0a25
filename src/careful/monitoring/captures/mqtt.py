"""MQTT as seen from beside: what a client and a broker say to each other, with what is malformed in it.

Reads 3.1, 3.1.1 and 5 far enough to tell topics, sizes, logins and their answers. Pure over bytes; what a password,
a user name or a payload was is not kept. A numeric payload is told as a number, for the detections that watch readings.
"""
# ruff: noqa: PLR2004 (lengths, versions and bits of a wire format, where the standard has them)

import json
from collections.abc import Iterator
from itertools import islice
from struct import error as StructError  # noqa: N812 (the standard library names it in small letters)
from typing import Literal, NamedTuple

Kind = Literal[
    "connect", "accepted", "refused", "publish", "subscribe", "denied", "ping", "disconnect", "malformed", "other"
]


class Said(NamedTuple):
    """One packet, in short."""

    kind: Kind
    topic: str = ""
    """Topic, filter, client id or what is malformed, by kind."""
    size: int = 0
    number: int = 0
    """Message id, keep-alive or answer code, by kind."""
    reading: float | None = None
    digest: int = 0
    """Tells two payloads apart, within one process."""
    fields: tuple[tuple[str, float], ...] = ()
    """The numbers of a payload that is a small JSON object, by name."""


_MAX_PACKET = 1 << 20
_MAX_REMAINING = 4
_MAX_OBJECT, _MAX_FIELDS = 4096, 8
_CONNECT, _CONNACK, _PUBLISH, _SUBSCRIBE, _SUBACK, _DISCONNECT, _AUTH = 1, 2, 3, 8, 9, 14, 15
_PUBACK, _PUBREC, _PUBREL, _PUBCOMP, _UNSUBSCRIBE, _UNSUBACK, _PING, _PONG = 4, 5, 6, 7, 10, 11, 12, 13
_FROM_CLIENT = frozenset(
    {_CONNECT, _PUBLISH, _PUBACK, _PUBREC, _PUBREL, _PUBCOMP, _SUBSCRIBE, _UNSUBSCRIBE, _PING, _DISCONNECT, _AUTH}
)
_FROM_BROKER = frozenset(
    {_CONNACK, _PUBLISH, _PUBACK, _PUBREC, _PUBREL, _PUBCOMP, _SUBACK, _UNSUBACK, _PONG, _DISCONNECT, _AUTH}
)
_FLAGS_2 = frozenset({_PUBREL, _SUBSCRIBE, _UNSUBSCRIBE})
_NAMES = {b"MQTT", b"MQIsdp"}
_IDS = frozenset({_PUBACK, _PUBREC, _PUBREL, _PUBCOMP, _UNSUBACK, _SUBACK, _SUBSCRIBE, _UNSUBSCRIBE})


def begins(data: bytes) -> bool:
    """Tell whether these first bytes of a client are an MQTT CONNECT."""
    return data[:1] == b"\x10" and any(data[2:].find(name, 0, 12) in {2, 3, 4, 5} for name in _NAMES)


class Talk:
    """One direction of one connection. Feed it bytes; it yields what was said."""

    __slots__ = ("_from_client", "_held", "_lost", "_skip", "level", "trusted")

    def __init__(self, *, from_client: bool, whole: bool) -> None:
        self._from_client = from_client
        self._held = b""
        self._skip = 0
        self._lost = False
        self.level = 4
        self.trusted = whole
        """Whether the bytes are known to begin at a packet. Only then is something wrong the client's fault."""

    def hole(self) -> None:
        """Bytes are missing: begin anew at the next segment, and blame nobody."""
        self._held, self._skip, self._lost, self.trusted = b"", 0, False, False

    def feed(self, data: bytes) -> Iterator[Said]:
        """Take the next bytes."""
        passed = min(self._skip, len(data))
        self._skip -= passed
        held = self._held + data[passed:]
        self._held = b""
        place, end = 0, len(held)
        while not self._lost and place + 2 <= end:
            size, used = _remaining(held, place + 1)
            if used == 0:
                if end - place > _MAX_REMAINING:
                    yield from self._wrong("a length of more than four bytes")
                break
            start = place + 1 + used
            if start + size > end and size <= _MAX_PACKET:
                break
            # A packet too large to hold is told by its beginning, and the rest of it is passed over.
            yield from self._packet(held[place], held[start : start + size], size)
            self._skip = max(start + size - end, 0)
            place = min(start + size, end)
        if not self._lost:
            self._held = held[place:]

    def _known(self, kind: int) -> bool:
        return kind in (_FROM_CLIENT if self._from_client else _FROM_BROKER)

    def _wrong(self, why: str) -> Iterator[Said]:
        self._lost = True
        if self.trusted:
            yield Said("malformed", why)

    def _packet(self, first: int, body: bytes, size: int) -> Iterator[Said]:
        kind, flags = first >> 4, first & 15
        if not self._known(kind):
            yield from self._wrong("a packet of a kind that this side does not send")
        elif kind != _PUBLISH and flags != (2 if kind in _FLAGS_2 else 0):
            yield from self._malformed(f"reserved flags {flags} in a packet of kind {kind}")
        else:
            try:
                yield from self._said(kind, flags, body, size)
            except (IndexError, ValueError, StructError) as fault:
                yield from self._malformed(str(fault) or "a packet that ends too early")

    def _said(self, kind: int, flags: int, body: bytes, size: int) -> Iterator[Said]:
        if kind == _PUBLISH:
            yield self._publish(flags, body, size)
        elif kind == _CONNECT:
            yield from self._connect(body)
        elif kind == _CONNACK:
            yield Said("accepted" if body[1] == 0 else "refused", "", size, body[1])
        elif kind == _SUBSCRIBE:
            yield from self._subscribe(body, size)
        elif kind == _SUBACK:
            start = 2 + (_properties(body, 2) if self.level == 5 else 0)
            yield from (Said("denied", "", 0, code) for code in body[start:][:64] if code >= 0x80)
        elif kind == _DISCONNECT:
            yield Said("disconnect", "", size, body[0] if body else 0)
        elif kind in _IDS and len(body) < 2:
            raise ValueError("a packet without the id it needs")
        else:
            yield Said("ping" if kind == _PING else "other", "", size)

    def _malformed(self, why: str) -> Iterator[Said]:
        if self.trusted:
            yield Said("malformed", why)

    def _publish(self, flags: int, body: bytes, size: int) -> Said:
        quality = flags >> 1 & 3
        if quality == 3:
            raise ValueError("quality of service 3")
        topic, place = _text(body, 0)
        if "#" in topic or "+" in topic or "\0" in topic:
            raise ValueError("a wildcard in the topic of a message")
        if not topic and self.level < 5:
            raise ValueError("an empty topic")
        number = 0
        if quality:
            number = body[place] << 8 | body[place + 1]
            place += 2
            if number == 0:
                raise ValueError("a message id of 0")
        if self.level == 5:
            place += _properties(body, place)
        payload = body[place:]
        self.trusted = True
        kept = number if not flags & 8 else 0
        return Said("publish", topic, size, kept, _number(payload), hash(payload), _fields(payload))

    def _connect(self, body: bytes) -> Iterator[Said]:
        length = body[0] << 8 | body[1]
        name = body[2 : 2 + length]
        if name not in _NAMES:
            raise ValueError("a protocol name that is not MQTT")
        place = 2 + length
        self.level, flags = body[place], body[place + 1]
        if self.level not in {3, 4, 5}:
            raise ValueError(f"protocol level {self.level}")
        if flags & 1 or flags >> 3 & 3 == 3:
            raise ValueError("reserved connect flags")
        if not flags & 4 and flags & 0x38:
            raise ValueError("flags of a Will without a Will")
        alive = body[place + 2] << 8 | body[place + 3]
        place += 4 + (_properties(body, place + 4) if self.level == 5 else 0)
        client, place = _text(body, place)
        if flags & 4:
            place += _properties(body, place) if self.level == 5 else 0
            _, place = _text(body, place)
            place = _sized(body, place)
        if flags & 0x80:
            _, place = _text(body, place)
        if flags & 0x40:
            place = _sized(body, place)
        self.trusted = True
        yield Said("connect", client, flags, alive)

    def _subscribe(self, body: bytes, size: int) -> Iterator[Said]:
        place = 2 + (_properties(body, 2) if self.level == 5 else 0)
        if place >= len(body):
            raise ValueError("a subscription without a topic")
        while place < len(body):
            topic, place = _text(body, place)
            if not topic or body[place] & 0xC0 or body[place] & 3 == 3:
                raise ValueError("a subscription with an empty filter or reserved options")
            place += 1
            yield Said("subscribe", topic, size)


def _remaining(data: bytes, place: int) -> tuple[int, int]:
    """Return the remaining length and how many bytes it took; 0 when it is not whole, or too long."""
    value = shift = 0
    for used, byte in enumerate(data[place : place + _MAX_REMAINING], 1):
        value |= (byte & 127) << shift
        if byte < 128:
            return value, used
        shift += 7
    return 0, 0


def _properties(body: bytes, place: int) -> int:
    size, used = _remaining(body, place)
    if used == 0 or place + used + size > len(body):
        raise ValueError("properties that end too early")
    return used + size


def _text(body: bytes, place: int) -> tuple[str, int]:
    end = _sized(body, place)
    try:
        return body[place + 2 : end].decode(), end
    except UnicodeDecodeError:
        raise ValueError("text that is not UTF-8") from None


def _sized(body: bytes, place: int) -> int:
    end = place + 2 + (body[place] << 8 | body[place + 1])
    if end > len(body):
        raise ValueError("a string that ends too early")
    return end


def _fields(payload: bytes) -> tuple[tuple[str, float], ...]:
    if payload[:1] != b"{" or len(payload) > _MAX_OBJECT:
        return ()
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return ()
    numbers = ((name[:32], float(value)) for name, value in found.items() if type(value) in {int, float})
    return tuple(one for one in islice(numbers, _MAX_FIELDS) if -1e15 < one[1] < 1e15)


def _number(payload: bytes) -> float | None:
    if not payload or len(payload) > 24:
        return None
    try:
        value = float(payload)
    except ValueError:
        return None
    return value if -1e15 < value < 1e15 else None
