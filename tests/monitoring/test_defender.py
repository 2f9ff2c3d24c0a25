import json
from contextlib import suppress
from itertools import pairwise

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.monitoring.defender import MAX_BYTES, NoReport, Remote, accepted, read, rejected, since

LONG = {
    "header": {"report_id": 1530304554, "version": "1.0"},
    "metrics": {
        "listening_tcp_ports": {"ports": [{"interface": "eth0", "port": 24800}, {"port": 22}], "total": 2},
        "listening_udp_ports": {"ports": [{"interface": "eth0", "port": 5353}], "total": 1},
        "network_stats": {
            "bytes_in": 1157864729406,
            "bytes_out": 1170821865,
            "packets_in": 693092175,
            "packets_out": 7,
        },
        "tcp_connections": {
            "established_connections": {
                "connections": [
                    {"local_interface": "eth0", "local_port": 80, "remote_addr": "192.168.0.1:8000"},
                    {"remote_addr": "[2001:db8::1]:443"},
                ],
                "total": 2,
            }
        },
    },
    "custom_metrics": {"charge": [{"number": 1.5}], "names": [{"string_list": ["a", "b"]}]},
}
SHORT = {
    "hed": {"rid": 1530304554, "v": "1.0"},
    "met": {
        "tp": {"pts": [{"if": "eth0", "pt": 24800}, {"pt": 22}], "t": 2},
        "up": {"pts": [{"if": "eth0", "pt": 5353}], "t": 1},
        "ns": {"bi": 1157864729406, "bo": 1170821865, "pi": 693092175, "po": 7},
        "tc": {
            "ec": {
                "cs": [
                    {"li": "eth0", "lp": 80, "rad": "192.168.0.1:8000"},
                    {"rad": "[2001:db8::1]:443"},
                ],
                "t": 2,
            }
        },
    },
    "cmet": {"charge": [{"number": 1.5}], "names": [{"string_list": ["a", "b"]}]},
}


@pytest.mark.parametrize("said", [LONG, SHORT], ids=["long", "short"])
@pytest.mark.parametrize("cbor", [False, True], ids=["json", "cbor"])
def test_every_form_says_the_same(said, cbor):
    found = read(cbor2.dumps(said) if cbor else json.dumps(said).encode(), cbor=cbor)
    assert found.number == 1530304554
    assert found.counters["bytes_in"] == 1157864729406
    assert (found.listening_tcp, found.listening_udp, found.established) == ((22, 24800), (5353,), 2)
    assert found.remotes == (Remote("192.168.0.1", 8000, 80), Remote("2001:db8::1", 443, 0))
    assert found.custom == {"charge": 1.5, "names": 2.0}


def test_parts_may_be_missing():
    found = read(b'{"hed": {"rid": 1, "v": "1.0"}, "met": {}}')
    assert (found.counters, found.listening_tcp, found.established, found.remotes) == ({}, None, None, ())


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"{", "JSON cannot be read"), (b"[1]", "is an object"), (b"{}", "header is missing"),
        (b'{"hed": {"v": "1.0"}, "met": {}}', "report_id"), (b'{"hed": {"rid": 1, "v": "2.0"}, "met": {}}', "version"),
        (b'{"hed": {"rid": 1, "v": "1.0"}, "met": {"ns": {"bi": -1}}}', "bytes_in"),
        (b'{"hed": {"rid": 1, "v": "1.0"}, "met": {"tc": {"ec": {"cs": [{"rad": "nowhere"}]}}}}', "remote_addr"),
        (b'{"hed": {"rid": 1, "v": "1.0"}, "met": {"tp": {"pts": 5}}}', "ports is a list"),
        (b"[" * 100_000, "cannot be read"), (b" " * (MAX_BYTES + 1), "at most"),
    ],
    ids=["cut", "list", "empty", "id", "version", "negative", "address", "ports", "deep", "large"],
)  # fmt: skip
def test_what_is_no_report_says_why(said, why):
    with pytest.raises(NoReport, match=why):
        read(said)


@pytest.mark.parametrize("bomb", [b"\x9f" * 5000, b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", b"\xa1" * 3000], ids=str)
def test_cbor_bombs_are_no_report(bomb):
    with pytest.raises(NoReport):
        read(bomb, cbor=True)


def test_counters_that_grow_are_differenced_and_a_reset_is_said():
    assert since(None, {"bytes_in": 5}) == ({}, False)
    assert since({"bytes_in": 5}, {"bytes_in": 9, "bytes_out": 3}) == ({"bytes_in": 4}, False)
    assert since({"bytes_in": 5, "bytes_out": 1}, {"bytes_in": 3, "bytes_out": 2}) == (
        {"bytes_in": 3, "bytes_out": 2}, True,
    )  # fmt: skip


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=20).map(sorted))
def test_differences_add_up_to_all_that_grew(values):
    more = [since({"bytes_in": a}, {"bytes_in": b}).more["bytes_in"] for a, b in pairwise(values)]
    assert sum(more) == values[-1] - values[0]


def test_answers():
    assert json.loads(accepted("d", 5, 9)) == {"thingName": "d", "reportId": 5, "status": "ACCEPTED", "timestamp": 9}
    told = json.loads(rejected("d", "why", 9, 5))
    assert (told["status"], told["statusDetails"]["ErrorMessage"], told["reportId"]) == ("REJECTED", "why", 5)
    assert "reportId" not in json.loads(rejected("d", "why", 9))


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data):
    for cbor in (False, True):
        with suppress(NoReport):
            read(data, cbor=cbor)
