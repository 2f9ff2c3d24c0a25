"""Epochs follow each other: living keys stay readable, the old key goes, and nothing depends on when we are killed."""

import time
from datetime import timedelta

import pytest

from careful import customer_data
from careful.customer_data import epoch_keys, epochs, queries, rotation, store, turn_epochs
from careful.customer_data.epoch_keys import EpochKeys
from careful.customer_data.rotation import begin_epoch
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.errors import Refused, Unavailable
from careful.kernel.settings import Settings
from careful.kernel.work import World

DEVICES = ["cam-1-001", "cam-1-002", "cam-1-003"]
MONTH = timedelta(days=31)


@pytest.fixture
def marks(house):
    """What tells each customer's key."""
    for name in DEVICES[1:]:
        house.device(name)
    return {name: mark(house.world, name) for name in DEVICES}


def mark(world, device):
    return customer_data.key_of(world, device).digest(b"x")


def all_marks(world):
    return {name: mark(world, name) for name in DEVICES}


def files(world):
    return sorted(path.name for path in (world.home / customer_data.FOLDER).iterdir())


def begin(world):
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        return begin_epoch(work, epoch_keys(world), 30)


def test_an_epoch_lasts_its_days(world, clock):
    first = begin(world)
    assert first.ends - first.begins == timedelta(days=30)
    assert begin(world) == first
    clock.advance(timedelta(days=30))
    assert begin(world).number == 2
    assert [one.number for one in epochs(world)] == [1, 2]


def test_nothing_is_due_before_its_time(house, marks):
    assert turn_epochs(house.world) == 0
    assert files(house.world) == ["epoch-00001.key"]


def test_living_keys_move_on_and_the_old_key_is_destroyed(house, marks, staff):
    world = house.world
    gone = customer_data.end_customer(world, staff, DEVICES[2], "asked")
    old = {name: queries.wrapped_key(world, name)[1] for name in DEVICES[:2]}
    world.clock.advance(MONTH)
    assert turn_epochs(world) == 3
    assert files(world) == ["epoch-00002.key"]
    assert {name: mark(world, name) for name in DEVICES[:2]} == {name: marks[name] for name in DEVICES[:2]}
    with pytest.raises(Unavailable):
        epoch_keys(world).unwrap(1, list(old.items()))  # what a backup of then holds
    first, second = epochs(world)
    assert (first.closed_at, first.destroyed_at, second.destroyed_at) == (world.clock.now(), world.clock.now(), None)
    assert customer_data.receipt(world, gone.id).destroyed_at == world.clock.now()
    with world.look() as connection:
        (event,) = ledger.read(connection, names=["customer_data.epoch_destroyed"])
    assert event.data["epoch"] == 1
    assert turn_epochs(world) == 0


class Killed(BaseException):
    """The process ends here."""


PLACES = [
    pytest.param(EpochKeys, "make", "before", id="before the new key is made"),
    pytest.param(EpochKeys, "make", "after", id="after the new key is made, before its row"),
    pytest.param(EpochKeys, "wrap", "before", id="before keys are wrapped"),
    pytest.param(store, "rewrap", "after", id="in the transaction that moves keys"),
    pytest.param(EpochKeys, "destroy", "before", id="before the old key is destroyed"),
    pytest.param(EpochKeys, "destroy", "after", id="after it is destroyed, before that is noted"),
]


@pytest.mark.parametrize(("place", "name", "when"), PLACES)
def test_killed_anywhere_it_is_done_the_next_time(house, marks, monkeypatch, place, name, when):
    world, real = house.world, getattr(place, name)
    world.clock.advance(MONTH)

    def killed(*given):
        if when == "after":
            real(*given)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(place, name, killed)
        with pytest.raises(Killed):
            turn_epochs(world)
        if place is not EpochKeys or name != "make":
            assert all_marks(world) == marks  # gateways go on meanwhile
    turn_epochs(world)
    assert files(world) == ["epoch-00002.key"]
    assert all_marks(world) == marks
    assert [one.destroyed_at is None for one in epochs(world)] == [False, True]


