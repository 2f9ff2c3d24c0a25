"""Services that nobody declared and that open ways in."""

import dataclasses

import pytest

from careful.monitoring.detections.open_service import Memory, detect

DECLARED = frozenset({("any", 5353, "udp")})
CASES = {
    "nothing is said": ({}, None),
    "SSDP": ({"listening": {(1900, "udp"), (443, "tcp")}}, "1900/udp"),
    "mDNS, and it is declared": ({"listening": {(5353, "udp")}}, None),
    "a port of its own": ({"listening": {(8080, "tcp"), (40_000, "udp")}}, None),
    "telnet": ({"listening": {(23, "tcp")}}, "23/tcp"),
}


@pytest.mark.parametrize("case", CASES)
def test_open_services(case, expected, a_window):
    what, cause = CASES[case]
    known = dataclasses.replace(expected, inbound=DECLARED)
    found, _ = detect(a_window(**{name: frozenset(value) for name, value in what.items()}), known, Memory())
    assert (found and found.cause) == (cause and f"open_service|cam-9|{cause}")
    if found:
        assert (found.action, found.limit_from) == ("alert", "declaration")


def test_a_port_asked_of_the_router(expected, a_window, a_flow):
    asked = a_window(flows=(a_flow("router", 5351, "udp", peer="192.168.0.1"),))
    assert detect(asked, expected, Memory())[0].cause == "open_service|cam-9|mapping"
    allowed = dataclasses.replace(expected, hosts=frozenset({("router", 5351, "udp")}))
    assert detect(asked, allowed, Memory())[0] is None


def test_where_the_declaration_is_silent_it_is_a_note(expected, a_window):
    silent = dataclasses.replace(expected, inbound=None)
    found, _ = detect(a_window(listening=frozenset({(1900, "udp")})), silent, Memory())
    assert (found.action, found.limit_from) == ("note", "built-in")
