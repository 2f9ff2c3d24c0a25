"""Sealing in a real gateway: nothing personal on disk, order kept, resends stored once, keys fetched and let go."""

import json
import time
from contextlib import suppress
from types import SimpleNamespace

from careful import customer_data, products
from careful.customer_data import sealing as form
from careful.entrypoints.gateway.mqtt.packets import PubAck, Publish
from careful.entrypoints.gateway.mqtt.sealing import Keyring, needs_key
from careful.kernel import inbox
from careful.kernel.errors import Unavailable

DEVICE = "cam-1-001"
ZONE = b'{"zone":"canary-9b1deb4d"}'


def on_disk(world):
    return b"".join(path.read_bytes() for path in sorted(world.home.rglob("*")) if path.is_file())


def opened(world, found):
    key = customer_data.key_of(world, found.device)
    record = customer_data.read_sealed(found.payload)
    return {name: form.open_field(key, found.topic, record, name) for name in record.sealed}


def test_a_personal_field_is_sealed_before_it_lies_anywhere(gateway, world):
    one = gateway.join(gateway.make(DEVICE))
    assert one.say(f"d/{DEVICE}/event/motion", ZONE, 7) == PubAck(7)
    (found,) = inbox.recent(world.home, DEVICE)
    assert opened(world, found) == {"zone": "canary-9b1deb4d"}
    assert b"canary-9b1deb4d" not in on_disk(world)
    one.say(f"d/{DEVICE}/up/climate", b'{"celsius":20}', 8)
    assert inbox.latest(world.home, DEVICE, "climate").payload == b'{"celsius":20}'  # as it came


def test_a_resend_is_stored_once_though_it_looks_different(gateway, world):
    one = gateway.join(gateway.make(DEVICE))
    one.say(f"d/{DEVICE}/event/motion", ZONE, 7)
    one.say(f"d/{DEVICE}/event/motion", ZONE, 7, dup=True)
    assert inbox.count(world.home) == 1
    one.say(f"d/{DEVICE}/event/motion", ZONE, 7)
    assert inbox.count(world.home) == 2


def test_a_declaration_that_makes_a_field_personal_holds_at_once(gateway, world, staff, eventually):
    text = b"schema: product/1\nproduct: {id: cam-1, name: C, models: [C]}\n"
    text += b"data: [{id: climate, fields: [n], personal: %s}]\n"
    products.declare(world, staff, text % b"false")
    products.approve(world, staff, "cam-1")
    one = gateway.join(gateway.make(DEVICE))
    topic = f"d/{DEVICE}/up/climate"
    assert one.say(topic, b'{"n":0}', 1) == PubAck(1)
    assert customer_data.customers_of(world, DEVICE) == []
    products.declare(world, staff, text % b"true")
    products.approve(world, staff, "cam-1")

    def sealed_now():
        one.say(topic, b'{"n":0}', 2)
        return customer_data.is_sealed(inbox.latest(world.home, DEVICE, "climate").payload)

    eventually(sealed_now)
    first = inbox.count(world.home)
    one.send(*(Publish(topic, b'{"n":%d}' % n, 1, n) for n in range(3, 60)))
    assert [one.receive() for _ in range(3, 60)] == [PubAck(n) for n in range(3, 60)]
    new = list(reversed(inbox.recent(world.home, DEVICE, limit=57)))
    assert [opened(world, found)["n"] for found in new] == list(range(3, 60))
    assert inbox.count(world.home) == first + 57


def test_messages_wait_in_their_order_for_a_key(gateway, world, monkeypatch):
    one, missing = gateway.join(gateway.make(DEVICE)), [True]

    def get(self, device):
        return None if missing and missing.pop() else self._keys.get(device)

    monkeypatch.setattr(Keyring, "get", get)
    topic, motion = f"d/{DEVICE}/up/climate", f"d/{DEVICE}/event/motion"
    one.send(Publish(motion, ZONE, 1, 1), Publish(topic, b'{"n":2}', 1, 2), Publish(motion, ZONE, 1, 3))
    assert [one.receive() for _ in range(3)] == [PubAck(n) for n in (1, 2, 3)]
    assert [found.topic for found in inbox.recent(world.home, DEVICE)] == ["event/motion", "up/climate", "event/motion"]


def test_without_the_epochs_key_nobody_is_let_in_to_say_what_cannot_be_sealed(gateway, world):
    who = gateway.make(DEVICE)
    gateway.join(who).close()
    (key,) = (world.home / customer_data.FOLDER).iterdir()
    key.rename(world.home / "away")
    answer = gateway.connect(who).receive()
    assert answer.code == 3
    (world.home / "away").rename(key)
    gateway.join(who)


