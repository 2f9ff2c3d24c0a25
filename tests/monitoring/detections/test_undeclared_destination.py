"""Talking with somebody whom the declaration does not name."""

import dataclasses

import pytest

from careful.monitoring.detections.undeclared_destination import Memory, detect

CASES = {
    "a declared host": ({"host": "cloud.example"}, False),
    "a declared host written otherwise": ({"host": "Cloud.Example."}, False),
    "a declared host at another port": ({"host": "cloud.example", "port": 23}, True),
    "a declared host by another transport": ({"host": "cloud.example", "transport": "udp"}, True),
    "another host": ({"host": "evil.example"}, True),
    "an address at a declared port, hosts' addresses not known": ({"host": None}, False),
    "an address at a port that nobody declared": ({"host": None, "port": 4444}, True),
    "a conversation that the other side opened": ({"host": "evil.example", "opened_by_device": False}, False),
    "names from one's own network": (
        {"host": None, "peer": "192.168.1.1", "port": 53, "transport": "udp"},
        False,
    ),
    "names from far away": ({"host": None, "peer": "9.9.9.9", "port": 53, "transport": "udp"}, True),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window, a_flow):
    what, fires = CASES[case]
    found, _ = detect(a_window(flows=(a_flow(**what),)), expected, Memory())
    assert (found is not None) is fires
    if found:
        assert found.limit_from == "declaration"
        assert found.device not in found.cause


def test_known_addresses_of_declared_hosts_decide_where_no_name_is_known(expected, a_window, a_flow):
    known = dataclasses.replace(expected, addresses={"cloud.example": frozenset({"198.51.100.1"})})
    good = a_window(flows=(a_flow(host=None, peer="198.51.100.1"),))
    bad = a_window(flows=(a_flow(host=None, peer="198.51.100.2"),))
    assert detect(good, known, Memory())[0] is None
    assert detect(bad, known, Memory())[0] is not None


def test_nothing_is_said_where_nothing_is_declared(expected, a_window, a_flow):
    blank = dataclasses.replace(expected, hosts=None)
    assert detect(a_window(flows=(a_flow(host="evil.example"),)), blank, Memory())[0] is None
