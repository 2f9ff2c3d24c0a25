"""The end of a customer's time: the key goes at once, the records soon, the receipt says what is true."""

import queue
from datetime import timedelta

import pytest

from careful import customer_data, devices
from careful.customer_data import Retirement, Sweeper, queries
from careful.customer_data.ending import RESETS_MOST
from careful.customer_data.records import InboxRecords
from careful.kernel import ledger
from careful.kernel.errors import NotFound, TooMany
from careful.kernel.inbox import Message, SqliteInbox, to_micros

DEVICE = "cam-1-001"


def told(world, name):
    with world.look() as connection:
        return [one.data for one in ledger.read(connection, names=[name])]


@pytest.fixture
def box(world):
    made = SqliteInbox(world.home, world.clock, days=3650)
    yield made
    made.close()


def say(box, world, payload=b"{}", device=DEVICE, topic="up/clip"):
    answers = queue.SimpleQueue()
    box.append([Message(device, topic, payload, to_micros(world.clock.now()))], answers.put)
    assert answers.get(timeout=20) is None


def test_the_key_is_gone_at_once_and_the_next_customer_is_another(house, staff):
    world = house.world
    first = customer_data.key_of(world, DEVICE)
    made = customer_data.end_customer(world, staff, DEVICE, "asked")
    assert (made.customer, made.device, made.product, made.why) == (first.customer, DEVICE, "cam-1", "asked")
    assert made.due == customer_data.epochs(world)[0].ends + timedelta(days=1)
    assert queries.wrapped_key(world, DEVICE) is None
    second = customer_data.key_of(world, DEVICE)
    assert second.customer != first.customer
    (event,) = told(world, "customer_data.customer_ended")
    assert (event["customer"], event["why"], event["epoch"], event["receipt"]) == (first.customer, "asked", 1, made.id)
    assert [one.why for one in customer_data.customers_of(world, DEVICE) if one.ended_at] == ["asked"]


def test_where_there_was_no_key_the_receipt_says_so(house, staff):
    made = customer_data.end_customer(house.world, staff, DEVICE, "asked")
    assert (made.customer, made.due) == ("", None)
    with pytest.raises(NotFound):
        customer_data.end_customer(house.world, staff, "cam-1-999", "asked")


def test_a_device_that_is_passed_on_forgets_whom_to_tell(house, staff):
    world = house.world
    customer_data.key_of(world, DEVICE)
    devices.set_owner(world, staff, DEVICE, "kim@example.com")
    assert customer_data.transfer(world, staff, DEVICE).why == "transfer"
    assert devices.owner_contacts(world, [DEVICE]) == []


def test_a_device_that_says_all_day_that_it_was_reset_is_not_believed(house):
    for _ in range(RESETS_MOST):
        customer_data.key_of(house.world, DEVICE)
        assert customer_data.reset(house.world, DEVICE).why == "reset"
    with pytest.raises(TooMany):
        customer_data.reset(house.world, DEVICE)
    house.world.clock.advance(timedelta(hours=2))
    customer_data.reset(house.world, DEVICE)


def test_who_retires_takes_the_key_along(house, staff):
    world = house.world
    house.device("cam-1-002")
    for name in (DEVICE, "cam-1-002"):
        customer_data.key_of(world, name)
    chore = Retirement()
    assert chore.advance(world) == 0
    devices.retire(world, staff, DEVICE, "broken")
    assert chore.advance(world) == 1
    assert chore.advance(world) == 0
    assert queries.wrapped_key(world, DEVICE) is None
    assert queries.wrapped_key(world, "cam-1-002") is not None
    assert Retirement().advance(world) == 0  # a new worker looks at it all again, and finds nothing to do


def test_what_was_sent_before_goes_and_what_comes_after_stays(house, staff, box):
    world = house.world
    records = InboxRecords(world.home, lambda _: None)
    customer_data.key_of(world, DEVICE)
    say(box, world)
    say(box, world, topic="event/motion")
    world.clock.advance(timedelta(seconds=5))
    made = customer_data.end_customer(world, staff, DEVICE, "asked")
    say(box, world, b'{"zone":"new"}')
    sweeper = Sweeper(records)
    assert sweeper.advance(world) == 2
    assert [one.payload for one in records.read(DEVICE)] == [b'{"zone":"new"}']
    assert sweeper.advance(world) == 0  # what was under way may still come
    assert customer_data.receipt(world, made.id).swept_at is None
    world.clock.advance(timedelta(minutes=2))
    assert sweeper.advance(world) == 1
    found = customer_data.receipt(world, made.id)
    assert (found.records, found.swept_at) == (2, world.clock.now())
    assert told(world, "customer_data.records_swept") == [
        {"device": DEVICE, "product": "cam-1", "receipt": made.id, "records": 2}
    ]
    assert sweeper.advance(world) == 0


def test_what_comes_late_is_swept_too(house, staff, box):
    world = house.world
    made = customer_data.end_customer(world, staff, DEVICE, "asked")
    world.clock.advance(timedelta(minutes=2))
    assert Sweeper(InboxRecords(world.home, lambda _: None)).advance(world) == 1
    world.clock.advance(timedelta(minutes=-5))
    say(box, world)  # a worker brought it only now
    world.clock.advance(timedelta(hours=5))
    assert Sweeper(InboxRecords(world.home, lambda _: None)).advance(world) == 1
    assert customer_data.receipt(world, made.id).records == 1
