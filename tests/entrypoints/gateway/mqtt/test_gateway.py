"""What connections share, seen from outside: isolation, cuts, takeover, mail, and what the database hears of it."""

import sqlite3
import time
from datetime import timedelta

import pytest

from careful import devices, products
from careful.entrypoints.gateway.mqtt import gateway as gateway_module
from careful.entrypoints.gateway.mqtt import upward
from careful.entrypoints.gateway.mqtt.packets import (
    ConnAck,
    Connect,
    Disconnect,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Unsubscribe,
    Will,
)
from careful.kernel import inbox, mailbox
from careful.kernel.errors import Unavailable

WARM = b'{"celsius":20}'


def test_a_reading_is_on_disk_when_it_is_acknowledged(gateway, world):
    one = gateway.join(gateway.make("cam-1-001"))
    assert one.say("d/cam-1-001/up/climate", WARM, 7) == PubAck(7)
    assert inbox.latest(world.home, "cam-1-001", "climate").payload == WARM


def test_the_first_connection_makes_the_device_active_and_seen(gateway, world, eventually):
    who = gateway.make("cam-1-001")
    assert devices.get(world, "cam-1-001").state == "enrolled"
    gateway.join(who)
    assert devices.get(world, "cam-1-001").state == "active"
    assert eventually(lambda: devices.get(world, "cam-1-001").last_seen) is not None


OTHERS = [
    "d/cam-1-002/up/climate",
    "d/cam-1-002/event/offline",
    "d/cam-1-002/event/motion",
    "d/cam-1-002/state/reported",
    "d/cam-1-002/state/desired",
    "d/cam-1-002/down/reboot",
    "d/cam-1-001/down/reboot",
    "d/cam-1-001/state/desired",
    "$SYS/broker/uptime",
    "$MQTT/d/cam-1-002/up/climate",
    "$share/x/d/cam-1-002/down/reboot",
]
PATTERNS = [
    "d/cam-1-002/down/reboot", "d/cam-1-002/down/+", "d/cam-1-002/#", "d/cam-1-002/state/desired", "d/+/down/reboot",
    "d/+/state/desired", "d/#", "+/+/down/+", "#", "+/#", "$SYS/#", "$share/x/d/cam-1-002/down/#", "$MQTT/#", "/#",
]  # fmt: skip


@pytest.mark.parametrize("qos", [pytest.param(0, id="qos 0"), pytest.param(1, id="qos 1")])
@pytest.mark.parametrize("retain", [pytest.param(False, id="plain"), pytest.param(True, id="retained")])
@pytest.mark.parametrize("topic", OTHERS)
def test_no_device_speaks_for_another(gateway, world, topic, qos, retain):
    """The other device listens to all it may; nothing arrives there, nothing is stored, nothing is acknowledged."""
    one, other = gateway.join(gateway.make("cam-1-001")), gateway.join(gateway.make("cam-1-002"))
    assert other.hear("d/cam-1-002/#") == SubAck(9, (1,))
    one.send(Publish(topic, WARM, qos, 5 if qos else 0, retain=retain))
    assert one.ask(PingReq()) == PingResp()  # and no PUBACK before it
    assert other.ask(PingReq()) == PingResp()  # and no PUBLISH before it
    assert inbox.count(world.home) == 0
    later = gateway.join(gateway.make("cam-1-003"))
    later.hear("d/cam-1-003/#")
    assert later.ask(PingReq()) == PingResp()


def test_no_device_hears_for_another(gateway, world, refused):
    """All ways of listening to another are refused, and what is sent to the other comes to the other alone."""
    one, other = gateway.join(gateway.make("cam-1-001")), gateway.join(gateway.make("cam-1-002"))
    assert one.hear(*PATTERNS) == SubAck(9, (0x80,) * len(PATTERNS))
    assert one.hear("d/cam-1-001/#") == SubAck(9, (1,))
    other.hear("d/cam-1-002/#")
    mailbox.enqueue_down(world.home, "cam-1-002", "down/reboot", b"{}")
    mailbox.set_desired(world.home, "cam-1-002", b'{"led":1}')
    assert {other.receive().topic, other.receive().topic} == {"d/cam-1-002/down/reboot", "d/cam-1-002/state/desired"}
    assert one.ask(PingReq()) == PingResp()
    assert refused("cam-1-001", "foreign-subscription").count == len(PATTERNS)


