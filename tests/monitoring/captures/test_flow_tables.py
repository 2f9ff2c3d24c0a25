import pytest

from careful.monitoring.captures.flow_tables import DAY, LOCAL, flows, is_table
from careful.monitoring.captures.limits import Damaged, Limits, NotRead
from careful.monitoring.captures.places import Devices

RULES = (
    "srcMac,dstMac,ethType,vlanId,srcIp,dstIp,ipProto,srcPort,dstPort,"
    "priority,icmpType,icmpCode,volumeTransmitted,packetCount"
)
OWN, GATE = "5c:e5:0c:0c:5e:e0", "f2:d5:bf:42:f9:d2"


def rule(source, target, **what):
    given = {
        "eth": "0x0800",
        "src": "*",
        "dst": "*",
        "proto": "6",
        "sp": "*",
        "dp": "*",
        "size": 500,
        "count": 5,
    } | what
    ends = (given["src"], given["dst"], given["proto"], given["sp"], given["dp"])
    return ",".join((source, target, given["eth"], "*", *ends, "800,*,*", str(given["size"]), str(given["count"])))


def table(*lines, header=RULES, **more):
    return list(flows([f"{one}\n".encode() for one in (header, *lines)], Devices(), **more))


def test_a_rule_table_names_the_side_that_was_called_by_its_port():
    found = table(
        rule(OWN, GATE, dst="cloud.example", dp="443"),
        rule(GATE, OWN, src="cloud.example", sp="443", size=900, count=9),
        rule(OWN, "*", sp="9999"),
        rule(OWN, GATE, dst="192.0.2.9", proto="17", dp="123"),
    )
    assert [(one.peer, one.host, one.port, one.transport, one.opened_by_device) for one in found] == [
        ("cloud.example", "cloud.example", 443, "tcp", True),
        (LOCAL, None, 9999, "tcp", False),
        ("192.0.2.9", "", 123, "udp", True),
    ]
    assert (found[0].bytes_out, found[0].bytes_in, found[0].packets_in, found[0].seconds) == (230, 414, 9, DAY)
    assert {one.device for one in found} == {OWN}
    assert table(rule(OWN, GATE, dst="a.example", dp="443"), called="plug", own="5CE50C0C5EE0")[0].device == "plug"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(rule(OWN, GATE, dst="a.example", dp="443", count=0), id="nothing matched"),
        pytest.param(rule(OWN, "ff:ff:ff:ff:ff:ff", eth="0x0806"), id="arp"),
        pytest.param(rule(OWN, GATE, proto="1"), id="icmp"),
        pytest.param(rule(OWN, GATE), id="any host, any port"),
        pytest.param(rule(OWN, GATE, dst="a.example"), id="any port"),
        pytest.param("short,line", id="short"),
    ],
)
def test_rows_that_say_nothing_are_left_out(line):
    assert table(line) == []


def test_a_list_of_conversations_is_known_by_its_columns():
    header = "Start Time,Src IP,Dst IP,Src Port,Dst Port,Protocol,Packets,Bytes,Duration,SNI"
    found = table("1000000000000,10.0.0.7,203.0.113.7,40000,443,6,3,300,1.5,A.example.", header=header)[0]
    assert (found.at, found.device, found.port, found.transport) == (1e9, "10.0.0.7", 443, "tcp")
    assert (found.bytes_out, found.packets_out, found.seconds, found.host) == (300, 3, 1.5, "a.example")


def test_times_as_dates_and_callers_from_outside():
    header = "ts,src_ip,dst_ip,dst_port,proto,bytes"
    found = table("1970-01-01T00:01:00+00:00,203.0.113.7,10.0.0.7,80,tcp,-", header=header)[0]
    assert (found.at, found.opened_by_device, found.bytes_in) == (60.0, False, 0)
    assert table("1,203.0.113.7,198.51.100.7,80,tcp,1", header=header) == []


def test_what_a_table_must_name():
    assert is_table(RULES)
    assert is_table("ts,saddr,daddr,dport,proto")
    assert not is_table("name,value")
    with pytest.raises(NotRead, match="target_port"):
        table(header="ts,src,dst,proto")


def test_damage_names_its_line():
    header = "src_ip,dst_ip,dst_port,proto"
    with pytest.raises(Damaged, match="line 3"):
        table("10.0.0.7,203.0.113.7,80,tcp", "10.0.0.7,203.0.113.7,eighty,tcp", header=header)
    with pytest.raises(Damaged, match="longer"):
        table("x" * 90, header=header, limits=Limits(line_bytes=60))
