"""What a device sent, read: a JSON object (RFC 8259) or a CBOR map (RFC 8949), told apart by the first byte.

Only what both can say, and what everybody reads alike, gets in: names are text and stand once, numbers are finite and
fit into 64 bits, text is UTF-8, nothing is nested deeper than `DEPTH` or holds more than `VALUES` values. Of CBOR that
leaves out byte strings, lengths told at the end, and all tags but those of a time (0 and 1), which are passed over.

Nearly all payloads are flat objects of numbers and short texts, so these are what is fast: msgspec reads them, and one
count finds out whether anything is left to look for. As many colons as names are kept means that no name stood twice.
"""

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

import cbor2
import msgspec

DEPTH = 8
"""Objects and lists within each other, the outermost counted."""
VALUES = 10_000
"""Values in one payload, names not counted."""
BATCH = 500
"""Records in one batch."""
INTEGER_LEAST, INTEGER_MOST = -(2**63), 2**64 - 1
KINDS = {
    "malformed-payload": "no JSON object and no CBOR map, or cut short",
    "payload-encoding": "text that is not UTF-8, or UTF-8 with a byte order mark",
    "payload-duplicate": "a name that stands twice in one object",
    "payload-number": "NaN, Infinity, or a number that does not fit into 64 bits",
    "payload-depth": f"more than {DEPTH} objects or lists within each other",
    "payload-values": f"more than {VALUES} values",
    "payload-type": "what JSON cannot say: CBOR's byte strings, tags, undefined, names that are no text",
}
"""Why a payload is refused, in words."""
_COLON, _BACKSLASH = ord(":"), ord("\\")
_NESTED = frozenset({dict, list})
_FLAT = frozenset({str, bool, type(None)})
_TOO_LONG = "a number of more than 64 bits"
_JSON_STARTS = frozenset(b"{ \t\r\n")
_CBOR_MAPS = frozenset(range(0xA0, 0xC0))
_CBOR_LISTS = frozenset(range(0x80, 0xA0))
_SELF_DESCRIBED = b"\xd9\xd9\xf7"  # the tag that says: this is CBOR
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TIME_TAGS = frozenset({0, 1})
_PAIR = b"\x82"
_END = b"\x50" + os.urandom(16)  # stands after a payload, so that whatever is left over is seen
_TWICE = "a name stands twice"
_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
_encode: Callable[[object], bytes] = msgspec.json.Encoder().encode


class Refused(Exception):
    """This payload is not taken: `kind` is one of KINDS, `why` says it in words, without a value."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind, self.why = kind, why


def read(payload: bytes) -> dict[str, Any]:  # noqa: C901 (the hot path: one more call costs a tenth of it)
    """Return the names and values of one record. Raises Refused."""
    try:
        said = _decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as broken:
        if payload and (payload[0] in _CBOR_MAPS or payload.startswith(_SELF_DESCRIBED)):
            return _only_object(_from_cbor(payload))
        _say_why(payload, broken)
    if type(said) is not dict:
        raise Refused("malformed-payload", "no JSON object")
    colons = more = payload.count(_COLON) - len(said)
    for value in said.values():
        kind = type(value)
        if kind is int:
            if not INTEGER_LEAST <= value <= INTEGER_MOST:
                raise Refused("payload-number", _TOO_LONG)
        elif kind is str:
            if colons:
                colons -= value.count(":")
        elif kind in _NESTED:
            colons = -1
            break
    if colons or (more and _BACKSLASH in payload):
        _look_closely(payload, said)
    return said


def is_json(payload: bytes) -> bool:
    """Tell whether a payload that `read` took is JSON; if not, it is CBOR."""
    return payload[:1] < b"\x80"


def as_json(payload: bytes, said: Mapping[str, Any]) -> bytes:
    """Return a payload that `read` took as it is kept: the JSON that came, or JSON made of the CBOR."""
    return payload if is_json(payload) else _encode(said)


def compact(said: Mapping[str, Any]) -> bytes:
    """Return a record as JSON without blanks."""
    return _encode(said)


def read_batch(content: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Return the records of a batch one by one, each as JSON and as values.

    A batch is a list of objects (JSON or CBOR), or JSON objects on a line each. A single object is a batch of one.
    Raises Refused at the first record that cannot be read, with `record` in the reason (from 0).
    """
    start = content.lstrip(b" \t\r\n")[:1]
    if start == b"[" or (content and content[0] in _CBOR_LISTS):
        records = _list_of(content)
        _bounded(len(records))
        for place, record in enumerate(records):
            if type(record) is not dict:
                raise Refused("malformed-payload", f"record {place}: no object")
            yield _encode(record), record
    elif start == b"{" and b"\n" in content.strip():
        yield from _lines(content)
    else:
        said = read(content)
        yield as_json(content, said), said


