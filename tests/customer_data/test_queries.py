"""Asking about customers: none of these tells a key."""

from careful import customer_data
from careful.customer_data.queries import wrapped_key


def test_whose_time_it_is(house):
    assert customer_data.customers_of(house.world, "cam-1-001") == []
    assert wrapped_key(house.world, "cam-1-001") is None
    key = customer_data.key_of(house.world, "cam-1-001")
    customer, wrapped = wrapped_key(house.world, "cam-1-001")
    assert [customer] == customer_data.customers_of(house.world, "cam-1-001")
    assert (customer.id, customer.epoch, len(wrapped)) == (key.customer, 1, 60)
