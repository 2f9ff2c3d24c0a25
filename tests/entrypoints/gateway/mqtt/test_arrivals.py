"""How often one may come."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.entrypoints.buckets import Levels
from careful.entrypoints.gateway.mqtt.arrivals import HELD_MOST, Arrivals, Paces
from careful.entrypoints.gateway.mqtt.packets import ConnAck


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_so_many_at_once_and_then_so_many_a_second():
    clock = Clock()
    levels = Levels(2.0, 5.0, clock, 100)
    assert [levels.take("a") for _ in range(7)] == [True] * 5 + [False] * 2
    assert levels.take("b")
    clock.now += 1.0
    assert [levels.take("a") for _ in range(3)] == [True, True, False]


def test_far_fewer_may_fail_and_a_good_neighbour_has_its_turn():
    clock = Clock()
    arrivals = Arrivals(Paces(), clock)
    greeted = 0
    for _ in range(1000):
        if arrivals.may_greet("198.51.100.7"):
            greeted += 1
            arrivals.failed("198.51.100.7")
    assert greeted == 60
    assert arrivals.may_greet("198.51.100.8")
    clock.now += 0.2
    assert all(arrivals.may_greet("198.51.100.7") for _ in range(50))  # those that do not fail


def test_who_waits_is_bounded_and_forgotten():
    arrivals = Arrivals(Paces(), Clock())
    assert [arrivals.hold("d1") for _ in range(HELD_MOST + 1)] == [True] * HELD_MOST + [False]
    for _ in range(HELD_MOST):
        arrivals.let_go("d1")
    assert arrivals.hold("d1")


@given(st.lists(st.floats(0, 5), max_size=60), st.floats(0.1, 10), st.integers(1, 20))
def test_never_more_than_the_burst_and_the_rate(pauses, rate, burst):
    clock = Clock()
    levels, taken = Levels(rate, float(burst), clock, 100), 0
    for pause in pauses:
        clock.now += pause
        taken += levels.take("a")
    assert taken <= burst + rate * (clock.now - 1000.0) + 1


@pytest.mark.parametrize("often", [True, False])
def test_a_device_that_connects_over_and_over_waits_and_another_does_not(running, refused, often):
    with running(paces=Paces(device=0.1, device_burst=3)) as gateway:
        device, other = gateway.make("cam-1-001"), gateway.make("cam-1-002")
        for _ in range(3 if often else 2):
            gateway.join(device).close()
        began = time.monotonic()
        client = gateway.connect(device)
        answer = client.receive()
        assert (answer != ConnAck(0), time.monotonic() - began > 1.5) == (often, often)
        client.close()
        gateway.join(other).close()
        if often:
            assert refused("cam-1-001", "connects-too-often").count == 1
