"""Laws of the codec: what was written is read back however it is cut; whatever comes, the answer is bounded."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.gateway.mqtt.codec import Reader, read
from careful.entrypoints.gateway.mqtt.fields import Malformed
from careful.entrypoints.gateway.mqtt.packets import (
    PACKET_BYTES,
    ConnAck,
    Connect,
    Disconnect,
    Exactly,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
    write,
)

WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0+#/"), max_size=12)
TOPICS = st.lists(WORDS, min_size=1, max_size=5).map("/".join).filter(bool)
FILTERS = st.one_of(
    TOPICS, TOPICS.map(lambda topic: f"{topic}/#"), TOPICS.map(lambda topic: f"+/{topic}"), st.just("#")
)
IDS = st.integers(1, 65535)
BYTES = st.binary(max_size=300)
WILLS = st.builds(Will, TOPICS, BYTES, st.integers(0, 2), st.booleans())
PACKETS = st.one_of(
    st.builds(Connect, WORDS, st.booleans(), st.integers(0, 65535), st.none() | WILLS),
    st.builds(ConnAck, st.integers(0, 5), st.booleans()),
    st.builds(lambda topic, payload, retain: Publish(topic, payload, retain=retain), TOPICS, BYTES, st.booleans()),
    st.builds(Publish, TOPICS, BYTES, st.integers(1, 2), IDS, st.booleans(), st.booleans()),
    st.builds(PubAck, IDS),
    st.builds(Exactly, st.integers(5, 7), IDS),
    st.builds(Subscribe, IDS, st.lists(st.tuples(FILTERS, st.integers(0, 2)), min_size=1, max_size=8).map(tuple)),
    st.builds(SubAck, IDS, st.lists(st.sampled_from([0, 1, 2, 128]), min_size=1, max_size=8).map(tuple)),
    st.builds(Unsubscribe, IDS, st.lists(FILTERS, min_size=1, max_size=8).map(tuple)),
    st.builds(UnsubAck, IDS),
    st.sampled_from([PingReq(), PingResp(), Disconnect()]),
)


def drain(reader):
    found = []
    while (packet := reader.next()) is not None:
        found.append(packet)
    return found


@given(st.lists(PACKETS, max_size=6), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_what_was_written_is_read_however_it_is_cut(packets, sizes):
    data, reader, found, at, turn = b"".join(map(write, packets)), Reader(), [], 0, 0
    while at < len(data):
        step = sizes[turn % len(sizes)]
        reader.push(data[at : at + step])
        found += drain(reader)
        at, turn = at + step, turn + 1
    assert found == packets
    assert reader.held == 0


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_random_bytes_never_crash_and_never_pile_up(pieces):
    reader = Reader()
    with contextlib.suppress(Malformed):
        for piece in pieces:
            reader.push(piece)
            drain(reader)
            assert reader.held <= sum(map(len, pieces))


@given(PACKETS, st.integers(0, 10_000), st.integers(0, 255))
def test_one_changed_byte_never_crashes(packet, where, byte):
    data = bytearray(write(packet))
    data[where % len(data)] = byte
    with contextlib.suppress(Malformed):
        found = read(bytes(data), 0)
        assert found is None or found[1] <= len(data)


@given(PACKETS)
def test_an_unfinished_packet_is_waited_for(packet):
    data = write(packet)
    for end in range(len(data)):
        assert read(data[:end], 0) is None


TOO_LARGE = b"\x30" + bytes((0x80, 0x80, 0x80, 0x01))
BROKEN = [
    pytest.param(TOO_LARGE, "131072 are taken at most", id="too large, refused by its header alone"),
    pytest.param(b"\x30\xff\xff\xff\xff", "more than four bytes", id="endless length"),
    pytest.param(b"\x00\x00", "no packet of type 0", id="type 0"),
    pytest.param(b"\xf0\x00", "no packet of type 15", id="AUTH of MQTT 5"),
    pytest.param(b"\xc1\x00", "reserved flags", id="flags on PINGREQ"),
    pytest.param(b"\x80\x05\x00\x01\x00\x00\x00", "reserved flags", id="SUBSCRIBE without 0010"),
    pytest.param(b"\xc0\x01\x00", "left over", id="PINGREQ with a body"),
    pytest.param(b"\x36\x05\x00\x01a\x00\x01", "QoS 3", id="PUBLISH with QoS 3"),
    pytest.param(b"\x38\x03\x00\x01a", "QoS 3, or with DUP", id="DUP at QoS 0"),
    pytest.param(b"\x30\x01\x00", "without a topic", id="PUBLISH cut in its topic's length"),
    pytest.param(b"\x30\x03\x00\x09a", "longer than its packet", id="topic beyond the packet"),
    pytest.param(b"\x30\x02\x00\x00", "empty", id="empty topic"),
    pytest.param(b"\x30\x03\x00\x01#", "wildcard", id="wildcard in a topic"),
    pytest.param(b"\x30\x03\x00\x01\xff", "UTF-8", id="topic that is not UTF-8"),
    pytest.param(b"\x30\x03\x00\x01\x00", "NUL", id="NUL in a topic"),
    pytest.param(b"\x32\x03\x00\x01a", "without its packet identifier", id="QoS 1 without identifier"),
    pytest.param(b"\x32\x05\x00\x01a\x00\x00", "identifier 0", id="identifier 0"),
    pytest.param(b"\x40\x02\x00\x00", "identifier 0", id="PUBACK of 0"),
    pytest.param(b"\x82\x02\x00\x01", "without a filter", id="SUBSCRIBE to nothing"),
    pytest.param(b"\x82\x06\x00\x01\x00\x01a\x03", "QoS 3", id="SUBSCRIBE with QoS 3"),
    pytest.param(b"\x82\x08\x00\x01\x00\x03a/b\xff", "QoS 3 or reserved", id="reserved bits in SUBSCRIBE"),
    pytest.param(b"\x82\x08\x00\x01\x00\x03#/a\x00", "wildcards stand wrong", id="# not at the end"),
    pytest.param(b"\x82\x07\x00\x01\x00\x02a+\x00", "wildcards stand wrong", id="+ inside a level"),
    pytest.param(b"\xa2\x02\x00\x01", "without a filter", id="UNSUBSCRIBE from nothing"),
    pytest.param(b"\x10\x08\x00\x04HTTP\x04\x02", "another protocol", id="another protocol"),
    pytest.param(b"\x10\x0c\x00\x04MQTT\x04\x03\x00\x3c\x00\x00", "reserved CONNECT flag", id="reserved flag"),
    pytest.param(b"\x10\x0c\x00\x04MQTT\x04\x0a\x00\x3c\x00\x00", "contradict", id="will QoS without a will"),
    pytest.param(b"\x10\x0c\x00\x04MQTT\x04\x42\x00\x3c\x00\x00", "without a user name", id="password alone"),
    pytest.param(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x00x", "left over", id="CONNECT too long"),
    pytest.param(b"\x10\x0a\x00\x04MQTT\x04\x02\x00\x3c", "longer than its packet", id="CONNECT too short"),
]


@pytest.mark.parametrize(("data", "says"), BROKEN)
def test_malformed(data, says):
    with pytest.raises(Malformed, match=says):
        read(data, 0)


def test_more_than_32_filters():
    with pytest.raises(Malformed, match="more than 32 filters"):
        read(write(Subscribe(1, tuple((f"d/{n}", 0) for n in range(33)))), 0)


def test_another_protocol_level_is_read_no_further():
    six = b"\x10\x10\x00\x04MQTT\x06\x02\x00\x3c\x03\x21\x00\x0a\x00\x00"
    assert read(six, 0) == (Connect("", level=6), len(six))
    old = b"\x10\x0f\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x01a"
    assert read(old, 0) == (Connect("", level=3), len(old))


def test_the_user_name_is_passed_over():
    body = b"\x00\x04MQTT\x04\xc2\x00\x3c\x00\x01a\x00\x03ann\x00\x02\xff\x00"
    assert read(bytes((0x10, len(body))) + body, 0) == (Connect("a", password=b"\xff\x00"), len(body) + 2)


def test_the_largest_packet_passes():
    largest = Publish("a", bytes(PACKET_BYTES - 4 - 3))
    reader = Reader()
    reader.push(write(largest))
    assert reader.next() == largest
