"""Laws of MQTT 5's codec, and the rules of the standard that a packet can break, by their numbers."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.gateway.mqtt.codec import Reader, read
from careful.entrypoints.gateway.mqtt.fields import Malformed
from careful.entrypoints.gateway.mqtt.packets import (
    LEVEL_5,
    Auth,
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
)
from careful.entrypoints.gateway.mqtt.packets5 import write5

WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0+#/"), max_size=12)
TOPICS = st.lists(WORDS, min_size=1, max_size=5).map("/".join).filter(bool)
IDS = st.integers(1, 65535)
BYTES = st.binary(max_size=300)
FLAGS = st.integers(0, 1)
PAIRS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3).map(tuple)


def some(**properties):
    """Any choice of these properties, or none at all."""
    return st.none() | st.fixed_dictionaries({}, optional=properties).map(lambda found: found or None)


SAID = {
    "payload_format": FLAGS, "message_expiry": st.integers(0, 2**32 - 1), "content_type": WORDS,
    "response_topic": WORDS, "correlation": BYTES, "user": PAIRS,
}  # fmt: skip
REASON = some(reason=WORDS, user=PAIRS)
CODES = st.sampled_from([0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99])
WILLS = st.builds(Will, TOPICS, BYTES, st.integers(0, 2), st.booleans(), some(delay=st.integers(0, 9**9), **SAID))
CONNECTS = st.builds(
    lambda client, clean, alive, will, given, password: Connect(client, clean, alive, will, 5, given, password),
    WORDS, st.booleans(), st.integers(0, 65535), st.none() | WILLS,
    some(expiry=st.integers(0, 2**32 - 1), receive_most=IDS, packet_most=IDS, alias_most=st.integers(0, 65535),
         request_problem=FLAGS, request_response=FLAGS, auth_method=WORDS, auth_data=BYTES, user=PAIRS), BYTES,
)  # fmt: skip
FILTERS = st.lists(st.tuples(TOPICS, st.sampled_from([0, 1, 2, 0x0C, 0x1D, 0x2E])), min_size=1, max_size=8).map(tuple)
PUBLISHES = some(identifier=st.lists(st.integers(1, 2**28 - 1), min_size=1, max_size=3).map(tuple), alias=IDS, **SAID)
PACKETS = st.one_of(
    st.builds(ConnAck, st.sampled_from([0, 0x87]), st.booleans(), some(reason=WORDS, receive_most=IDS, shared=FLAGS)),
    st.builds(lambda t, p, g: Publish(t, p, properties=g), TOPICS, BYTES, PUBLISHES),
    st.builds(Publish, TOPICS, BYTES, st.integers(1, 2), IDS, st.booleans(), st.booleans(), PUBLISHES),
    st.builds(PubAck, IDS, CODES, REASON),
    st.builds(Exactly, st.just(5), IDS, CODES, REASON),
    st.builds(Exactly, st.sampled_from([6, 7]), IDS, st.sampled_from([0, 0x92]), REASON),
    st.builds(Subscribe, IDS, FILTERS, some(identifier=st.integers(1, 2**28 - 1), user=PAIRS)),
    st.builds(SubAck, IDS, st.lists(st.sampled_from([0, 1, 2, 0x87]), min_size=1).map(tuple), REASON),
    st.builds(Unsubscribe, IDS, st.lists(TOPICS, min_size=1, max_size=8).map(tuple), some(user=PAIRS)),
    st.builds(UnsubAck, IDS, st.lists(st.sampled_from([0, 0x11]), min_size=1).map(tuple), REASON),
    st.builds(Disconnect, st.integers(0, 255), some(expiry=st.integers(0, 2**32 - 1), reason=WORDS)),
    st.builds(Auth, st.sampled_from([0, 0x18, 0x19]), some(auth_method=WORDS, auth_data=BYTES)),
)


@given(CONNECTS, st.lists(PACKETS, max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_what_was_written_is_read_however_it_is_cut(connect, packets, sizes):
    """A CONNECT of level 5 makes all that follows MQTT 5."""
    data, reader, found, at, turn = b"".join(map(write5, [connect, *packets])), Reader(), [], 0, 0
    while at < len(data):
        step = sizes[turn % len(sizes)]
        reader.push(data[at : at + step])
        while (packet := reader.next()) is not None:
            found.append(packet)
        at, turn = at + step, turn + 1
    assert found == [connect, *packets]
    assert reader.held == 0


@given(CONNECTS | PACKETS, st.integers(0, 10_000), st.integers(0, 255))
def test_one_changed_byte_never_crashes(packet, where, byte):
    data = bytearray(write5(packet))
    data[where % len(data)] = byte
    with contextlib.suppress(Malformed):
        found = read(bytes(data), 0, LEVEL_5)
        assert found is None or found[1] <= len(data)


@given(PACKETS)
def test_an_unfinished_packet_is_waited_for(packet):
    data = write5(packet)
    for end in range(len(data)):
        assert read(data[:end], 0, LEVEL_5) is None


BROKEN = [
    pytest.param("30 04 0001 61 05", 0x81, "properties longer", id="properties beyond the packet"),
    pytest.param("30 06 0001 61 02 0102", 0x82, "neither 0 nor 1", id="3.3.2.3.2 payload format 2"),
    pytest.param("30 08 0001 61 04 01010101", 0x82, "twice", id="3.3.2.3.2 a property twice"),
    pytest.param("30 09 0001 61 05 1100000001", 0x82, "property 0x11", id="2.2.2.2 another packet's property"),
    pytest.param("30 06 0001 61 02 7f01", 0x82, "property 0x7f", id="2.2.2.2 an unknown property"),
    pytest.param("30 03 0000 00", 0x82, "neither topic nor alias", id="3.3.2.1 no topic and no alias"),
    pytest.param("30 06 0001 61 02 0b00", 0x82, "may not be 0", id="3.3.2.3.8 subscription identifier 0"),
    pytest.param("40 03 0001 55", 0x82, "reason code 0x55", id="3.4.2.1 an unknown reason code"),
    pytest.param("62 03 0001 10", 0x82, "reason code 0x10", id="3.6.2.1 a reason code of another packet"),
    pytest.param("82 07 0001 00 0001 61 30", 0x82, "retain handling 3", id="3.8.3.1 retain handling 3"),
    pytest.param("82 07 0001 00 0001 61 40", 0x81, "reserved bits", id="MQTT-3.8.3-5 reserved bits"),
    pytest.param("82 03 0001 00", 0x82, "without a filter", id="MQTT-3.8.3-2 no filter"),
    pytest.param("f0 01 07", 0x82, "reason code 0x07", id="MQTT-3.15.2-1 AUTH with another code"),
    pytest.param("f1 00", 0x81, "reserved flags", id="MQTT-3.15.1-1 AUTH with flags"),
    pytest.param("10 13 0004 4d515454 05 02 003c 06 21000a 21000a 0000", 0x82, "twice", id="receive maximum twice"),
    pytest.param("10 10 0004 4d515454 05 02 003c 03 210000 0000", 0x82, "may not be 0", id="3.1.2.11.3 receive max 0"),
    pytest.param("10 12 0004 4d515454 05 02 003c 05 2700000000 0000", 0x82, "may not be 0", id="3.1.2.11.4 packet 0"),
    pytest.param("10 0f 0004 4d515454 05 02 003c 02 1702 0000", 0x82, "neither 0 nor 1", id="request problem 2"),
]


@pytest.mark.parametrize(("data", "code", "says"), BROKEN)
def test_broken_rules_are_named_by_their_code(data, code, says):
    with pytest.raises(Malformed, match=says) as broken:
        read(bytes.fromhex(data), 0, LEVEL_5)
    assert broken.value.code == code


def test_more_than_32_user_properties():
    many = Publish("a", b"", properties={"user": tuple(("a", "b") for _ in range(33))})
    with pytest.raises(Malformed, match="more than 32"):
        read(write5(many), 0, LEVEL_5)
