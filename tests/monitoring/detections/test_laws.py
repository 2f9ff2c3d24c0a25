"""Laws that hold for every detection: more never un-fires, declared rates stay within the budget, all is documented."""
# ruff: noqa: S311 (what is drawn here is no secret)

import dataclasses
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careful.monitoring import ACTIONS, Expected, Flow, Rate, Watcher, Window, rules

EXPECTED = Expected(
    product="cam-9",
    hosts=frozenset({("cloud.example", 8883, "tcp")}),
    rates={"telemetry": Rate(60, 12_000, 3600), "motion": Rate(10, 5_000, 60)},
    heartbeat_seconds=300.0,
    streams={"telemetry": frozenset(), "motion": frozenset()},
)
counts = st.integers(0, 5_000)
RULES = {rule.id: rule for rule in rules()}

windows = st.builds(
    Window,
    device=st.just("d"),
    product=st.just("cam-9"),
    release=st.none(),
    start=st.just(1e6),
    messages=st.fixed_dictionaries({"up/telemetry": counts, "up/motion": counts}),
    bytes=st.fixed_dictionaries({"up/telemetry": st.integers(0, 10**8), "up/motion": st.integers(0, 10**8)}),
    refusals=st.fixed_dictionaries({"foreign-topic": counts, "unknown-topic": counts, "malformed-payload": counts}),
    connects=st.integers(0, 50),
    networks=st.frozensets(st.sampled_from("ABCDEF")),
    flows=st.lists(
        st.builds(
            Flow,
            at=st.just(1e6),
            device=st.just("d"),
            peer=st.sampled_from([f"198.51.100.{number}" for number in range(60)]),
            host=st.sampled_from([None, "cloud.example", "evil.example"]),
            port=st.sampled_from([23, 443, 8883]),
            transport=st.just("tcp"),
            bytes_out=st.integers(0, 10**6),
            packets_out=st.integers(0, 10**4),
            state=st.sampled_from(["attempt", "established"]),
        ),
        max_size=30,
    ).map(tuple),
    counters=st.fixed_dictionaries(
        {name: st.floats(0, 1e7) for name in ("bytes_out", "packets_out", "overlaps", "downgrades")}
    ),
    undeclared=st.dictionaries(st.sampled_from("abc"), st.integers(1, 9)),
    clock_offset=st.none() | st.floats(0, 1e6),
    refused_logins=st.integers(0, 50),
    forks=st.integers(0, 3),
)


def together(one: Window, other: Window) -> Window:
    """All that both windows hold, in one."""

    def added(a, b):
        return {name: a.get(name, 0) + b.get(name, 0) for name in {**a, **b}}

    offsets = [offset for offset in (one.clock_offset, other.clock_offset) if offset is not None]
    return dataclasses.replace(
        one,
        messages=added(one.messages, other.messages),
        bytes=added(one.bytes, other.bytes),
        refusals=added(one.refusals, other.refusals),
        connects=one.connects + other.connects,
        networks=one.networks | other.networks,
        flows=one.flows + other.flows,
        counters=added(one.counters, other.counters),
        undeclared=added(one.undeclared, other.undeclared),
        clock_offset=max(offsets) if offsets else None,
        refused_logins=one.refused_logins + other.refused_logins,
        forks=one.forks + other.forks,
    )


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"silence", "drift"}))
@settings(max_examples=50)
@given(less=windows, more=windows)
def test_more_of_it_never_unfires(rule, less, more):
    one = RULES[rule]
    fired, _ = one.detect(less, EXPECTED, one.memory())
    harder, _ = one.detect(together(less, more), EXPECTED, one.memory())
    if fired is not None:
        assert harder is not None
        assert ACTIONS.index(harder.action) >= ACTIONS.index(fired.action)


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_longer_silence_never_unfires(one, other):
    rule = RULES["silence"]
    short, long = sorted((one, other))
    memory = rule.memory(1e6)
    fired = [
        rule.detect(Window("d", "cam-9", None, 1e6 + after), EXPECTED, memory)[0] is not None for after in (short, long)
    ]
    assert fired[0] <= fired[1]


def poisson_days(devices: int, draw: random.Random):
    """Windows of one day at exactly the declared rates, device after device."""
    for number in range(devices):
        moments = []
        for stream, rate in EXPECTED.rates.items():
            at = draw.expovariate(rate.messages / rate.seconds)
            while at < 86_400:
                moments.append((at, stream, rate.bytes / rate.messages))
                at += draw.expovariate(rate.messages / rate.seconds)
        for at, stream, size in sorted(moments):
            topic = f"up/{stream}"
            yield Window(f"d{number}", "cam-9", "1.0.0", 1e6 + at, messages={topic: 1}, bytes={topic: int(size)})


def test_declared_rates_stay_within_the_budget():
    watcher, found, days = Watcher(), [], 4
    for window in poisson_days(days, random.Random(20)):
        found += watcher.see(window, EXPECTED)
    allowed = sum(rule.budget for rule in rules()) * days
    assert len(found) <= allowed, found


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_says_what_it_is(rule):
    one = RULES[rule]
    assert one.words.endswith(".")
    assert one.limit.endswith(".")
    assert 0 < one.budget <= 0.1
    assert one.action in ACTIONS
    memory = one.memory()
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=one.memory) == memory


@pytest.mark.parametrize("rule", sorted(RULES))
@settings(max_examples=30)
@given(seen=windows)
def test_what_is_remembered_can_be_kept(rule, seen):
    one = RULES[rule]
    _, memory = one.detect(seen, EXPECTED, one.memory())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=one.memory) == memory


def test_there_are_at_least_the_thirteen_that_were_asked_for():
    assert set(RULES) >= {
        "undeclared_destination", "undeclared_field", "large_transfer", "rate_over_limit", "scan", "flood",
        "refused_logins", "topic_probing", "two_places", "silence", "clock_jump", "downgrade", "drift",
    }  # fmt: skip
