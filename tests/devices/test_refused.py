"""Refusals: every one is counted, the ledger hears of them once a minute."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careful import devices
from careful.devices import Refusal
from careful.kernel import ledger
from careful.kernel.clock import ManualClock
from careful.kernel.work import World

NUMBERS = itertools.count()


def told(world: World) -> list[int]:
    with world.look() as connection:
        return [entry.data["count"] for entry in ledger.read(connection, names=["devices.traffic_refused"])]


def refuse(world: World, clock: ManualClock, count: int = 1, kind: str = "topic", device: str = "cam-1-001") -> None:
    devices.record_refusals(world, [Refusal(device, kind, "d/cam-1-002/up/x", count, clock.now())])


def test_the_ledger_hears_at_once_and_then_once_a_minute(world: World, clock: ManualClock) -> None:
    for _ in range(5):
        refuse(world, clock, 2)
        clock.advance(timedelta(seconds=10))
    assert told(world) == [2]
    clock.advance(timedelta(seconds=10))
    refuse(world, clock, 2)
    assert told(world) == [2, 10]
    [counted] = devices.refusals(world, "cam-1-001")
    assert (counted.kind, counted.count, counted.detail) == ("topic", 12, "d/cam-1-002/up/x")
    assert counted.last_at - counted.first_at == timedelta(seconds=60)


def test_what_no_later_refusal_would_carry_is_told_by_the_worker(world: World, clock: ManualClock) -> None:
    refuse(world, clock)
    refuse(world, clock, 3)
    assert devices.tell_refusals(world) == 0
    clock.advance(timedelta(minutes=1))
    assert devices.tell_refusals(world) == 1
    assert devices.tell_refusals(world) == 0
    assert told(world) == [1, 3]


def test_devices_and_kinds_are_told_apart(world: World, clock: ManualClock) -> None:
    refuse(world, clock)
    refuse(world, clock, kind="field")
    refuse(world, clock, device="cam-1-002")
    assert told(world) == [1, 1, 1]
    assert len(devices.refusals(world)) == 3
    assert len(devices.refusals(world, "cam-1-001")) == 2


def test_one_call_may_carry_many(world: World, clock: ManualClock) -> None:
    now = clock.now()
    devices.record_refusals(world, [])
    devices.record_refusals(world, [Refusal("a", "topic", f"t{n}", 1, now) for n in range(1000)])
    [counted] = devices.refusals(world)
    assert (counted.count, counted.detail) == (1000, "t999")
    assert told(world) == [1000]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param("\x1b[31mred", "\N{REPLACEMENT CHARACTER}[31mred", id="terminal escape"),
        pytest.param("a\nb", "a\N{REPLACEMENT CHARACTER}b", id="line break"),
        pytest.param("x" * 500, "x" * 200, id="over-long"),
        pytest.param("\ud800", "\N{REPLACEMENT CHARACTER}", id="lone surrogate"),
    ],
)
def test_what_strangers_write_is_cut_to_what_can_be_shown(
    world: World, clock: ManualClock, said: str, kept: str
) -> None:
    devices.record_refusals(world, [Refusal("a", "k" * 60, said, 0, clock.now())])
    [counted] = devices.refusals(world)
    assert (counted.detail, counted.count, counted.kind) == (kept, 1, "k" * 40)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 90)), min_size=1, max_size=8))
def test_nothing_is_lost_between_counter_and_ledger(
    world: World, clock: ManualClock, story: list[tuple[int, int]]
) -> None:
    name = f"device-{next(NUMBERS)}"  # the world is shared by all examples
    for count, seconds in story:
        refuse(world, clock, count, device=name)
        clock.advance(timedelta(seconds=seconds))
    clock.advance(timedelta(minutes=1))
    devices.tell_refusals(world)
    with world.look() as connection:
        heard = [entry.data["count"] for entry in ledger.read(connection, subject=f"device/{name}")]
    assert sum(heard) == sum(count for count, _ in story) == devices.refusals(world, name)[0].count
