"""A version's key as bytes that sort as the key does, so that a database can hold it in an index; pure.

An integer is its length and its digits in base 256, below 0 turned over; a text is its UTF-8, closed by a zero byte; a
tuple inside is closed by a zero byte too. Bytes that begin alike are ordered by the first that differs, as tuples are.
"""

from typing import Any

Key = tuple[Any, ...]
"""What orders versions: integers, texts and tuples of them, of the same kinds at the same places within a scheme."""

_ZERO = 0x80
_TEXT, _TUPLE, _END = b"\x01", b"\x02", b"\x00"


def blob(key: Key) -> bytes:
    """Return bytes that compare (as memcmp does, the shorter first) as `key` compares with keys of its scheme."""
    parts: list[bytes] = []
    _add(key, parts)
    return b"".join(parts)


def _add(key: Key, parts: list[bytes]) -> None:
    for one in key:
        kind = type(one)
        if kind is int:
            parts.append(_SMALL[one] if 0 <= one < len(_SMALL) else _number(one))
        elif kind is str:
            parts += (_TEXT, one.encode("utf-8", "surrogatepass").replace(b"\x00", b"\x00\xff"), _END)
        else:
            parts.append(_TUPLE)
            _add(one, parts)
            parts.append(_END)


def _number(value: int) -> bytes:
    """Lie between 0x2c and 0xd4 in the first byte: a version has 200 digits at most, 84 bytes."""
    size = (abs(value).bit_length() + 7) // 8
    if value >= 0:
        return bytes((_ZERO + size,)) + value.to_bytes(size, "big")
    return bytes((_ZERO - size,)) + (value + (1 << 8 * size) - 1).to_bytes(size, "big")


_SMALL = tuple(_number(value) for value in range(4096))
"""Most numbers in versions are small."""