@pytest.mark.parametrize(
    "topic", [pytest.param(f"d/cam-1-002/{below}", id=below) for below in ("event/offline", "up/climate", "down/x")]
)
def test_no_device_leaves_a_will_for_another(gateway, world, topic, refused):
    one = gateway.connect(gateway.make("cam-1-001"), will=Will(topic, b"{}", 1, retain=True))
    assert (one.receive(), one.receive()) == (ConnAck(5), None)
    assert inbox.count(world.home) == 0
    assert refused("cam-1-001", "foreign-topic")


def test_no_device_takes_anothers_name(gateway, refused):
    other = gateway.join(gateway.make("cam-1-002"))
    one = gateway.connect(gateway.make("cam-1-001"), client="cam-1-002")
    assert (one.receive(), one.receive()) == (ConnAck(2), None)
    assert other.ask(PingReq()) == PingResp()
    assert refused("cam-1-001", "client-id").detail == "cam-1-002"


def test_undeclared_traffic_is_counted_and_after_five_the_connection_ends(gateway, world, refused):
    one = gateway.join(gateway.make("cam-1-001"))
    one.send(
        *[Publish("d/cam-1-001/up/climate", b'{"voice":"hello"}', 1, n) for n in range(1, 5)],
        Publish("d/cam-1-002/up/climate", WARM, 1, 5),
        Publish("d/cam-1-001/up/climate", WARM, 1, 6),
    )
    assert one.receive() is None
    assert inbox.count(world.home) == 0
    field = refused("cam-1-001", "undeclared-field")
    assert (field.count, field.detail) == (4, "climate.voice")
    assert refused("cam-1-001", "foreign-topic").detail == "d/cam-1-002/up/climate"


@pytest.mark.parametrize("verb", ["quarantine", "revoke", "retire"])
def test_a_device_is_cut_off_within_three_seconds_and_not_let_in_again(gateway, world, staff, verb):
    who = gateway.make("cam-1-001")
    one = gateway.join(who, will=Will("d/cam-1-001/event/offline", b"{}"))
    started = time.monotonic()
    getattr(devices, verb)(world, staff, "cam-1-001", "it behaves badly")
    assert one.receive() is None
    assert time.monotonic() - started < 3
    again = gateway.connect(who)
    assert (again.receive(), again.receive()) == (ConnAck(5), None)
    assert inbox.count(world.home) == 0  # what is cut off has no last word


def test_a_restored_device_comes_back(gateway, world, staff, eventually):
    who = gateway.make("cam-1-001")
    gateway.join(who)
    devices.quarantine(world, staff, "cam-1-001", "it behaves badly")
    eventually(lambda: gateway.connect(who).receive() == ConnAck(5))
    devices.restore(world, staff, "cam-1-001", "it was us")
    assert gateway.join(who).say("d/cam-1-001/up/climate") == PubAck(1)


def test_a_second_connection_takes_over_and_the_first_leaves_its_will(gateway, world):
    who = gateway.make("cam-1-001")
    first = gateway.join(who, will=Will("d/cam-1-001/event/offline", b'{"reason":"gone"}'))
    second = gateway.join(who)
    assert first.receive() is None
    assert second.ask(PingReq()) == PingResp()
    second.say("d/cam-1-001/up/climate")
    assert [one.topic for one in inbox.recent(world.home, "cam-1-001")] == ["up/climate", "event/offline"]


