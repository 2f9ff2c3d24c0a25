"""Whose time it is: no name is known here."""

from dataclasses import fields

from careful.customer_data import Customer, Epoch


def test_a_customer_is_known_by_a_random_id_alone():
    assert {one.name for one in fields(Customer)} == {"id", "device", "since", "ended_at", "why", "epoch"}


def test_an_epoch_says_when_its_key_was_destroyed():
    assert {"closed_at", "destroyed_at"} <= {one.name for one in fields(Epoch)}
