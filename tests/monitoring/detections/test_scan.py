"""Trying many addresses or ports."""

import pytest

from careful.monitoring.detections.scan import MOST, Memory, detect


def tries(a_flow, count, **what):
    given = {"host": None, "port": 23, "state": "attempt"} | what
    return tuple(a_flow(**({"peer": f"198.51.100.{number}"} | given)) for number in range(count))


def ports(a_flow, count, **what):
    given = {"host": None, "peer": "192.168.1.9", "state": "refused"} | what
    return tuple(a_flow(port=1000 + number, **given) for number in range(count))


CASES = {
    "a few that did not answer": (lambda flow: tries(flow, MOST), None),
    "many addresses": (lambda flow: tries(flow, MOST + 1), "quarantine"),
    "many ports": (lambda flow: ports(flow, MOST + 1), "quarantine"),
    "one address many times": (lambda flow: tries(flow, 90, peer="198.51.100.1"), None),
    "many that nobody declared and that answered": (lambda flow: ports(flow, 30, state="established"), "quarantine"),
    "many declared ones that answered": (
        lambda flow: tries(flow, 40, host="cloud.example", port=8883, state="established"),
        None,
    ),
    "many of its own ports tried by others": (lambda flow: ports(flow, 30, opened_by_device=False), "alert"),
    "many clients of its own": (lambda flow: ports(flow, 30, opened_by_device=False, state="established"), None),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window, a_flow):
    make, action = CASES[case]
    found, _ = detect(a_window(flows=make(a_flow)), expected, Memory())
    assert (found and found.action) == action


def test_a_search_of_the_local_network(expected, a_window):
    assert detect(a_window(counters={"arp_targets": 20.0}), expected, Memory())[0] is None
    assert detect(a_window(counters={"arp_targets": 21.0}), expected, Memory())[0].action == "quarantine"


def test_a_slow_scan_within_a_minute_adds_up_and_an_hour_does_not(expected, a_window, a_flow):
    for step, fires in ((1.0, True), (10.0, False)):
        memory, fired = Memory(), []
        for number in range(40):
            one = (a_flow(host=None, peer=f"198.51.100.{number}", port=23, state="attempt"),)
            found, memory = detect(a_window(start=1e6 + step * number, flows=one), expected, memory)
            fired += [found] if found else []
        assert bool(fired) is fires
