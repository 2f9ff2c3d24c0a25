"""Payloads: what both JSON and CBOR can say is taken, and whatever a stranger makes up is refused with a reason."""

import json
import math
import tracemalloc
from time import perf_counter

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as some

from careful.entrypoints.gateway import payloads
from careful.entrypoints.gateway.payloads import Refused, as_json, read, read_batch

UP = bytes.fromhex
REFUSED = (
    pytest.param(b"", "malformed-payload", id="nothing"),
    pytest.param(b"{", "malformed-payload", id="cut short"),
    pytest.param(b"[1]", "malformed-payload", id="a list"),
    pytest.param(b"1", "malformed-payload", id="a number"),
    pytest.param(b"{}x", "malformed-payload", id="bytes left over"),
    pytest.param(b"\0" * 100, "malformed-payload", id="zeros"),
    pytest.param(b'{"a": 01}', "malformed-payload", id="a number with a zero before it"),
    pytest.param(b'{"a": "\\ud800"}', "malformed-payload", id="half a surrogate pair"),
    pytest.param(b"\xef\xbb\xbf{}", "payload-encoding", id="byte order mark"),
    pytest.param('{"a": 1}'.encode("utf-16"), "payload-encoding", id="UTF-16"),
    pytest.param('{"a": 1}'.encode("utf-16-le"), "payload-encoding", id="UTF-16 without a mark"),
    pytest.param('{"a": "é"}'.encode("latin-1"), "payload-encoding", id="Latin 1"),
    pytest.param(b'{"a": "\xc0\x80"}', "payload-encoding", id="overlong UTF-8"),
    pytest.param(b'{"a": "\xed\xa0\x80"}', "payload-encoding", id="surrogate in UTF-8"),
    pytest.param(b'{"a": NaN}', "payload-number", id="NaN"),
    pytest.param(b'{"a": -Infinity}', "payload-number", id="minus Infinity"),
    pytest.param(b'{"a": [Infinity]}', "payload-number", id="Infinity in a list"),
    pytest.param(b'{"a": 1e999}', "payload-number", id="a number beyond a double"),
    pytest.param(b'{"a": 18446744073709551616}', "payload-number", id="65 bits"),
    pytest.param(b'{"a": [-9223372036854775809]}', "payload-number", id="64 bits below zero"),
    pytest.param(b'{"a": ' + b"9" * 100_000 + b"}", "payload-number", id="100,000 digits"),
    pytest.param(b'{"a": 1, "a": 2}', "payload-duplicate", id="a name twice"),
    pytest.param(b'{"a": 1, "\\u0061": 2}', "payload-duplicate", id="a name twice, once escaped"),
    pytest.param(b'{"b": "\\u003a", "a": 1, "a": 2}', "payload-duplicate", id="a name twice, a colon escaped"),
    pytest.param(b'{"a": {"b": 1, "c": 2, "b": 3}}', "payload-duplicate", id="a name twice, inside"),
    pytest.param(b'{"a": [{"b": 1, "b": 3}]}', "payload-duplicate", id="a name twice, in a list"),
    pytest.param(b'{"a": "x:y", "a": "12:00"}', "payload-duplicate", id="a name twice, among colons"),
    pytest.param(b'{"a":' + b"[" * 8 + b"]" * 8 + b"}", "payload-depth", id="nine deep"),
    pytest.param(b'{"a":' + b"[" * 60_000, "payload-depth", id="a hole without a bottom"),
    pytest.param(b'{"a":' * 500 + b"1" + b"}" * 500, "payload-depth", id="500 objects deep"),
    pytest.param(b'{"a": [' + b"1," * 10_000 + b"1]}", "payload-values", id="10,001 values"),
    pytest.param(UP("a2616101616102"), "payload-duplicate", id="CBOR: a name twice"),
    pytest.param(UP("a261610178016102"), "payload-duplicate", id="CBOR: a name twice, its length told otherwise"),
    pytest.param(UP("bf616101ff"), "payload-type", id="CBOR: indefinite map"),
    pytest.param(UP("bf616101"), "payload-type", id="CBOR: indefinite map without an end"),
    pytest.param(UP("a161617f6161ff"), "payload-type", id="CBOR: indefinite text"),
    pytest.param(UP("a161619b00000000ffffffff"), "malformed-payload", id="CBOR: a list of four billion"),
    pytest.param(UP("a161619bffffffffffffffff"), "malformed-payload", id="CBOR: a list of 2^64"),
    pytest.param(UP("bb00000001ffffffff"), "malformed-payload", id="CBOR: a map of eight billion"),
    pytest.param(UP("a161615b7fffffffffffffff"), "malformed-payload", id="CBOR: bytes of 2^63"),
    pytest.param(UP("a161617b00000000ffffffff"), "malformed-payload", id="CBOR: text of four gigabytes"),
    pytest.param(b"\xa1\x61a" + b"\x81" * 1000 + b"\x01", "payload-depth", id="CBOR: 1,000 lists deep"),
    pytest.param(b"\xa1\x61a" + b"\xc1" * 60_000 + b"\x01", "payload-depth", id="CBOR: 60,000 tags"),
    pytest.param(b"\xa1\x61a\xc2\x59\xff\xff" + b"\xff" * 65535, "payload-type", id="CBOR: a number of 64 KiB"),
    pytest.param(UP("a16161c482390000 01"), "payload-type", id="CBOR: decimal fraction"),
    pytest.param(UP("a16161d81e820100"), "payload-type", id="CBOR: one divided by zero"),
    pytest.param(UP("a16161d823632861 2b"), "payload-type", id="CBOR: a regular expression"),
    pytest.param(UP("a16161d81c81d81d00"), "payload-type", id="CBOR: a list within itself"),
    pytest.param(UP("d90100a16161d81900"), "malformed-payload", id="CBOR: string references"),
    pytest.param(UP("a16161f97e00"), "payload-number", id="CBOR: NaN"),
    pytest.param(UP("a1616181f97c00"), "payload-number", id="CBOR: Infinity in a list"),
    pytest.param(UP("a161613bffffffffffffffff"), "payload-number", id="CBOR: minus 2^64"),
    pytest.param(UP("a16161f7"), "payload-type", id="CBOR: undefined"),
    pytest.param(UP("a16161f0"), "payload-type", id="CBOR: a simple value"),
    pytest.param(UP("a161614178"), "payload-type", id="CBOR: a byte string"),
    pytest.param(UP("a10102"), "payload-type", id="CBOR: a number for a name"),
    pytest.param(UP("a1416102"), "payload-type", id="CBOR: bytes for a name"),
    pytest.param(UP("a1616161ff"), "payload-encoding", id="CBOR: text that is not UTF-8"),
    pytest.param(UP("a161610202"), "malformed-payload", id="CBOR: bytes left over"),
    pytest.param(UP("a16161"), "malformed-payload", id="CBOR: cut short"),
    pytest.param(UP("a16161ff"), "malformed-payload", id="CBOR: an end of nothing"),
    pytest.param(UP("a161611c"), "malformed-payload", id="CBOR: reserved"),
    pytest.param(b"\xa1\x61a\x99\x27\x11" + b"\x01" * 10_001, "payload-values", id="CBOR: 10,001 values"),
    pytest.param(UP("d9d9f701"), "malformed-payload", id="CBOR: said to be, but no map"),
)
TAKEN = (
    pytest.param(b"{}", {}, id="empty"),
    pytest.param(b' \r\n{"a" : 1}\n', {"a": 1}, id="with blanks"),
    pytest.param(b'{"at":"2026-11-30T12:00:00+01:00","n":[1,{"b:c":null}]}',
                 {"at": "2026-11-30T12:00:00+01:00", "n": [1, {"b:c": None}]}, id="colons all over"),
    pytest.param(b'{"a":"\\u003a\\":\\"","b":":"}', {"a": ':":"', "b": ":"}, id="escaped colons"),
    pytest.param(b'{"a":18446744073709551615,"b":-9223372036854775808}',
                 {"a": 2**64 - 1, "b": -(2**63)}, id="64 bits"),
    pytest.param(b'{"a":' + b"[" * 7 + b"]" * 7 + b"}", {"a": [[[[[[[]]]]]]]}, id="eight deep"),
    pytest.param('{"ä":"日本"}'.encode(), {"ä": "日本"}, id="UTF-8"),
    pytest.param(UP("a2616101616202"), {"a": 1, "b": 2}, id="CBOR"),
    pytest.param(UP("d9d9f7a1616101"), {"a": 1}, id="CBOR that says so"),
    pytest.param(UP("a16161f93c00"), {"a": 1.0}, id="CBOR: half a float"),
    pytest.param(UP("a16161c100"), {"a": 0}, id="CBOR: a time"),
    pytest.param(UP("a16161c074323032362d31312d33305431323a30303a30305a"), {"a": "2026-11-30T12:00:00Z"},
                 id="CBOR: a time in text"),
)  # fmt: skip
SCALARS = some.none() | some.booleans() | some.integers(-(2**63), 2**64 - 1) | some.floats(
    allow_nan=False, allow_infinity=False
) | some.text(some.characters(exclude_categories=["Cs"]), max_size=8)  # fmt: skip
NAMES = some.text(some.sampled_from('ab:"\\,{}[]é\n'), max_size=4)
NESTED = some.recursive(
    SCALARS, lambda one: some.lists(one, max_size=3) | some.dictionaries(NAMES, one, max_size=3), max_leaves=8
)
RECORDS = some.dictionaries(NAMES, NESTED, max_size=5)


