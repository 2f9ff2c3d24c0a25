"""Whether a conversation is covered by the declaration."""

import dataclasses

import pytest

from careful.monitoring.places import declared, granted, place


def test_a_place_is_named_by_host_where_it_is_known(a_flow):
    assert place(a_flow()) == "cloud.example:8883/tcp"
    assert place(a_flow(host=None)) == "203.0.113.7:8883/tcp"


@pytest.mark.parametrize(
    ("what", "is_granted"),
    [
        ({"peer": "192.168.1.1", "port": 53, "transport": "udp"}, True),
        ({"peer": "fe80::1", "port": 547, "transport": "udp"}, True),
        ({"peer": "224.0.0.251", "port": 5353, "transport": "udp"}, True),
        ({"peer": "127.0.0.1", "port": 4444}, True),
        ({"peer": "8.8.8.8", "port": 53, "transport": "udp"}, False),
        ({"peer": "192.168.1.9", "port": 22}, False),
        ({"peer": "no address", "port": 53, "transport": "udp"}, False),
    ],
    ids=["near names", "near addresses", "multicast names", "itself", "far names", "near shell", "no address"],
)
def test_what_needs_no_declaring(what, is_granted, a_flow):
    assert granted(a_flow(host=None, **what)) is is_granted


def test_everything_is_covered_where_nothing_is_declared(expected, a_flow):
    assert declared(a_flow(host="evil.example"), dataclasses.replace(expected, hosts=None))
    assert not declared(a_flow(host="evil.example"), expected)
