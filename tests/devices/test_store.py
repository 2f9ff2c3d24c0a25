"""Statements whose order or guard matters: numbers in series, keys and serials claimed once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from careful import devices
from careful.devices import store
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World


def test_numbers_of_a_series_have_no_gap_and_no_double(world: World) -> None:
    def take(_: int) -> int:
        with world.change(SYSTEM) as work:
            return store.next_number(work.connection, "cut")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(20))) == list(range(1, 21))


def test_series_are_apart(world: World) -> None:
    with world.change(SYSTEM) as work:
        assert [store.next_number(work.connection, name) for name in ("a", "b", "a")] == [1, 1, 2]


def test_a_key_stays_with_who_claimed_it_first(world: World) -> None:
    with world.change(SYSTEM) as work:
        assert [store.claim_key(work.connection, "f" * 64, name) for name in ("a", "b", "a")] == ["a", "a", "a"]


def test_a_serial_number_is_one_devices_within_a_product(world: World, fleet: Any) -> None:
    for name, product in (("a", "cam-1"), ("b", "cam-1"), ("c", "lock-1")):
        fleet.token(name, product)

    def claim(name: str, serial: str) -> bool:
        with world.change(SYSTEM) as work:
            return store.claim_serial(work.connection, devices.get(world, name), serial)

    assert claim("a", "SN-1")
    assert claim("a", "SN-1")
    assert not claim("a", "SN-2")
    assert not claim("b", "SN-1")
    assert claim("c", "SN-1")