def _lines(content: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Read objects on a line each; where the first line is none, it is one object over several lines."""
    lines = [one for one in content.split(b"\n") if one.strip()]
    try:
        read(lines[0])
    except Refused:
        yield content, read(content)
        return
    _bounded(len(lines))
    for place, line in enumerate(lines):
        try:
            yield line.strip(), read(line)
        except Refused as refused:
            raise Refused(refused.kind, f"record {place}: {refused.why}") from None


def _list_of(content: bytes) -> list[Any]:
    if content[0] in _CBOR_LISTS:
        found = _from_cbor(content)
    else:
        try:
            found = _decode(content)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as broken:
            _say_why(content, broken)
        _look_closely(content, found)
    if type(found) is not list:
        raise Refused("malformed-payload", "no list of records")
    return found


def _bounded(count: int) -> None:
    if count > BATCH:
        raise Refused("payload-values", f"{count} records; {BATCH} are taken in one batch")


def _only_object(said: object) -> dict[str, Any]:
    if type(said) is not dict:
        raise Refused("malformed-payload", "no CBOR map")
    return said


def _look_closely(payload: bytes, said: object) -> None:
    """Look at what is not flat, or may hold a name twice. Raises Refused."""
    names, colons = _walk(said)
    # Without an escape, every colon that came is one after a name or one inside a text that was kept.
    if _BACKSLASH in payload or payload.count(_COLON) != names + colons:
        json.loads(payload, object_pairs_hook=_unlike)


def _unlike(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("payload-duplicate", _TWICE)
    return found


def _walk(said: object) -> tuple[int, int]:
    """Check every value, level by level; return how many names there are, and how many colons in texts and names."""
    names = colons = values = 0
    level: list[object] = [said]
    for depth in range(DEPTH + 1):
        below: list[object] = []
        for one in level:
            if type(one) is dict:
                names += len(one)
                colons += sum(_colons(name) for name in one)
                inside: Iterable[object] = one.values()
            elif type(one) is list:
                inside = one
            else:
                colons += _scalar(one)
                continue
            if depth == DEPTH:
                raise Refused("payload-depth", f"more than {DEPTH} objects or lists within each other")
            below.extend(inside)
        values += len(below)
        if values > VALUES:
            raise Refused("payload-values", f"more than {VALUES} values")
        level = below
        if not level:
            break
    return names, colons


def _colons(name: object) -> int:
    if type(name) is not str:
        raise Refused("payload-type", "a name that is no text")
    return name.count(":")


def _scalar(value: object) -> int:
    """Check one value; return how many colons it holds."""
    kind = type(value)
    if kind is str:
        return value.count(":")  # type: ignore[attr-defined, no-any-return]  # it is a text
    if kind is int:
        if not INTEGER_LEAST <= value <= INTEGER_MOST:  # type: ignore[operator]  # it is a number
            raise Refused("payload-number", _TOO_LONG)
    elif kind is float:
        if not math.isfinite(value):  # type: ignore[arg-type]  # it is a number
            raise Refused("payload-number", "NaN or Infinity")
    elif kind is not bool and value is not None:
        raise Refused("payload-type", "a byte string, or another value that JSON has no form for")
    return 0


class _OnlyTimes(Mapping[int, Any]):
    """What to do with a tag of CBOR: nothing with that of a time, and refuse all others.

    None else is needed, and some cost far more to read than to write.
    """

    def __getitem__(self, tag: int) -> Callable[[Any, bool], Any]:
        def plain(value: Any, _immutable: bool) -> Any:  # noqa: ANN401 (cbor2's signature)
            if tag in _TIME_TAGS and type(value) in {str, int, float}:
                return value
            raise Refused("payload-type", f"the CBOR tag {tag} has no place here")

        return plain

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


_ONLY_TIMES = _OnlyTimes()


def _from_cbor(payload: bytes) -> Any:  # noqa: ANN401 (whatever was sent)
    content = payload.removeprefix(_SELF_DESCRIBED)
    try:
        said, end = cbor2.loads(
            _PAIR + content + _END,
            semantic_decoders=_ONLY_TIMES,
            max_depth=DEPTH + 1,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
    except (cbor2.CBORError, ValueError, TypeError, RecursionError, OverflowError, MemoryError, Refused) as broken:
        _say_why_cbor(broken)
    if end != _END[1:]:
        raise Refused("malformed-payload", "CBOR with bytes left over")
    if not _is_flat(said):
        _walk(said)
    return said


def _is_flat(said: object) -> bool:
    """Tell whether a map holds nothing that needs a closer look."""
    if type(said) is not dict:
        return False
    for name, value in said.items():
        kind = type(value)
        if type(name) is not str or (kind not in _FLAT and not _is_plain_number(value)):
            return False
    return True


def _is_plain_number(value: object) -> bool:
    if type(value) is int:
        return INTEGER_LEAST <= value <= INTEGER_MOST
    return type(value) is float and math.isfinite(value)


def _say_why_cbor(broken: BaseException) -> NoReturn:
    """Give the decoder's refusal one of our kinds."""
    cause: BaseException | None = broken
    while cause is not None:
        if isinstance(cause, Refused):
            raise Refused(cause.kind, cause.why) from None
        if isinstance(cause, UnicodeDecodeError):
            raise Refused("payload-encoding", "text that is not UTF-8") from None
        cause = cause.__cause__ or cause.__context__
    said = str(broken)
    for words, kind, why in (
        ("Duplicate map key", "payload-duplicate", _TWICE),
        ("nesting depth", "payload-depth", f"more than {DEPTH} maps or lists within each other"),
        ("indefinite length", "payload-type", "CBOR of indefinite length"),
        ("map key", "payload-type", "a name that is no text"),
    ):
        if words in said:
            raise Refused(kind, why) from None
    raise Refused("malformed-payload", "no CBOR: cut short or broken") from None


def _say_why(payload: bytes, broken: Exception) -> NoReturn:
    """Say why a payload is not JSON."""
    if payload.startswith(_MARKS) or isinstance(broken, UnicodeDecodeError) or payload[:2] == b"{\0":
        raise Refused("payload-encoding", "JSON that is not plain UTF-8") from None
    if isinstance(broken, RecursionError):
        raise Refused("payload-depth", f"more than {DEPTH} objects or lists within each other") from None
    if not payload or payload[0] not in _JSON_STARTS:
        raise Refused("malformed-payload", "neither a JSON object nor a CBOR map") from None
    if "out of range" in str(broken) or _is_no_number(payload):
        raise Refused("payload-number", "NaN, Infinity, or a number of more than 64 bits") from None
    raise Refused("malformed-payload", "no JSON") from None


def _is_no_number(payload: bytes) -> bool:
    """Tell whether all that is wrong is a NaN or an Infinity, which some libraries write and no standard knows."""

    def found(_name: str) -> NoReturn:
        raise Refused("payload-number", "")

    try:
        json.loads(payload, parse_constant=found)
    except Refused:
        return True
    except (ValueError, RecursionError):
        return False
    return False
