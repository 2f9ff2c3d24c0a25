"""Counting in the event loop, and misbehaviour cut off over a real connection."""

import contextlib
import json
import time

import pytest

from careful import devices, monitoring, products
from careful.entrypoints.gateway.mqtt import signals as counting
from careful.entrypoints.gateway.mqtt.packets import Publish
from careful.entrypoints.gateway.mqtt.signals import Signals, network_of

WARM = b'{"celsius":20}'


@pytest.fixture
def signals(world):
    return Signals(world)


@pytest.fixture
def taken(signals):
    return lambda: signals._tallies


def test_messages_are_counted_by_topic(signals, taken):
    for _ in range(3):
        signals.sent("d1", "up/climate", WARM)
    signals.sent("d1", "event/update", b"{}")
    assert taken()["d1"].topics == {"up/climate": [3, 42], "event/update": [1, 2]}
    assert taken()["d1"].said == [("event/update", b"{}")]


def test_refusals_are_told_apart(signals, taken):
    signals.refused("d1", "undeclared-field", "climate.owner")
    signals.refused("d1", "undeclared-field", "climate.owner")
    signals.refused("d1", "foreign-topic", "d/d2/up/climate")
    signals.refused("d1", "identity", "The certificate was revoked.")
    signals.refused("d1", "identity", "d1 is quarantined.")
    signals.refused("", "handshake", "PEER_DID_NOT_RETURN_A_CERTIFICATE")
    signals.refused("", "handshake", "cut short")
    signals.refused("", "too-many-connections", "")
    one = taken()["d1"]
    assert (one.undeclared, one.refusals) == ({"climate.owner": 2}, {"undeclared-field": 2, "foreign-topic": 1})
    assert one.refused_logins == 1
    assert taken()[""].refused_logins == 1
    assert taken()[""].refusals == {}


def test_connections_and_what_comes_with_them(signals, taken):
    signals.joined("d1", "cam-1", "192.0.2", overlap=False)
    signals.joined("d1", "cam-1", "198.51.100", overlap=True)
    signals.left("d1")
    signals.reported("d1", "1.0.0")
    for said in ("first", "good", "missing", "fork"):
        signals.chained("d1", said)
    one = taken()["d1"]
    assert (one.product, one.connects, one.overlaps, one.disconnects) == ("cam-1", 2, 1, 1)
    assert one.networks == {"192.0.2", "198.51.100"}
    assert (one.versions, one.forks, one.unchained) == (["1.0.0"], 1, 1)


def test_what_one_device_makes_us_keep_is_bounded(signals, taken):
    for number in range(2000):
        signals.refused("d1", "undeclared-field", f"climate.f{number}")
        signals.joined("d1", "cam-1", f"192.0.{number}", overlap=False)
        signals.sent("d1", f"up/s{number}", b"")
        signals.sent("d1", "event/connections", b"x" * 1000)
        signals.reported("d1", "1.0.0")
    one = taken()["d1"]
    assert max(len(one.undeclared), len(one.networks), len(one.said), len(one.versions)) <= 32
    assert len(one.topics) <= 256


def test_a_message_costs_next_to_nothing(signals):
    began = time.process_time()
    for _ in range(100_000):
        signals.sent("d1", "up/climate", WARM)
    assert (time.process_time() - began) / 100_000 < 2e-6


@pytest.mark.parametrize(
    ("address", "network"), [("192.0.2.17", "192.0.2"), ("2001:db8:1:2::", "2001:db8:1"), ("::1", "::1"), ("", "")]
)
def test_networks_tell_places_apart_and_no_more(address, network):
    assert network_of(address) == network


def misbehave(gateway, name, *packets):
    """Connect, do it, and return the seconds until the connection was ended."""
    client = gateway.join(gateway.make(name))
    began = time.monotonic()
    client.send(*packets)
    while client.receive() is not None:
        pass
    return time.monotonic() - began


@pytest.fixture
def one_process(monkeypatch):
    monkeypatch.setattr(counting, "WINDOW_SECONDS", 0.3)


def test_a_flood_is_seen_and_cut_off(gateway, world, staff, one_process, eventually):
    declared = products.text_of(world, "cam-1", 1).replace(
        b"celsius: number}", b"celsius: number}, rate: {messages: 60, per: minute}"
    )
    products.declare(world, staff, declared)
    products.approve(world, staff, "cam-1")
    who, began = gateway.make("cam-1-001"), time.monotonic()
    flood = [Publish("d/cam-1-001/up/climate", WARM, 0, 0) for _ in range(300)]
    while devices.get(world, "cam-1-001").state != "quarantined":
        client = gateway.connect(who)
        with contextlib.suppress(OSError):  # it is closed while we still send
            client.send(*flood)
            while client.receive() is not None:
                pass
        assert time.monotonic() - began < 5.0
    answer = gateway.connect(who).receive()
    assert answer is None or answer.code == 5
    assert eventually(lambda: monitoring.alerts(world, rule="flood"))[0].action == "quarantine"


def test_a_hostile_probe_is_seen(gateway, world, one_process, eventually):
    probe = [Publish(f"d/cam-1-00{number}/up/climate", WARM, 0, 0) for number in range(2, 7)]
    misbehave(gateway, "cam-1-001", *probe)
    assert eventually(lambda: monitoring.alerts(world))[0].rule == "topic_probing"


def test_what_a_well_behaved_device_does_is_no_alert(gateway, world, one_process, eventually):
    client = gateway.join(gateway.make("cam-1-001"))
    for number in range(1, 20):
        client.say("d/cam-1-001/up/climate", WARM, number)
    client.say("d/cam-1-001/event/motion", json.dumps({"zone": "door"}).encode(), 30)
    time.sleep(0.8)
    assert monitoring.alerts(world) == []
    assert eventually(lambda: devices.get(world, "cam-1-001").last_seen)