def test_keys_of_the_absent_are_let_go(gateway, world):
    gateway.make(DEVICE)
    keys = Keyring(world)
    keys.fetch(DEVICE)
    keys.keep({DEVICE: None})
    keys.keep({})
    assert keys.get(DEVICE) is not None  # it may be about to join
    keys.keep({})
    assert keys.get(DEVICE) is None


def test_who_needs_a_key():
    head = b"schema: product/1\nproduct: {id: cam-1, name: C}\n"
    plain = products.permit(products.parse(head + b"data: [{id: a, fields: [x], personal: false}]\n"))
    event = products.permit(products.parse(head + b"events: [{name: a, fields: [x], personal: true}]\n"))
    assert (needs_key(plain), needs_key(event)) == (False, True)


def test_a_key_that_cannot_be_had_refuses_the_message(gateway, world, monkeypatch):
    one = gateway.join(gateway.make(DEVICE))

    def none(*_):
        raise Unavailable("no key")

    monkeypatch.setattr(Keyring, "get", lambda *_: None)
    monkeypatch.setattr(Keyring, "fetch", none)
    one.send(Publish(f"d/{DEVICE}/event/motion", ZONE, 1, 1))
    assert one.receive() is None  # not acknowledged: the device sends it again
    assert json.dumps("canary").encode() not in on_disk(world)
    assert inbox.count(world.home) == 0


def test_a_reset_is_acknowledged_when_the_key_is_gone_and_what_follows_is_the_next_customers(gateway, world):
    one = gateway.join(gateway.make(DEVICE))
    motion = f"d/{DEVICE}/event/motion"
    one.say(motion, ZONE, 1)
    before = customer_data.key_of(world, DEVICE).customer
    one.send(Publish(f"d/{DEVICE}/event/reset", b"{}", 1, 2), Publish(motion, ZONE, 1, 3))
    assert [one.receive(), one.receive()] == [PubAck(2), PubAck(3)]
    (receipt,) = customer_data.receipts(world, device=DEVICE)
    assert (receipt.customer, receipt.why) == (before, "reset")
    newest, event, oldest = inbox.recent(world.home, DEVICE)
    assert event.topic == "event/reset"
    after = customer_data.key_of(world, DEVICE).customer
    assert [customer_data.read_sealed(found.payload).customer for found in (oldest, newest)] == [before, after]
    assert before != after


def test_a_customers_end_reaches_the_gateway_within_a_second(gateway, world, staff, eventually):
    one = gateway.join(gateway.make(DEVICE))
    motion = f"d/{DEVICE}/event/motion"
    one.say(motion, ZONE, 1)
    eventually(lambda: holders(world))
    receipt = customer_data.end_customer(world, staff, DEVICE, "asked")
    eventually(lambda: all(each.at for each in customer_data.receipt(world, receipt.id).releases), 2)
    assert len(customer_data.receipt(world, receipt.id).releases) == 1
    one.say(motion, ZONE, 2)
    newest = customer_data.read_sealed(inbox.recent(world.home, DEVICE)[0].payload).customer
    assert newest == customer_data.key_of(world, DEVICE).customer != receipt.customer


def holders(world):
    with world.look() as connection:
        return connection.exec_driver_sql("SELECT id FROM customer_data_holder").all()


def test_a_products_own_reset_ends_nothing(gateway, world, staff, eventually):
    text = b"schema: product/1\nproduct: {id: cam-1, name: C, models: [C]}\n"
    text += b"events: [{name: reset, fields: [], personal: true}]\n"
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    one = gateway.join(gateway.make(DEVICE))
    assert one.say(f"d/{DEVICE}/event/reset", b"{}", 2) == PubAck(2)
    assert customer_data.receipts(world) == []


def test_who_is_cut_off_from_the_database_drops_all_keys(gateway, world, monkeypatch):
    """Receipts say that no copy is left with a gateway that was not heard of for long; this is why that is true."""
    gateway.make(DEVICE)
    ring, later = Keyring(world), []
    loop = SimpleNamespace(call_later=lambda seconds, *job: later.append((seconds, job)))
    ring.fetch(DEVICE)
    ring.beat()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + customer_data.LAPSE_SECONDS - 1)
    ring.watch(loop)
    assert ring.get(DEVICE) is not None
    monkeypatch.setattr(customer_data, "hold", lambda *_: 1 / 0)
    with suppress(ZeroDivisionError):
        ring.beat()
    monkeypatch.setattr(time, "monotonic", lambda: now + customer_data.LAPSE_SECONDS + 1)
    ring.watch(loop)
    assert ring.get(DEVICE) is None
    assert later == [(customer_data.HOLD_SECONDS, (ring.watch, loop))] * 2
