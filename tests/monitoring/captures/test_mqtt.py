import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import connack, connect, mqtt, publish, subscribe, text

from careful.monitoring.captures.mqtt import Talk, begins


def said(data, *, from_client=True, whole=True, level=4):
    talk = Talk(from_client=from_client, whole=whole)
    talk.level = level
    return list(talk.feed(data))


@pytest.mark.parametrize("level", [3, 4, 5])
def test_what_a_client_says(level):
    name = "MQIsdp" if level == 3 else "MQTT"
    sub = mqtt(0x82, b"\0\1" + (b"\0" if level == 5 else b"") + text("#") + b"\1")
    data = connect(level=level, name=name) + publish("room/t", b"21.5", 1, 7, level) + sub + b"\xc0\0\xe0\0"
    found = said(data)
    assert [(one.kind, one.topic) for one in found] == [
        ("connect", "d1"), ("publish", "room/t"), ("subscribe", "#"), ("ping", ""), ("disconnect", ""),
    ]  # fmt: skip
    assert (found[1].number, found[1].reading) == (7, 21.5)


def test_what_a_broker_says():
    data = connack() + connack(5) + mqtt(0x90, b"\0\1\0\x80") + publish() + b"\xd0\0"
    assert [one.kind for one in said(data, from_client=False)] == ["accepted", "refused", "denied", "publish", "other"]


def test_bytes_come_in_any_pieces():
    data = connect() + publish("a", b"x" * 300) + publish("b")
    talk = Talk(from_client=True, whole=True)
    found = [one for place in range(0, len(data), 7) for one in talk.feed(data[place : place + 7])]
    assert [one.topic for one in found] == ["d1", "a", "b"]


def test_a_packet_too_large_to_hold_is_told_and_passed_over():
    big = publish("big", b"x" * (1 << 21))
    talk = Talk(from_client=True, whole=True)
    found = list(talk.feed(connect()))
    for place in range(0, len(big), 100_000):
        found += talk.feed(big[place : place + 100_000])
    found += talk.feed(publish("next"))
    assert [one.topic for one in found] == ["d1", "big", "next"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(connect(name="HTTP"), "name that is not MQTT", id="protocol name"),
        pytest.param(connect(level=9), "level 9", id="level"),
        pytest.param(connect(flags=3), "reserved connect flags", id="connect flags"),
        pytest.param(connect(flags=0x20), "Will without", id="will"),
        pytest.param(mqtt(0x10, b"\0\4MQ"), "", id="cut connect"),
        pytest.param(mqtt(0x10, text("MQTT") + b"\4\2\0\x3c\0\x50a"), "ends too early", id="cut client id"),
        pytest.param(publish("a/#"), "wildcard", id="wildcard"),
        pytest.param(publish(""), "empty topic", id="empty topic"),
        pytest.param(mqtt(0x36, text("a") + b"\0\1"), "service 3", id="quality 3"),
        pytest.param(mqtt(0x32, text("a") + b"\0\0x"), "id of 0", id="id 0"),
        pytest.param(mqtt(0x30, b"\0\5\xff\xff\xff\xff\xffx"), "not UTF-8", id="not UTF-8"),
        pytest.param(mqtt(0x80, b"\0\1" + text("a") + b"\0"), "reserved flags", id="subscribe flags"),
        pytest.param(mqtt(0x82, b"\0\1"), "without a topic", id="subscribe to nothing"),
        pytest.param(mqtt(0x82, b"\0\1" + text("a") + b"\xff"), "reserved options", id="subscribe options"),
        pytest.param(mqtt(0x40, b"\0"), "without the id", id="short puback"),
        pytest.param(b"\x00\x00", "does not send", id="kind 0"),
        pytest.param(connack(), "does not send", id="a broker's packet"),
        pytest.param(b"\x30\xff\xff\xff\xff\x01", "more than four bytes", id="length"),
    ],
)
def test_what_is_malformed_is_told(data, why):
    found = said(data)
    assert found[0].kind == "malformed"
    assert why in found[0].topic


def test_a_recording_that_begins_in_the_middle_blames_nobody():
    assert said(b"\x00\x00garbage", whole=False) == []
    assert said(b"middle of a packet", whole=False) == []


def test_after_a_hole_it_begins_anew():
    talk = Talk(from_client=True, whole=True)
    list(talk.feed(connect() + publish()[:4]))
    talk.hole()
    assert [one.kind for one in talk.feed(publish("again"))] == ["publish"]


def test_the_first_bytes_tell():
    assert begins(connect())
    assert begins(connect(level=3, name="MQIsdp"))
    assert not begins(b"GET / HTTP/1.1")
    assert not begins(b"")


@pytest.mark.parametrize(
    ("payload", "reading"), [(b"-4.25", -4.25), (b"on", None), (b"nan", None), (b"1e99", None), (b"", None)]
)
def test_numbers_are_readings(payload, reading):
    assert said(publish(payload=payload))[0].reading == reading


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        (b'{"t": 21.5, "n": 3, "on": true, "name": "x", "deep": {"a": 1}}', (("t", 21.5), ("n", 3.0))),
        (b'{"t": 1e400}', ()),
        (b'{"t": ', ()),
        (b"{" * 5000, ()),
        (
            b'{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9}',
            tuple(zip("abcdefgh", range(1, 9), strict=True)),
        ),
    ],
    ids=["an object", "infinite", "cut", "long", "many"],
)
def test_numbers_in_a_small_object_are_readings_too(payload, fields):
    assert said(publish(payload=payload))[0].fields == fields


def test_a_resend_that_says_so_is_no_repetition():
    assert said(publish(quality=1, number=5, dup=True))[0].number == 0


def test_one_subscription_for_each_topic():
    assert [one.topic for one in said(subscribe("a") + subscribe("b"))] == ["a", "b"]


@given(st.binary(max_size=300), st.booleans(), st.sampled_from([3, 4, 5]))
def test_no_bytes_break_it(data, from_client, level):
    said(data, from_client=from_client, level=level)
