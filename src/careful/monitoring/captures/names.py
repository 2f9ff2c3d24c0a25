"""Names for addresses, from what a recording says itself: DNS answers, the name a TLS client asks for, an HTTP Host.

Pure functions over the bytes of one packet. What is cut short or malformed gives what could be read, or nothing.
"""
# ruff: noqa: PLR2004 (lengths, versions and bits of a wire format, where the standard has them)

from collections.abc import Iterator
from struct import Struct
from struct import error as StructError  # noqa: N812 (the standard library names it in small letters)

from careful.monitoring.captures.layers import text_v4, text_v6

_HEAD = Struct(">HHHHHH").unpack_from
_RECORD = Struct(">HHIH").unpack_from
_A, _AAAA, _CNAME, _QUERY = 1, 28, 5, 1
_MAX_RECORDS = 64
_MAX_JUMPS = 16
_MAX_NAME = 253


def dns_answers(message: bytes) -> list[tuple[str, str]]:
    """Return (name asked for, address) of a DNS response; a name that leads on by CNAME counts under its first name."""
    try:
        return list(_answers(message))
    except (IndexError, StructError):
        return []


def _answers(message: bytes) -> Iterator[tuple[str, str]]:
    _, flags, questions, answers, _, _ = _HEAD(message)
    if not flags & 0x8000 or questions > 4 or answers > _MAX_RECORDS:
        return
    place, asked = 12, ""
    for _ in range(questions):
        asked, place = _name(message, place)
        place += 4
    first_name: dict[str, str] = {}
    for _ in range(answers):
        name, place = _name(message, place)
        kind, _, _, length = _RECORD(message, place)
        place += 10
        value = message[place : place + length]
        owner = first_name.get(name, name)
        if kind == _CNAME:
            first_name[_name(message, place)[0]] = owner
        elif kind == _A and length == 4 == len(value):
            yield owner or asked, text_v4(value)
        elif kind == _AAAA and length == 16 == len(value):
            yield owner or asked, text_v6(value)
        place += length


def _name(message: bytes, place: int) -> tuple[str, int]:
    labels: list[str] = []
    after, jumps, size = -1, 0, 0
    while True:
        length = message[place]
        if length >= 0xC0:
            after = place + 2 if after < 0 else after
            place = (length & 0x3F) << 8 | message[place + 1]
            jumps += 1
            if jumps > _MAX_JUMPS:
                raise IndexError
            continue
        place += 1
        if length == 0:
            return ".".join(labels), place if after < 0 else after
        size += length + 1
        if size > _MAX_NAME + 1:
            raise IndexError
        labels.append(message[place : place + length].decode("ascii", "replace").lower())
        place += length


def tls_name(start: bytes) -> str | None:
    """Return the server name (SNI) that the first bytes of a TLS client ask for, or None."""
    try:
        return _server_name(start) if start[:1] == b"\x16" and start[5:6] == b"\x01" else None
    except (IndexError, StructError, UnicodeDecodeError):
        return None


def _server_name(data: bytes) -> str | None:
    word = Struct(">H").unpack_from
    place = 5 + 4 + 2 + 32  # record, handshake, version, random
    place += 1 + data[place]  # session id
    place += 2 + word(data, place)[0]  # cipher suites
    place += 1 + data[place]  # compression
    end = place + 2 + word(data, place)[0]
    place += 2
    while place + 4 <= min(end, len(data)):
        kind, length = word(data, place)[0], word(data, place + 2)[0]
        place += 4
        if kind == 0 and length >= 5 and data[place + 2] == 0:
            size = word(data, place + 3)[0]
            name = data[place + 5 : place + 5 + size]
            return _as_host(name.decode("ascii")) if len(name) == size else None
        place += length
    return None


def http_host(start: bytes) -> str | None:
    """Return the Host that the first bytes of an HTTP/1 request name, or None."""
    if not start.startswith((b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"CONNECT ")):
        return None
    for line in start[:8192].split(b"\r\n")[1:64]:
        if line[:5].lower() == b"host:":
            return _as_host(line[5:].strip().decode("ascii", "replace").partition(":")[0])
    return None


def _as_host(name: str) -> str | None:
    plain = name.rstrip(".").lower()
    fine = 0 < len(plain) <= _MAX_NAME and all(sign.isalnum() or sign in "-._" for sign in plain)
    return plain if fine else None