def test_a_key_made_in_between_is_not_lost(house, marks, monkeypatch):
    """A customer whose key is wrapped while the epochs change hands is under the newest, or is moved."""
    world = house.world
    house.device("cam-1-004")
    world.clock.advance(MONTH)
    real = rotation._move_some

    def moving(*given):
        mark(world, "cam-1-004")
        return real(*given)

    monkeypatch.setattr(rotation, "_move_some", moving)
    turn_epochs(world)
    assert queries.wrapped_key(world, "cam-1-004")[0].epoch == 2
    assert all_marks(world) == marks


def test_a_wrong_key_file_destroys_nothing(house, marks):
    world = house.world
    path = world.home / customer_data.FOLDER / "epoch-00001.key"
    good = path.read_bytes()
    path.write_bytes(b"x" * 32)
    world.clock.advance(MONTH)
    with pytest.raises(Refused, match="not the one that was made"):
        turn_epochs(world)
    path.write_bytes(good)
    turn_epochs(world)
    assert all_marks(world) == marks


def test_a_key_that_does_not_open_is_given_up(house, marks):
    """It was damaged in the database: nothing brings it back, and it must not keep the old epoch alive."""
    world = house.world
    damaged = queries.wrapped_key(world, DEVICES[0])[0].id
    with world.change(SYSTEM) as work:
        work.connection.execute(
            store.customer.update().where(store.customer.c.id == damaged).values(wrapped=b"damaged")
        )
    world.clock.advance(MONTH)
    turn_epochs(world)
    assert files(world) == ["epoch-00002.key"]
    assert customer_data.customers_of(world, DEVICES[0])[0].why == "key lost"
    assert mark(world, DEVICES[1]) == marks[DEVICES[1]]


def test_many_keys_a_second(world, clock):
    first = begin(world)
    keys = [(f"c{n:05d}", n.to_bytes(32, "big")) for n in range(4000)]
    wrapped = epoch_keys(world).wrap(first.number, keys)
    with world.change(SYSTEM) as work:
        rows = [
            {"id": one, "device": one, "since": work.now, "why": "", "epoch": 1, "wrapped": key}
            for (one, _), key in zip(keys, wrapped, strict=True)
        ]
        work.connection.execute(store.customer.insert(), rows)
    clock.advance(MONTH)
    began = time.perf_counter()
    assert turn_epochs(world) == 4001
    assert time.perf_counter() - began < 8  # a tenth of a second where nothing else runs
    customer, key = queries.wrapped_key(world, "c03999")
    assert epoch_keys(world).unwrap(2, [(customer.id, key)]) == [(3999).to_bytes(32, "big")]


def test_keys_that_are_lost_are_given_up_in_so_many_words(house, marks, staff):
    """After a restore without the epoch's key: what was sealed is lost, what comes now is taken again."""
    world = house.world
    with pytest.raises(Refused, match="nothing is lost"):
        rotation.give_up_keys(world, staff)
    (world.home / customer_data.FOLDER / "epoch-00001.key").unlink()
    assert rotation.give_up_keys(world, staff) == 3
    with world.look() as connection:
        (event,) = ledger.read(connection, names=["customer_data.keys_lost"])
    assert event.data == {"epoch": 1, "customers": 3}
    assert customer_data.customers_of(world, DEVICES[0])[0].why == "key lost"
    assert mark(world, DEVICES[0]) != marks[DEVICES[0]]
    assert files(world) == ["epoch-00002.key"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_same_with_keys_in_a_token(house, token):
    settings = Settings(data=house.world.home, epoch_keys=token)
    world = World(house.world.database, house.world.clock, settings, house.world.keys, house.world.home)
    before, old = mark(world, DEVICES[0]), queries.wrapped_key(world, DEVICES[0])
    world.clock.advance(MONTH)
    assert turn_epochs(world) == 2
    assert mark(world, DEVICES[0]) == before
    assert not (world.home / customer_data.FOLDER).exists()
    with pytest.raises(Unavailable, match="key of epoch 1 is not in the token"):
        epoch_keys(world).unwrap(1, [(old[0].id, old[1])])