def test_who_vanishes_leaves_its_will_and_who_says_goodbye_does_not(gateway, world, eventually):
    who = gateway.make("cam-1-001")
    polite = gateway.join(who, will=Will("d/cam-1-001/event/offline", b""))
    polite.send(Disconnect())
    assert polite.receive() is None
    gateway.join(who, will=Will("d/cam-1-001/event/offline", b'{"reason":"gone"}')).close()
    eventually(lambda: inbox.count(world.home))
    assert [one.payload for one in inbox.recent(world.home, "cam-1-001")] == [b'{"reason":"gone"}']


def test_a_persistent_session_finds_what_came_meanwhile(gateway, world, eventually):
    who = gateway.make("cam-1-001")
    one = gateway.connect(who, clean=False)
    assert one.receive() == ConnAck(0, present=False)
    assert one.hear("d/cam-1-001/down/+") == SubAck(9, (1,))
    one.send(Disconnect())
    assert one.receive() is None
    number = mailbox.enqueue_down(world.home, "cam-1-001", "down/reboot", b'{"in":5}')
    two = gateway.connect(who, clean=False)
    assert two.receive() == ConnAck(0, present=True)
    first = two.receive()
    assert first == Publish("d/cam-1-001/down/reboot", b'{"in":5}', 1, number % 65535 + 1)
    two.close()
    three = gateway.connect(who, clean=False)
    assert three.receive() == ConnAck(0, present=True)
    again = three.receive()
    assert (again.packet, again.dup) == (first.packet, True)
    three.send(PubAck(again.packet))
    eventually(lambda: mailbox.waiting(world.home, "cam-1-001") == 0)
    three.send(Unsubscribe(4, ("d/cam-1-001/down/+",)), Disconnect())
    three.receive()
    mailbox.enqueue_down(world.home, "cam-1-001", "down/reboot", b"")
    four = gateway.connect(who, clean=False)
    assert (four.receive(), four.ask(PingReq())) == (ConnAck(0, present=True), PingResp())


def test_a_clean_session_begins_with_nothing(gateway, world):
    who = gateway.make("cam-1-001")
    one = gateway.connect(who, clean=False)
    one.receive()
    one.hear("d/cam-1-001/down/+")
    one.close()
    mailbox.enqueue_down(world.home, "cam-1-001", "down/reboot", b"")
    two = gateway.join(who)
    assert two.hear("d/cam-1-001/#") == SubAck(9, (1,))
    assert two.ask(PingReq()) == PingResp()
    assert mailbox.waiting(world.home, "cam-1-001") == 0
    assert gateway.connect(who, clean=False).receive() == ConnAck(0, present=False)


def test_the_desired_state_is_retained(gateway, world):
    mailbox.set_desired(world.home, "cam-1-001", b'{"led":1}')
    who = gateway.make("cam-1-001")
    for _ in range(2):
        one = gateway.join(who)
        assert one.hear("d/cam-1-001/state/desired") == SubAck(9, (1,))
        found = one.receive()
        assert (found.payload, found.retain) == (b'{"led":1}', True)
        one.send(PubAck(found.packet))
        assert one.ask(PingReq()) == PingResp()
    mailbox.set_desired(world.home, "cam-1-001", b'{"led":0}')
    found = one.receive()
    assert (found.payload, found.retain) == (b'{"led":0}', False)


def test_a_new_declaration_reaches_a_live_connection(gateway, world, staff, eventually, monkeypatch):
    monkeypatch.setattr(upward, "REFUSALS_MOST", 10_000)  # it is tried until it passes
    one = gateway.join(gateway.make("cam-1-001"))
    text = products.text_of(world, "cam-1", 1).replace(b"[celsius, n]", b"[celsius, n, humidity]")
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")

    def taken():
        one.send(Publish("d/cam-1-001/up/climate", b'{"humidity":40}', 1, 3), PingReq())
        found = one.receive()
        return found == PubAck(3) or (one.receive() if isinstance(found, PubAck) else None)

    eventually(taken)
    assert inbox.latest(world.home, "cam-1-001", "climate").payload == b'{"humidity":40}'


