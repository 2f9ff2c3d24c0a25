"""The half of a session that comes up, on its own: what is in flight, and what a will becomes. The rest is
conversations, in `test_session` and `test_session5`."""

from careful import products
from careful.entrypoints.gateway.mqtt.events import Store, Stored
from careful.entrypoints.gateway.mqtt.packets import Publish, Will
from careful.entrypoints.gateway.mqtt.permission import Denied
from careful.entrypoints.gateway.mqtt.upward import IN_FLIGHT_MOST, Upward

PRODUCT = b"""\
schema: product/1
product: {id: cam-1}
data:
  - {id: climate, fields: [celsius], personal: false}
"""
CLIMATE = "d/a/up/climate"


def upward():
    made = Upward()
    made.device, made.permit = "a", products.permit(products.parse(PRODUCT))
    return made


def test_what_is_in_flight():
    up = upward()
    for number in range(1, IN_FLIGHT_MOST + 1):
        assert not up.is_full
        up.publish(Publish(CLIMATE, b"{}", 1, number), 0.0)
    assert up.is_full
    assert not up.is_relaxed
    up.on_disk(Stored(tuple(range(1, IN_FLIGHT_MOST // 2 + 1))))
    assert up.is_relaxed
    assert not up.is_settled
    up.on_disk(Stored(tuple(range(IN_FLIGHT_MOST // 2 + 1, IN_FLIGHT_MOST + 1))))
    assert up.is_settled


def test_a_will():
    up = upward()
    assert up.will(Will("d/a/event/offline", b'{"reason":"x"}')) == Store(0, "event/offline", b'{"reason":"x"}')
    assert up.will(Will("d/a/event/offline", b"")) == Store(0, "event/offline", b"")
    assert up.will(Will("d/a/event/offline", b"\xa1\x66reason\x61x")) == Store(0, "event/offline", b'{"reason":"x"}')
    assert isinstance(up.will(Will("d/a/event/offline", b'{"voice":1}')), Denied)


def test_topics_that_are_refused_are_not_remembered():
    up = upward()
    for number in range(4):
        up.publish(Publish(f"d/a/up/{number}", b"{}"), 0.0)
    assert up._routes == {}
