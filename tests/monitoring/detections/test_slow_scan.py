"""Scans that no minute shows."""

import dataclasses

import pytest

from careful.monitoring.detections.slow_scan import MOST, Memory, detect


def fired(expected, a_window, a_flow, tries, apart):
    memory, found = Memory(), []
    for n, what in enumerate(tries):
        start = 1e6 + n * apart
        flow = a_flow(**({"host": None, "state": "refused", "packets_out": 1} | what))
        detection, memory = detect(a_window(start=start, flows=(flow,)), expected, memory)
        found += [n] if detection else []
    return found


PORTS = [{"peer": "203.0.113.7", "port": 1000 + n} for n in range(60)]
CASES = {
    "a port a minute": (PORTS, 60, MOST),
    "a machine every five minutes": ([{"peer": f"192.168.1.{n + 1}", "port": 23} for n in range(60)], 300, MOST),
    "a port every twenty minutes": (PORTS, 1200, None),
    "one port of many far machines": ([{"peer": f"9.9.9.{n}", "port": 444} for n in range(60)], 60, None),
    "who answers": ([one | {"state": "established"} for one in PORTS], 60, None),
    "UDP": ([one | {"transport": "udp"} for one in PORTS], 60, None),
    "a declared host that is away": ([{"host": "cloud.example", "port": 8883}] * 60, 60, None),
}


@pytest.mark.parametrize("case", CASES)
def test_slow_scans(case, expected, a_window, a_flow):
    tries, apart, first = CASES[case]
    found = fired(dataclasses.replace(expected, addresses={}), a_window, a_flow, tries, apart)
    assert (found[0] if found else None) == first