def test_the_reported_version_reaches_the_registry(gateway, world, eventually):
    one = gateway.join(gateway.make("cam-1-001"))
    assert one.say("d/cam-1-001/state/reported", b'{"version":"1.0.1"}') == PubAck(1)
    assert one.say("d/cam-1-001/state/reported", b'{"health":"good"}') == PubAck(1)
    assert eventually(lambda: devices.get(world, "cam-1-001").version) == "1.0.1"


def test_reported_crashes_reach_the_registry(gateway, world, clock, eventually):
    one = gateway.join(gateway.make("cam-1-001"))
    for number, said in enumerate((b'{"version":"1.0.1","crashes":3}', b'{"crashes":5}'), start=1):
        assert one.say("d/cam-1-001/state/reported", said) == PubAck(1), number
        eventually(lambda: devices.get(world, "cam-1-001").version)
        eventually(lambda count=number: count == 1 or devices.crashes(world, "cam-1", clock.now() - timedelta(hours=2)))
    [crashed] = devices.crashes(world, "cam-1", clock.now() - timedelta(hours=2))
    assert (crashed.version, crashed.times) == ("1.0.1", 2)


def test_an_expired_certificate_is_answered(gateway, world, clock):
    who = gateway.make("cam-1-001")
    clock.advance(timedelta(days=world.settings.certificate_days + 1))
    assert gateway.connect(who).receive() == ConnAck(5)


def test_connect_twice_is_one_too_many(gateway):
    one = gateway.join(gateway.make("cam-1-001"))
    assert one.ask(Connect("cam-1-001")) is None


# Faults


def test_a_full_disk_withholds_the_acknowledgement_and_tells_newcomers_to_come_later(gateway, world, monkeypatch):
    who, other = gateway.make("cam-1-001"), gateway.make("cam-1-002")
    one = gateway.join(who)
    with monkeypatch.context() as broken:

        def full(*_):
            raise sqlite3.OperationalError("database or disk is full")

        broken.setattr(inbox.SqliteInbox, "_store", full)
        one.send(Publish("d/cam-1-001/up/climate", WARM, 1, 7))
        assert one.receive() is None
        assert gateway.connect(other).receive() == ConnAck(3)
    monkeypatch.setattr(gateway_module, "_RETRY_SECONDS", 0.0)  # the disk has room again, and some time has passed
    again = gateway.join(who)
    assert again.say("d/cam-1-001/up/climate", WARM, 7, dup=True) == PubAck(7)
    assert inbox.count(world.home) == 1


def test_a_database_that_does_not_answer_lets_nobody_in(gateway, monkeypatch):
    who = gateway.make("cam-1-001")

    def broken(*_):
        raise RuntimeError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(devices, "identify", broken)
        one = gateway.connect(who)
        assert (one.receive(), one.receive()) == (ConnAck(3), None)
    gateway.join(who)


def test_looking_for_cuts_survives_any_fault(gateway, world, staff, monkeypatch, eventually):
    one = gateway.join(gateway.make("cam-1-001"))
    calls, real = [], devices.cut_list

    def once_broken(*given):
        calls.append(given)
        if len(calls) < 3:
            raise RuntimeError("connection refused")
        return real(*given)

    monkeypatch.setattr(devices, "cut_list", once_broken)
    eventually(lambda: len(calls) > 3)
    devices.quarantine(world, staff, "cam-1-001", "it behaves badly")
    assert one.receive() is None


def test_counts_that_could_not_be_written_are_written_later(gateway, monkeypatch, refused):
    one = gateway.join(gateway.make("cam-1-001"))
    calls, real = [], devices.record_refusals

    def once_broken(*given):
        calls.append(given)
        if len(calls) == 1:
            raise Unavailable("The database is locked by another program.")
        real(*given)

    monkeypatch.setattr(devices, "record_refusals", once_broken)
    one.send(Publish("d/cam-1-002/up/climate", WARM))
    assert refused("cam-1-001", "foreign-topic").count == 1
    assert len(calls) > 1
