"""The parts that MQTT packets are made of, read one by one: numbers, texts, filters."""

from careful.entrypoints.gateway.mqtt.packets import QOS_MOST

MALFORMED, PROTOCOL_ERROR, TOO_LARGE = 0x81, 0x82, 0x95
"""Reason codes of MQTT 5 for bytes that cannot be read, are against the rules, or are too many."""
FILTERS_MOST = 32
"""Filters in one SUBSCRIBE: four times what a session may hold."""
_LENGTH_BYTES = 4


class Malformed(Exception):
    """These bytes are not MQTT, or more than we take: the text says which rule they break, `code` says it in MQTT 5."""

    def __init__(self, why: str, code: int = MALFORMED) -> None:
        super().__init__(why)
        self.code = code


def text_of(raw: bytes | bytearray) -> str:
    """Decode a text (section 1.5.4). Raises Malformed."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as broken:
        raise Malformed("a string that is not UTF-8") from broken
    if "\0" in text:
        raise Malformed("a string with a NUL character")
    return text


def length_of(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Read a length of seven bits a byte, least significant first; return it and where it ends, None if cut short."""
    length = 0
    for place, byte in enumerate(data[at : at + _LENGTH_BYTES]):
        length |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return length, at + place + 1
    if len(data) >= at + _LENGTH_BYTES:
        raise Malformed("the remaining length takes more than four bytes")
    return None


def filter_of(name: str) -> str:
    """Check a topic filter's form (section 4.7.1)."""
    levels = name.split("/")
    if not name or "#" in levels[:-1] or any(len(one) > 1 and ("+" in one or "#" in one) for one in levels):
        raise Malformed("a topic filter that is empty or whose wildcards stand wrong")
    return name


class Body:
    """The rest of one packet, read field by field."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes | bytearray, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if self.at + count > self.end:
            raise Malformed("a field longer than its packet")
        self.at += count
        return bytes(self.data[self.at - count : self.at])

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def number(self, size: int = 2) -> int:
        """Return the next number of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def packet(self) -> int:
        """Return the next number, which is a packet identifier."""
        found = self.number()
        if not found:
            raise Malformed("packet identifier 0", PROTOCOL_ERROR)
        return found

    def text(self) -> str:
        """Return the next text."""
        return text_of(self.take(self.number()))

    def binary(self) -> bytes:
        """Return the next bytes that tell their length."""
        return self.take(self.number())

    def length(self) -> int:
        """Return the next number of seven bits a byte."""
        value = 0
        for place in range(_LENGTH_BYTES):
            byte = self.byte()
            value |= (byte & 0x7F) << 7 * place
            if not byte & 0x80:
                return value
        raise Malformed("a length of more than four bytes")

    def left(self) -> bool:
        """Tell whether anything is left."""
        return self.at < self.end

    def done(self) -> None:
        """Raise Malformed where bytes are left over."""
        if self.at != self.end:
            raise Malformed("bytes are left over at the end of a packet")

    def will_topic(self) -> str:
        """Return the next text, which is a topic to publish to."""
        topic = self.text()
        if not topic or "+" in topic or "#" in topic:
            raise Malformed("a will topic that is empty or holds a wildcard")
        return topic

    def filters(self, *, options: int | None) -> tuple[tuple[str, int], ...]:
        """Return the filters that make the rest of a packet, each with its options; which bits these may have is told.

        None: there are no options.
        """
        found: list[tuple[str, int]] = []
        while self.left():
            name = filter_of(self.text())
            given = 0 if options is None else self.byte()
            if given & 3 > QOS_MOST or given & ~(options or 0):
                raise Malformed("a subscription with QoS 3 or reserved bits")
            found.append((name, given))
            if len(found) > FILTERS_MOST:
                raise Malformed(f"more than {FILTERS_MOST} filters in one packet")
        if not found:
            raise Malformed("a SUBSCRIBE or UNSUBSCRIBE without a filter", PROTOCOL_ERROR)
        return tuple(found)
