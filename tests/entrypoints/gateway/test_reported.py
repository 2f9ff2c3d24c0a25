"""What devices say of themselves."""

import json

import pytest

from careful.entrypoints.gateway.reported import CONNECTIONS, PEERS_MOST, UPDATE, flows, is_older, read


def said(topic, **message):
    return [(topic, json.dumps(message).encode())]


def test_a_connection_table_becomes_conversations():
    peers = ["203.0.113.9 4444 tcp established out", "2001:db8::1 443 tcp attempt out", "192.168.1.2 80 tcp x in"]
    told = read("d", said(CONNECTIONS, peers=peers, bytes_out=900, established_tcp=3, at="2026-11-02T09:00:00Z"), 0.0)
    assert [(one.peer, one.port, one.state, one.opened_by_device) for one in told.flows] == [
        ("203.0.113.9", 4444, "established", True),
        ("2001:db8::1", 443, "attempt", True),
        ("192.168.1.2", 80, "unknown", False),
    ]
    assert told.counters == {"bytes_out": 900.0, "established_tcp": 3.0}
    assert told.clock_offset == 1793610000.0


WRONG = {
    "no list": "203.0.113.9 1 tcp established out",
    "no text": [7, None, {}],
    "too few words": ["203.0.113.9 4444 tcp out"],
    "no address": ["evil.example 4444 tcp established out"],
    "no port": ["203.0.113.9 0 tcp established out", "203.0.113.9 65536 tcp established out"],
    "an endless port": ["203.0.113.9 " + "9" * 90 + " tcp established out"],
    "another transport": ["203.0.113.9 4444 icmp established out"],
    "an endless line": ["203.0.113.9 4444 tcp established out" + " " * 500],
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_line_says_nothing(case):
    assert flows("d", WRONG[case], 0.0) == ()


def test_a_table_is_read_so_far_and_no_further():
    peers = ["203.0.113.9 4444 tcp established out"] * 5000
    assert len(flows("d", peers, 0.0)) == PEERS_MOST


@pytest.mark.parametrize(
    "payload", [b"", b"[1]", b"{", b"[" * 100_000, b'{"bytes_out": "many", "at": "noon", "peers": 1}']
)
def test_what_cannot_be_read_says_nothing(payload):
    told = read("d", [(CONNECTIONS, payload)], 0.0)
    assert (told.flows, dict(told.counters), told.clock_offset) == ((), {}, None)


def test_a_refused_rollback_is_a_downgrade_attempt():
    refused = "refused: rollback: version 1.0.0 is not newer than 1.0.1"
    assert read("d", said(UPDATE, state="failed", reason=refused), 0.0).downgrades == 1
    assert read("d", said(UPDATE, state="succeeded", reason="rollback"), 0.0).downgrades == 0
    assert read("d", said(UPDATE, state="failed", reason="refused: tampered: length"), 0.0).downgrades == 0


@pytest.mark.parametrize(
    ("version", "before", "older"),
    [
        ("1.0.0", "1.0.1", True),
        ("1.9", "1.10", True),
        ("1.0", "1.0.0", False),
        ("1.0.1", "1.0.0", False),
        ("1.0.0", None, False),
        ("main-7f", "1.0.0", False),
    ],
)
def test_older_versions(version, before, older):
    assert is_older(version, before) is older


def test_an_agent_s_report_becomes_conversations_by_which_side_listens():
    connections = [{"lp": 22, "rad": "192.168.1.2:50000"}, {"lp": 40000, "rad": "203.0.113.9:443"}]
    metrics = {"tp": {"pts": [{"pt": 22}]}, "tc": {"ec": {"cs": connections, "t": 2}}, "ns": {"bo": 9}}
    told = read("d", said("defender/json", hed={"rid": 1, "v": "1.0"}, met=metrics), 5.0)
    assert [(one.peer, one.port, one.opened_by_device, one.state) for one in told.flows] == [
        ("192.168.1.2", 22, False, "established"),
        ("203.0.113.9", 443, True, "established"),
    ]
    assert told.counters == {"listening_tcp": 1.0, "established_tcp": 2.0}
    assert told.report.counters == {"bytes_out": 9}
    assert read("d", said("defender/cbor", hed={}), 5.0).report is None


def test_names_and_open_ports_stand_beside_the_table():
    peers = ["203.0.113.9 443 tcp established out", "203.0.113.8 443 tcp established out"]
    names = ["203.0.113.9 api.example", "203.0.113.9 Edge.example", "nowhere x", "203.0.113.8 a b", 7]
    doors = ["1900 udp", "22 tcp", "0 tcp", "99999999 udp", "x tcp", "5 icmp", None]
    told = read("d", said(CONNECTIONS, peers=peers, names=names, listening=doors), 0.0)
    assert [one.host for one in told.flows] == ["api.example|edge.example", None]
    assert told.listening == {(1900, "udp"), (22, "tcp")}
