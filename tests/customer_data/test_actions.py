"""A customer's key: made when first needed, the same until their time ends, and nowhere in the clear."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from careful import customer_data, devices
from careful.kernel import ledger
from careful.kernel.errors import NotFound, Refused, Unavailable

DEVICE = "cam-1-001"


def told(world, name):
    with world.look() as connection:
        return ledger.read(connection, names=[name])


def test_the_first_need_begins_a_customers_time(house):
    world = house.world
    first = customer_data.key_of(world, DEVICE)
    again = customer_data.key_of(world, DEVICE)
    assert first.customer == again.customer
    assert first.digest(b"x") == again.digest(b"x")
    (customer,) = customer_data.customers_of(world, DEVICE)
    assert (customer.id, customer.device, customer.ended_at) == (first.customer, DEVICE, None)
    (began,) = told(world, "customer_data.customer_began")
    assert began.data == {"device": DEVICE, "product": "cam-1", "customer": first.customer}
    assert len(told(world, "customer_data.epoch_began")) == 1


def test_everybody_has_a_key_of_their_own(house):
    house.device("cam-1-002")
    one, other = (customer_data.key_of(house.world, name) for name in (DEVICE, "cam-1-002"))
    assert one.customer != other.customer
    assert one.digest(b"x") != other.digest(b"x")


def test_many_who_ask_at_once_get_one_customer(house):
    with ThreadPoolExecutor(4) as pool:
        found = {one.customer for one in pool.map(lambda _: customer_data.key_of(house.world, DEVICE), range(8))}
    assert len(found) == 1
    assert len(customer_data.customers_of(house.world, DEVICE)) == 1


def test_no_key_for_who_is_not_there(house):
    with pytest.raises(NotFound):
        customer_data.key_of(house.world, "cam-1-999")
    devices.retire(house.world, house.maker.staff, DEVICE, "broken")
    with pytest.raises(Refused, match="retired"):
        customer_data.key_of(house.world, DEVICE)
    assert customer_data.customers_of(house.world, DEVICE) == []


def test_without_the_epochs_key_nothing_opens_and_nothing_is_made_anew(house):
    customer_data.key_of(house.world, DEVICE)
    shutil.rmtree(house.world.home / customer_data.FOLDER)
    with pytest.raises(Unavailable, match="key of epoch 1 is not in"):
        customer_data.key_of(house.world, DEVICE)
    assert len(customer_data.customers_of(house.world, DEVICE)) == 1
