"""Destinations that the quiet days did not have."""

import dataclasses

import pytest

from careful.monitoring.detections.new_destination import Memory, detect
from careful.monitoring.learnt import Learnt

QUIET = Learnt(places=frozenset({"cloud.example:8883/tcp", "203.0.113.9:443/tcp"}))
CASES = {
    "known by name": ({"host": "cloud.example"}, {}, False),
    "known by address": ({"host": None, "peer": "203.0.113.9", "port": 443}, {}, False),
    "new": ({"host": "evil.example"}, {}, True),
    "known host, new port": ({"host": "cloud.example", "port": 22}, {}, True),
    "local names": ({"host": None, "peer": "192.168.1.1", "port": 53, "transport": "udp"}, {}, False),
    "all machines near by": ({"host": None, "peer": "10.0.0.255", "port": 137, "transport": "udp"}, {}, False),
    "opened by others": ({"host": "evil.example", "opened_by_device": False}, {}, False),
    "no quiet day": ({"host": "evil.example"}, {"learnt": None}, False),
    "declared ones decide": ({"host": "evil.example"}, {"hosts": frozenset()}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window, a_flow):
    what, more, fires = CASES[case]
    given = dataclasses.replace(expected, **({"hosts": None, "learnt": QUIET} | more))
    assert (detect(a_window(flows=(a_flow(**what),)), given, Memory())[0] is not None) is fires
