"""Hostile payloads over the wire: each refused with its reason, counted, never stored; replays are stored once."""

import json
from datetime import timedelta

import pytest

from careful import products
from careful.entrypoints.gateway.mqtt.packets import LEVEL_5, PUBREC, Exactly, PubAck, Publish
from careful.kernel import inbox

CLIMATE = "d/cam-1-001/up/climate"
TIMED = "d/cam-1-001/up/timed"
PRODUCT = b"""\
schema: product/1
product: {id: cam-1, name: Test Cam, models: [TC-1]}
data:
  - {id: climate, fields: [celsius, n], personal: false}
  - {id: timed, fields: [at, n], time: at, personal: false, retention: {days: 10}}
  - {id: private, fields: [at, n], time: at, personal: true, retention: {days: 10}}
"""
HOSTILE = {
    "oversize of values": (b'{"n":[' + b"1," * 30_000 + b"1]}", "payload-values"),
    "deep JSON": (b'{"n":' + b"[" * 60_000, "payload-depth"),
    "NaN": (b'{"n":NaN}', "payload-number"),
    "a name twice": (b'{"n":1,"n":2}', "payload-duplicate"),
    "UTF-16": ('{"n":1}'.encode("utf-16"), "payload-encoding"),
    "Latin 1": ('{"n":"é"}'.encode("latin-1"), "payload-encoding"),
    "a CBOR list of 2^64": (bytes.fromhex("a1616e9bffffffffffffffff"), "malformed-payload"),
    "CBOR without an end": (bytes.fromhex("bf616e01"), "payload-type"),
    "CBOR tags in tags": (b"\xa1\x61n" + b"\xc1" * 60_000, "payload-depth"),
    "a CBOR number of 64 KiB": (b"\xa1\x61n\xc2\x59\xff\xff" + b"\xff" * 65_535, "payload-type"),
    "5,000 undeclared names": (b"{" + b",".join(b'"f%d":1' % n for n in range(5000)) + b"}", "undeclared-field"),
}


@pytest.fixture
def device(gateway, world, staff, eventually):
    products.declare(world, staff, PRODUCT)
    products.approve(world, staff, "cam-1")
    return gateway.make("cam-1-001")


def test_each_is_refused_with_its_reason_and_none_is_stored(gateway, world, device, refused):
    one = gateway.join(device, level=LEVEL_5)
    for number, (payload, kind) in enumerate(HOSTILE.values(), start=1):
        answer = one.say(CLIMATE, payload, number)
        assert (answer.packet, answer.code) == (number, 0x99)
        assert answer.properties["reason"].startswith(f"{kind}: ")
    assert one.say(CLIMATE, b'{"n":1}', 99) == PubAck(99)
    assert inbox.count(world.home) == 1
    for kind in {kind for _, kind in HOSTILE.values()}:
        assert refused("cam-1-001", kind).count >= 1


def test_times_out_of_reach_and_replays(gateway, world, device, clock, refused):
    one = gateway.join(device, level=LEVEL_5)

    def record(**ago):
        return json.dumps({"at": (clock.now() - timedelta(**ago)).isoformat(), "n": 1}).encode()

    assert one.say(TIMED, record(minutes=-6), 1).code == 0x99
    assert one.say(TIMED, record(days=11), 2).code == 0x99
    assert one.say(TIMED, b'{"at":"soon"}', 3).code == 0x99
    now, earlier = record(), record(hours=1)
    for number in range(4, 7):
        assert one.say(TIMED, now, number) == PubAck(number)
        assert one.ask(Publish(TIMED, earlier, 2, number + 100)) == Exactly(PUBREC, number + 100)
    for number in range(7, 9):
        assert one.say("d/cam-1-001/up/private", record(minutes=1), number) == PubAck(number)
    assert inbox.count(world.home) == 3
    assert refused("cam-1-001", "future-time").detail == "timed.at"
    assert refused("cam-1-001", "ancient-time").count == 1
    again = gateway.join(device)
    assert again.say(TIMED, now, 1) == PubAck(1)
    assert inbox.count(world.home) == 3
