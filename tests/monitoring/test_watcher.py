"""Running detections over windows, and keeping what they remember."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from careful.monitoring import Expected, Flow, Watcher, Window


def strange(a_window, a_flow, **what):
    return a_window(flows=(a_flow(host="evil.example"),), **what)


def test_the_same_is_told_once_an_hour(expected, a_window, a_flow):
    watcher = Watcher()
    said = [watcher.see(strange(a_window, a_flow, start=1_000_000.0 + at), expected) for at in (0, 60, 3500, 3600)]
    assert [[one.rule for one in found] for found in said] == [
        ["undeclared_destination"],
        [],
        [],
        ["undeclared_destination"],
    ]


def test_what_became_harder_is_told_at_once(expected, a_window):
    watcher = Watcher()
    once = watcher.see(a_window(refusals={"foreign-topic": 1}), expected)
    again = watcher.see(a_window(start=1_000_001.0, refusals={"foreign-topic": 5}), expected)
    assert [one.action for one in once + again] == ["alert", "quarantine"]


def test_memories_survive_a_restart(expected, a_window, a_flow):
    before = Watcher()
    before.see(strange(a_window, a_flow), expected)
    after = Watcher()
    after.recall("cam-9-1", before.remembered("cam-9-1"))
    assert after.see(strange(a_window, a_flow), expected) == []
    before.see(strange(a_window, a_flow), expected)
    assert after.remembered("cam-9-1") == before.remembered("cam-9-1")


def test_what_cannot_be_read_begins_anew(expected, a_window, a_flow):
    watcher = Watcher()
    watcher.recall("cam-9-1", b"\xff")
    watcher.recall("cam-9-1", b"\x82\xa5flood\xa1x\xa4told\x07")
    assert watcher.see(strange(a_window, a_flow), expected)


def test_memory_is_bounded(expected, a_window):
    watcher = Watcher(devices_most=3)
    for number in range(10):
        watcher.see(a_window(device=f"d{number}"), expected)
    assert len(watcher) == 3
    assert watcher.remembered("d9") is not None
    assert watcher.remembered("d0") is None


def test_what_one_device_costs_is_bounded(expected, a_window, a_flow):
    watcher = Watcher()
    for second in range(300):
        flows = tuple(a_flow(host=f"h{second}-{number}.example", bytes_out=9999) for number in range(50))
        fields = {f"f{second}-{number}": 1 for number in range(20)}
        watcher.see(a_window(start=1_000_000.0 + second, flows=flows, undeclared=fields), expected)
    assert len(watcher.remembered("cam-9-1")) < 20_000


def test_a_forgotten_device_is_new_and_a_rearmed_one_is_told_again(expected, a_window, a_flow):
    watcher = Watcher()
    watcher.see(strange(a_window, a_flow), expected)
    watcher.rearm("cam-9-1")
    assert watcher.knows("cam-9-1")
    assert watcher.see(strange(a_window, a_flow), expected)
    watcher.forget("cam-9-1")
    assert not watcher.knows("cam-9-1")
    assert watcher.see(strange(a_window, a_flow), expected)


def test_usual_figures_are_known_after_half_an_hour(expected, a_window):
    watcher = Watcher()
    for minute in range(40):
        watcher.see(a_window(start=60.0 * minute, messages={"up/telemetry": 1}), expected)
    [(device, levels)] = watcher.usual()
    assert device == "cam-9-1"
    assert levels["messages"] > 0


@given(st.permutations([(device, second) for device in "abc" for second in range(3)]))
def test_order_of_devices_does_not_matter(order):
    order = sorted(order, key=lambda one: one[1]) if order[0][1] else order
    per_device = {device: sorted(at for one, at in order if one == device) for device in "abc"}
    queues = {device: list(times) for device, times in per_device.items()}
    watcher, found = Watcher(), []
    for device, _ in order:  # devices mixed in any order, each one's windows in theirs
        at = queues[device].pop(0)
        evil = Flow(1e6 + at, device, "203.0.113.7", "evil.example", 443, "tcp")
        seen = Window(device, "cam-9", None, 1e6 + at, flows=(evil,), refused_logins=3)
        found += watcher.see(seen, Expected("cam-9", hosts=frozenset()))
    assert sorted((one.device, one.rule) for one in found) == sorted(
        (device, rule) for device in "abc" for rule in ("refused_logins", "undeclared_destination")
    )


def test_a_blank_declaration_makes_no_noise(expected, a_window, a_flow):
    watcher = Watcher()
    quiet = a_window(messages={"up/x": 1}, bytes={"up/x": 100}, flows=(a_flow(host="a.example"),), connects=1)
    assert not any(watcher.see(dataclasses.replace(quiet, start=10.0 * n), Expected("cam-9")) for n in range(50))


def test_values_of_live_readings_are_said_and_kept_nowhere(expected, a_window):
    watcher, found = Watcher(), []
    for number, value in enumerate([*(20.0 + n % 7 for n in range(620)), 77777.5, 77777.5]):
        counters = {"reading:telemetry.temperature_c": value}
        found += watcher.see(a_window(start=1e6 + number, counters=counters), expected)
    assert [one.rule for one in found] == ["odd_reading"]
    assert "77777" not in str(found)
    assert b"reading:" not in watcher.remembered("cam-9-1")
