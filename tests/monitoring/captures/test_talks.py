from recordings import Line, client_hello, connack, connect, mqtt, publish, subscribe

from careful.monitoring.captures.layers import packet
from careful.monitoring.captures.limits import Limits
from careful.monitoring.captures.slices import Slice
from careful.monitoring.captures.talks import Broker, Talks


def heard(*steps, broker=None, address="10.0.0.7", port=1883, whole=True):
    """Feed frames of a line, `True` for those of the client."""
    broker = broker or Broker(Limits())
    talks, into = Talks(address, (40_000, port), whole=whole), Slice()
    for from_opener, frame in steps:
        read = packet(0.0, 1, frame, len(frame))
        if read.flags & 2:
            talks.start(read.sequence, from_opener=from_opener)
        elif read.payload:
            talks.read(read, into, broker, from_opener=from_opener)
    return into, talks, broker


def spoken(*said, line=None):
    """Make a conversation: bytes from the client, or ("down", bytes)."""
    line = line or Line()
    up, down, _ = line.opened()
    told = [(False, line.down(one[1])) if isinstance(one, tuple) else (True, line.up(one)) for one in said]
    return [(True, up), (False, down), *told]


def test_messages_are_counted_by_topic():
    into, _, _ = heard(*spoken(connect(), ("down", connack()), publish("a", b"22"), publish("a", b"23"), publish("b")))
    assert (into.connects, into.messages) == (1, {"a": 2, "b": 1})
    assert into.counters["reading:d1/a"] == 23.0
    assert into.networks == {"10.0.0.0/24"}
    into, _, _ = heard(*spoken(connect(), publish("a", b'{"t": 5, "h": 6}')))
    assert {name: into.counters[name] for name in into.counters if "reading" in name} == {
        "reading:d1/a.t": 5.0, "reading:d1/a.h": 6.0,
    }  # fmt: skip


def test_carefuls_own_prefix_is_left_out():
    into, _, _ = heard(*spoken(connect("cam-1"), publish("d/cam-1/up/telemetry"), publish("d/cam-2/up/telemetry")))
    assert into.messages == {"up/telemetry": 1, "d/cam-2/up/telemetry": 1}


def test_refused_logins_by_code_and_by_a_closed_door():
    into, _, _ = heard(*spoken(connect(), ("down", connack(5))))
    assert into.refused_logins == 1
    into, talks, broker = heard(*spoken(connect()))
    talks.close(into, broker, from_opener=False)
    assert (into.refused_logins, into.disconnects) == (1, 1)
    into, talks, broker = heard(*spoken(connect()))
    talks.close(into, broker, from_opener=True)
    assert into.refused_logins == 0


def test_other_refusals():
    into, _, _ = heard(*spoken(connect(), ("down", connack(3)), ("down", mqtt(0x90, b"\0\1\x80")), publish("#")))
    assert into.refusals == {"connect": 1, "foreign-topic": 1, "malformed": 1}


def test_a_second_connect_is_malformed():
    into, _, _ = heard(*spoken(connect(), connect()))
    assert (into.connects, into.refusals) == (1, {"malformed": 1})


def test_wildcards_and_what_was_received():
    into, _, _ = heard(*spoken(connect(), subscribe("#"), subscribe("own/t"), ("down", connack() + publish())))
    assert (into.counters["wildcards"], into.counters["subscriptions"], into.counters["received"]) == (1, 2, 1)


def test_a_message_said_again_with_the_same_number_is_a_repetition():
    said = publish("t", b"9", quality=1, number=4)
    into, _, _ = heard(*spoken(connect(), said, said, publish("t", b"9", quality=1, number=5)))
    assert into.counters["repeated"] == 1


def test_one_client_id_at_two_addresses():
    broker = Broker(Limits())
    heard(*spoken(connect("d1")), broker=broker)
    into, talks, _ = heard(*spoken(connect("d1")), broker=broker, address="10.0.0.99")
    assert into.counters["overlaps"] == 1
    talks.close(into, broker, from_opener=True)
    assert "overlaps" not in heard(*spoken(connect("d1")), broker=broker)[0].counters


def test_mqtt_is_known_on_any_port_and_names_are_learnt():
    assert heard(*spoken(connect(), publish()), port=9001)[0].messages == {"t": 1}
    assert heard(*spoken(client_hello("cloud.example")), port=443)[1].host == "cloud.example"
    halves = client_hello("cloud.example")
    assert heard(*spoken(halves[:40], halves[40:]), port=443)[1].host == "cloud.example"
    assert heard(*spoken(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), port=80)[1].host == "a.example"


def test_a_resent_segment_is_counted_once_and_its_message_not_twice():
    line = Line()
    steps = spoken(connect(), publish("t"), line=line)
    again = (True, line.segment(publish("t"), sequence=line.sequence[True] - len(publish("t"))))
    into, _, _ = heard(*steps, again)
    assert (into.messages, into.counters["resent"]) == ({"t": 1}, 1)
