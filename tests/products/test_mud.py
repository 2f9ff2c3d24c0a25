from datetime import UTC, date, datetime
from typing import Any

import pytest

from careful.products.mud import mud, mud_url, ways
from careful.products.parsing import parse

ON = date(2026, 11, 22)
HEAD = "schema: product/1\nproduct: {id: cam-9, name: Test Cam, models: [TC-9]}\nsupport: {until: 2027-01-01}\n"
NET = (
    HEAD
    + """\
ecosystem:
  - id: device
    edges:
      - {to: cloud, protocol: mqtt, port: 8883, direction: out}
      - {to: time, protocol: ntp, direction: out}
      - {to: hub, protocol: https, direction: in}
      - {to: nobody, protocol: https, direction: out}
      - {to: cloud, protocol: carrier pigeon, direction: out}
  - {id: cloud, hosts: [a.example, b.example]}
  - {id: time, hosts: [time.example]}
  - {id: hub, hosts: [hub.example]}
  - {id: nobody}
  - {id: app, edges: [{to: cloud, protocol: https, direction: out}]}
"""
)


def entries(made: dict[str, Any], name: str) -> list[dict[str, Any]]:
    lists = made["ietf-access-control-list:acls"]["acl"]
    found: list[dict[str, Any]] = next(one for one in lists if one["name"] == name)["aces"]["ace"]
    return found


def test_ways_are_the_device_s_own_and_what_is_left_out_is_named():
    found, left_out = ways(parse(NET.encode()))
    assert [(one.host, one.transport, one.port, one.to_device) for one in found] == [
        ("a.example", 6, 8883, False),
        ("b.example", 6, 8883, False),
        ("time.example", 17, 123, False),
        ("hub.example", 6, 443, True),
    ]
    assert len(left_out) == 2
    assert "no hosts are given for `nobody`" in left_out[0]


def test_the_file_is_a_mud_file():
    made = mud(parse(NET.encode()), ON, "https://maker.example/cam-9.json")
    assert made is not None
    head = made["ietf-mud:mud"]
    assert (head["mud-version"], head["mud-url"]) == (1, "https://maker.example/cam-9.json")
    assert (head["last-update"], head["is-supported"]) == ("2026-11-22T00:00:00+00:00", True)
    names = [head[f"{way}-device-policy"]["access-lists"]["access-list"][0]["name"] for way in ("from", "to")]
    assert names == [one["name"] for one in made["ietf-access-control-list:acls"]["acl"]]


def test_entries_match_packets_in_both_directions():
    made = mud(parse(NET.encode()), ON, "x")
    assert made is not None
    leaving, coming = entries(made, "from-cam-9"), entries(made, "to-cam-9")
    assert leaving[0]["matches"] == {
        "ipv4": {"protocol": 6, "ietf-acldns:dst-dnsname": "a.example"},
        "tcp": {
            "destination-port": {"operator": "eq", "port": 8883},
            "ietf-mud:direction-initiated": "from-device",
        },
    }
    assert coming[0]["matches"]["tcp"]["source-port"] == {"operator": "eq", "port": 8883}
    assert leaving[2]["matches"]["udp"] == {"destination-port": {"operator": "eq", "port": 123}}
    assert leaving[3]["matches"]["tcp"]["source-port"] == {"operator": "eq", "port": 443}
    assert coming[3]["matches"]["tcp"]["ietf-mud:direction-initiated"] == "to-device"
    assert len({one["name"] for one in leaving}) == len(leaving)


def test_a_product_past_its_support_end_is_not_supported():
    made = mud(parse(NET.encode()), date(2027, 1, 2), "x")
    assert made is not None
    assert made["ietf-mud:mud"]["is-supported"] is False


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("", id="no ecosystem"),
        pytest.param("ecosystem: [{id: device}]\n", id="no edges"),
        pytest.param(
            "ecosystem: [{id: device, edges: [{to: c, protocol: https}]}, {id: c, hosts: [a.example]}]\n", id="blank"
        ),
    ],
)
def test_without_a_way_there_is_no_file(lines: str):
    assert mud(parse((HEAD + lines).encode()), ON, "x") is None


def test_what_else_stands_in_it_where_it_is_known():
    updated = datetime(2026, 11, 1, 12, 30, 15, 999, tzinfo=UTC)
    made = mud(
        parse(NET.encode()), ON, mud_url("https://maker.example", "cam-9", 3),
        updated=updated, signature="https://maker.example/mud/cam-9/3.p7s", maker="Maker", page="https://maker.example/p/TC-9",
    )  # fmt: skip
    assert made is not None
    head = made["ietf-mud:mud"]
    assert head["mud-url"] == "https://maker.example/mud/cam-9/3.json"
    assert head["mud-signature"] == "https://maker.example/mud/cam-9/3.p7s"
    assert (head["mfg-name"], head["documentation"]) == ("Maker", "https://maker.example/p/TC-9")
    assert head["last-update"] == "2026-11-01T12:30:15+00:00"
    assert mud_url("https://maker.example", "cam-9") == "https://maker.example/mud/cam-9.json"
