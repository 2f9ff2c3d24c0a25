import json

import pytest

from careful.monitoring.captures.limits import Damaged, Limits
from careful.monitoring.captures.places import Devices
from careful.monitoring.captures.zeek import conversations, names, rows

HEAD = [
    b"#separator \\x09\n",
    b"#set_separator\t,\n",
    b"#empty_field\t(empty)\n",
    b"#unset_field\t-\n",
    b"#path\tconn\n",
]
FIELDS = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes",
    "resp_bytes", "conn_state", "orig_pkts", "resp_pkts",
)  # fmt: skip
ONE = ("5.5", "C1", "10.0.0.7", "40000", "203.0.113.7", "443", "tcp", "ssl", "2.5", "700", "900", "SF", "8", "9")
SYN = ("6.5", "C2", "10.0.0.7", "40001", "203.0.113.8", "23", "tcp", "-", "-", "-", "-", "S0", "1", "0")
IN = ("7.5", "C3", "203.0.113.9", "40001", "10.0.0.7", "80", "tcp", "-", "-", "-", "-", "REJ", "1", "1")


def log(*found, fields=FIELDS):
    return [
        *HEAD,
        "\t".join(("#fields", *fields)).encode() + b"\n",
        *("\t".join(one).encode() + b"\n" for one in found),
    ]


def flows(lines):
    return list(conversations(rows(lines), Devices()))


def as_json(*found):
    return [json.dumps({k: v for k, v in zip(FIELDS, one, strict=True) if v != "-"}).encode() for one in found]


@pytest.mark.parametrize("write", [log, as_json])
def test_both_forms_give_the_same_conversations(write):
    first, second, third = flows(write(ONE, SYN, IN))
    assert (first.at, first.device, first.peer, first.port, first.transport) == (
        5.5,
        "10.0.0.7",
        "203.0.113.7",
        443,
        "tcp",
    )
    assert (first.bytes_out, first.bytes_in, first.packets_out, first.seconds, first.state) == (
        700,
        900,
        8,
        2.5,
        "established",
    )
    assert (second.state, second.bytes_out) == ("attempt", 0)
    assert (third.device, third.opened_by_device, third.state) == ("10.0.0.7", False, "refused")


def test_a_time_may_be_written_out_and_icmp_has_no_port():
    line = {
        "ts": "1970-01-01T00:00:09Z",
        "id.orig_h": "10.0.0.7",
        "id.resp_h": "8.8.8.8",
        "id.resp_p": 0,
        "proto": "icmp",
    }
    one = flows([json.dumps(line).encode()])[0]
    assert (one.at, one.transport, one.port) == (9.0, "icmp", 0)


def test_names_from_dns_and_ssl():
    dns = log(("a.example", "203.0.113.7,edge.example,2001:db8::1"), fields=("query", "answers"))
    ssl = [b'{"server_name": "B.example.", "id.resp_h": "203.0.113.9"}']
    assert names(rows(dns)) == {"203.0.113.7": "a.example", "2001:db8::1": "a.example"}
    assert names(rows(ssl)) == {"203.0.113.9": "b.example"}
    assert names(rows(ssl * 5), Limits(names=0)) == {}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param([*log(ONE), b"a\tb\n"], "2 columns", id="columns"),
        pytest.param([b"a\tb\n"], "before a `#fields` line", id="no header"),
        pytest.param([b"{not json\n"], "is not JSON", id="json"),
        pytest.param([b"{" * 10_000], "is not JSON", id="deep json"),
        pytest.param([b"#separator \\xzz\n"], "separator", id="separator"),
        pytest.param([b'{"proto": "tcp"}\n'], "lacks", id="a field is missing"),
        pytest.param([b"x" * 400_000], "longer than", id="long line"),
    ],
)
def test_damage_names_its_line(lines, says):
    with pytest.raises(Damaged) as failure:
        flows(lines)
    assert says in failure.value.what


def test_what_came_before_damage_is_given():
    found = conversations(rows([*log(ONE), b"broken\n"]), Devices())
    assert next(found).port == 443
    with pytest.raises(Damaged):
        next(found)