def depth_of(value: object) -> int:
    """Return how many objects and lists are within each other."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inside is None else 1 + max(map(depth_of, inside), default=0)


@pytest.mark.parametrize(("payload", "kind"), REFUSED)
def test_hostile_payloads_are_refused_with_a_reason_and_cost_nothing(payload: bytes, kind: str) -> None:
    tracemalloc.start()
    began = perf_counter()
    with pytest.raises(Refused) as refused:
        read(payload)
    took, (_, most) = perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.kind == kind
    assert refused.value.kind in payloads.KINDS
    assert 0 < len(refused.value.why) < 100
    assert took < 0.25
    assert most < 4_000_000


@pytest.mark.parametrize(("payload", "said"), TAKEN)
def test_what_both_can_say_is_taken(payload: bytes, said: dict[str, object]) -> None:
    assert read(payload) == said


@given(RECORDS, some.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]), some.booleans())
def test_json_says_what_it_says(said: dict[str, object], separators: tuple[str, str], escaped: bool) -> None:
    payload = json.dumps(said, separators=separators, ensure_ascii=escaped).encode()
    if depth_of(said) > payloads.DEPTH:
        with pytest.raises(Refused):
            read(payload)
        return
    assert read(payload) == said
    assert as_json(payload, said) == payload


@given(RECORDS)
def test_cbor_and_json_say_the_same(said: dict[str, object]) -> None:
    payload = cbor2.dumps(said)
    if depth_of(said) > payloads.DEPTH:
        with pytest.raises(Refused):
            read(payload)
        return
    assert read(payload) == said
    kept = as_json(payload, read(payload))
    assert json.loads(kept) == said
    assert read(kept) == said


@given(some.lists(some.tuples(NAMES, SCALARS), min_size=1, max_size=5), some.data(), some.booleans())
def test_a_name_that_stands_twice_is_always_seen(
    pairs: list[tuple[str, object]], data: some.DataObject, escaped: bool
) -> None:  # fmt: skip
    place = data.draw(some.integers(0, len(pairs)))
    twice = data.draw(some.sampled_from(pairs))[0]
    pairs.insert(place, (twice, data.draw(SCALARS)))

    def written(name: str) -> str:
        if escaped and data.draw(some.booleans()):
            return '"' + "".join(f"\\u{ord(one):04x}" for one in name) + '"'
        return json.dumps(name)

    text = ",".join(f"{written(name)}:{json.dumps(value)}" for name, value in pairs)
    with pytest.raises(Refused) as refused:
        read(f"{{{text}}}".encode())
    assert refused.value.kind == "payload-duplicate"
    body = b"".join(cbor2.dumps(name) + cbor2.dumps(value) for name, value in pairs)
    with pytest.raises(Refused) as refused:
        read(bytes([0xA0 + len(pairs)]) + body)
    assert refused.value.kind == "payload-duplicate"


@given(some.binary(max_size=200) | some.binary(max_size=200).map(lambda rest: b"\xa3" + rest))
def test_whatever_the_bytes_are_the_answer_is_a_record_or_a_reason(payload: bytes) -> None:
    try:
        said = read(payload)
    except Refused:
        with pytest.raises(Refused) as refused:
            read(payload)
        assert refused.value.kind in payloads.KINDS
    else:
        assert all(type(name) is str for name in said)
        assert not any(isinstance(one, float) and not math.isfinite(one) for one in said.values())


@given(some.lists(RECORDS, min_size=1, max_size=4))
def test_a_batch_is_a_list_or_lines_or_one(records: list[dict[str, object]]) -> None:
    if depth_of(records) > payloads.DEPTH:
        return
    lines = b"\n".join(json.dumps(one).encode() for one in records) + b"\n"
    for content in (json.dumps(records).encode(), cbor2.dumps(records), lines):
        found = list(read_batch(content))
        assert [said for _, said in found] == records
        assert [read(payload) for payload, _ in found] == records
    assert [said for _, said in read_batch(json.dumps(records[0], indent=1).encode())] == records[:1]


BROKEN_BATCHES = (
    pytest.param(b'[{"a":1},2]', "malformed-payload", "record 1", id="no object in a list"),
    pytest.param(b'{"a":1}\n{"a":NaN}', "payload-number", "record 1", id="NaN on the second line"),
    pytest.param(b'[{"a":1},{"b":1,"b":2}]', "payload-duplicate", "twice", id="a name twice in a list"),
    pytest.param(b"[" + b"{}," * 500 + b"{}]", "payload-values", "501 records", id="too many in a list"),
    pytest.param(b"{}\n" * 501, "payload-values", "501 records", id="too many lines"),
    pytest.param(UP("8201a0"), "malformed-payload", "record 0", id="CBOR: no map in a list"),
    pytest.param(UP("9fa0ff"), "payload-type", "indefinite", id="CBOR: indefinite list"),
    pytest.param(b"", "malformed-payload", "neither", id="nothing"),
)


@pytest.mark.parametrize(("content", "kind", "words"), BROKEN_BATCHES)
def test_a_batch_is_refused_at_its_first_broken_record(content: bytes, kind: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        list(read_batch(content))
    assert refused.value.kind == kind
