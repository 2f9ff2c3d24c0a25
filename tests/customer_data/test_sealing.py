"""The form at rest: what is sealed opens for its own place and key alone, and nothing personal lies open."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careful.customer_data import sealing
from careful.customer_data.sealing import DataKey, NotOpened, SealedRecord, open_field, plain_fields, read_sealed, seal

KEY, OTHER = DataKey("kim0", b"k" * 32), DataKey("lee0", b"l" * 32)
TOPIC = "up/motion_clip"
CANARY = "canary-7f3a"


def counting():
    """Random bytes that are none, but never twice the same."""
    at = 0

    def draw(count):
        nonlocal at
        at += 1
        return at.to_bytes(count, "big")

    return draw


def sealed(fields, personal=("zone",), key=KEY, topic=TOPIC, version=3):
    return seal(key, topic, version, frozenset(personal), fields, counting())


def every_field(key, topic, payload):
    found = read_sealed(payload)
    return plain_fields(payload) | {name: open_field(key, topic, found, name) for name in found.sealed}


texts = st.text(alphabet='aß😀"\\ \n', max_size=20)
flat = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from((0.5, -1e-7, 1e300)) | texts
values = flat | st.lists(flat, max_size=3) | st.dictionaries(texts, flat, max_size=2)
messages = st.dictionaries(st.sampled_from(("zone", "seconds", "clip", "x.y", "f-1")), values, max_size=5)


@given(messages, st.sets(st.sampled_from(("zone", "clip", "x.y"))), st.integers(0, 2**32 - 1))
def test_what_is_sealed_comes_back(fields, personal, version):
    assert every_field(KEY, TOPIC, sealed(fields, personal, version=version)) == fields


places = st.tuples(st.sampled_from(("kim0", "lee0")), st.sampled_from(("up/a", "up/b")), st.integers(0, 3),
                   st.binary(min_size=12, max_size=12), st.sampled_from(("zone", "clip")))  # fmt: skip


@settings(max_examples=200)
@given(places, places, st.booleans())
def test_a_ciphertext_opens_in_its_own_place_alone(mine, other, own_key):
    customer, topic, version, record, name = mine
    key = DataKey(customer, b"k" * 32)
    payload = seal(key, topic, version, {name}, {name: "home"}, lambda count: (record * 9)[:count])
    value = read_sealed(payload).sealed[name]
    there, to_topic, to_version, to_record, to_name = other
    moved = SealedRecord(sealing.FORM, there, to_record, to_version, b"{}", {to_name: value})
    asked = DataKey(there, (b"k" if own_key else b"l") * 32)
    if mine == other and own_key:
        assert open_field(asked, to_topic, moved, to_name) == "home"
    else:
        with pytest.raises(NotOpened):
            open_field(asked, to_topic, moved, to_name)


@pytest.mark.parametrize("at", range(0, 44, 7))
def test_a_changed_byte_is_seen(at):
    found = read_sealed(sealed({"zone": "hall"}))
    value = bytearray(found.sealed["zone"])
    value[at] ^= 1
    changed = msgspec.structs.replace(found, sealed={"zone": bytes(value)})
    with pytest.raises(NotOpened):
        open_field(KEY, TOPIC, changed, "zone")


def test_nothing_personal_lies_open():
    payload = sealed({"zone": CANARY, "seconds": 4})
    assert CANARY.encode() not in payload
    assert plain_fields(payload) == {"seconds": 4}
    assert (read_sealed(payload).customer, read_sealed(payload).version) == ("kim0", 3)


def test_the_same_message_never_looks_the_same_twice():
    draw = counting()
    first, second = (seal(KEY, TOPIC, 1, {"zone"}, {"zone": "hall"}, draw) for _ in range(2))
    assert first != second


@pytest.mark.parametrize(("one", "other"), [("hall", "bedroom"), (True, None), (1, 123456789)])
def test_short_values_are_of_one_length(one, other):
    lengths = {len(read_sealed(sealed({"zone": value})).sealed["zone"]) for value in (one, other)}
    assert len(lengths) == 1


def test_a_digest_is_the_customers_own():
    assert KEY.digest(b"{}") == DataKey("kim0", b"k" * 32).digest(b"{}")
    assert len({KEY.digest(b"{}"), KEY.digest(b"{ }"), OTHER.digest(b"{}")}) == 3
    assert "6b6b" not in repr(KEY)


@given(messages, st.sets(st.sampled_from(("zone", "clip"))), st.sets(st.sampled_from(("zone", "seconds", "x.y"))))
def test_fields_can_be_taken_out_without_a_key(fields, personal, gone):
    for payload in (sealed(fields, personal), json.dumps(fields).encode()):
        left = sealing.without(payload, gone)
        kept = {name: value for name, value in fields.items() if name not in gone}
        if sealing.is_sealed(left):
            assert every_field(KEY, TOPIC, left) == kept
        else:
            assert json.loads(left) == kept
        assert (left == payload) == (kept == fields)


STRANGE = [
    pytest.param(b"", id="empty"),
    pytest.param(b"\x96\x01", id="cut short"),
    pytest.param(msgspec.msgpack.encode([2, "kim0", b"r" * 12, 1, b"{}", {}]), id="a later form"),
    pytest.param(msgspec.msgpack.encode([1, "kim0", b"r" * 12, 1, b"{}"]), id="a field missing"),
]


@pytest.mark.parametrize("payload", STRANGE)
def test_what_is_no_sealed_record_is_said_to_be_none(payload):
    with pytest.raises(ValueError, match="sealed record"):
        read_sealed(payload)


@pytest.mark.parametrize("payload", [b"", b"[1]", b"\xff", b"not JSON"])
def test_what_is_no_object_has_no_fields(payload):
    assert plain_fields(payload) == {}
    assert sealing.without(payload, {"zone"}) == payload
