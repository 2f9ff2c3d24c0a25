"""An agent of Device Defender, unchanged, over a real connection: every form is answered, and nothing is kept."""

import json

import cbor2
import pytest

from careful import monitoring, products
from careful.entrypoints.gateway.mqtt.packets import PingReq, PingResp, Publish, SubAck
from careful.kernel import inbox

LONG = {"header": {"report_id": 5, "version": "1.0"}, "metrics": {"network_stats": {"bytes_out": 10}}}
SHORT = {"hed": {"rid": 6, "v": "1.0"}, "met": {"ns": {"bo": 20}}}
REPORTS = {
    "json, long names": (
        b'{"header":{"report_id":1796096725,"version":"1.0"},"metrics":{"network_stats":{"bytes_in":500,"b'
        b'ytes_out":300,"packets_in":5,"packets_out":3},"tcp_connections":{"established_connections":{"con'
        b'nections":[{"remote_addr":"203.0.113.9:4444","local_interface":"eth0","local_port":40000},{"remo'
        b'te_addr":"[2001:db8::7]:443","local_interface":null,"local_port":40001}],"total":2}},"listening_'
        b'tcp_ports":{"ports":[{"port":22,"interface":"0.0.0.0"},{"port":53,"interface":"lo"}],"total":2},'
        b'"listening_udp_ports":{"ports":[{"port":1900,"interface":"0.0.0.0"},{"port":5353}],"total":2}},"'
        b'custom_metrics":{"cpu_usage":[{"number":12.5}]}}'
    ),
    "cbor, long names": bytes.fromhex(
        "a366686561646572a2697265706f72745f69641a6b0e42d56776657273696f6e63312e30676d657472696373a46d6e65"
        "74776f726b5f7374617473a46862797465735f696e1901f46962797465735f6f757419012c6a7061636b6574735f696e"
        "056b7061636b6574735f6f7574036f7463705f636f6e6e656374696f6e73a17765737461626c69736865645f636f6e6e"
        "656374696f6e73a26b636f6e6e656374696f6e7382a36b72656d6f74655f61646472703230332e302e3131332e393a34"
        "3434346f6c6f63616c5f696e7465726661636564657468306a6c6f63616c5f706f7274199c40a36b72656d6f74655f61"
        "646472715b323030313a6462383a3a375d3a3434336f6c6f63616c5f696e74657266616365f66a6c6f63616c5f706f72"
        "74199c4165746f74616c02736c697374656e696e675f7463705f706f727473a265706f72747382a264706f7274166969"
        "6e7465726661636567302e302e302e30a264706f7274183569696e74657266616365626c6f65746f74616c02736c6973"
        "74656e696e675f7564705f706f727473a265706f72747382a264706f727419076c69696e7465726661636567302e302e"
        "302e30a164706f72741914e965746f74616c026e637573746f6d5f6d657472696373a1696370755f757361676581a166"
        "6e756d626572fb4029000000000000"
    ),
    "json, short names": (
        b'{"hed":{"rid":1796096725,"v":"1.0"},"met":{"ns":{"bi":500,"bo":300,"pi":5,"po":3},"tc":{"ec":{"c'
        b's":[{"rad":"203.0.113.9:4444","li":"eth0","lp":40000},{"rad":"[2001:db8::7]:443","li":null,"lp":'
        b'40001}],"t":2}},"tp":{"pts":[{"port":22,"interface":"0.0.0.0"},{"port":53,"interface":"lo"}],"t"'
        b':2},"up":{"pts":[{"port":1900,"interface":"0.0.0.0"},{"port":5353}],"t":2}},"cmet":{"cpu_usage":'
        b'[{"number":12.5}]}}'
    ),
    "cbor, short names": bytes.fromhex(
        "a363686564a2637269641a6b0e42d5617663312e30636d6574a4626e73a46262691901f462626f19012c627069056270"
        "6f03627463a1626563a262637382a363726164703230332e302e3131332e393a34343434626c696465746830626c7019"
        "9c40a363726164715b323030313a6462383a3a375d3a343433626c69f6626c70199c41617402627470a26370747382a2"
        "64706f72741669696e7465726661636567302e302e302e30a264706f7274183569696e74657266616365626c6f617402"
        "627570a26370747382a264706f727419076c69696e7465726661636567302e302e302e30a164706f72741914e9617402"
        "64636d6574a1696370755f757361676581a1666e756d626572fb4029000000000000"
    ),
}
"""What AWS's sample agent in Python (aws-iot-device-defender-agent-sdk-python) writes, byte for byte."""
TOPIC = "$aws/things/cam-1-001/defender/metrics"


@pytest.mark.parametrize(
    ("form", "payload", "status", "number"),
    [
        pytest.param("json", json.dumps(LONG).encode(), "ACCEPTED", 5, id="long names"),
        pytest.param("json", json.dumps(SHORT).encode(), "ACCEPTED", 6, id="short names"),
        pytest.param("cbor", cbor2.dumps(SHORT), "ACCEPTED", 6, id="cbor"),
        *(pytest.param(case[:4], REPORTS[case], "ACCEPTED", 1796096725, id=case) for case in REPORTS),
        pytest.param("json", b'{"hed": {}}', "REJECTED", None, id="no report"),
        pytest.param("cbor", b"\x9f" * 2000, "REJECTED", None, id="a bomb"),
    ],
)
def test_a_report_is_acknowledged_answered_and_not_kept(gateway, world, form, payload, status, number):
    client = gateway.join(gateway.make("cam-1-001"))
    assert client.hear(f"{TOPIC}/{form}/accepted", f"{TOPIC}/{form}/rejected") == SubAck(9, (1, 1))
    client.send(Publish(f"{TOPIC}/{form}", payload, 1, 5))
    first, second = client.receive(), client.receive()
    told = first if isinstance(first, Publish) else second
    assert isinstance(told, Publish)
    assert told.topic == f"{TOPIC}/{form}/{status.lower()}"
    said = {"json": json, "cbor": cbor2}[form].loads(told.payload)
    assert (said["status"], said.get("reportId")) == (status, number)
    assert inbox.count(world.home) == 0


def test_who_does_not_listen_is_told_nothing(gateway):
    client = gateway.join(gateway.make("cam-1-001"))
    assert client.say(f"{TOPIC}/json", json.dumps(LONG).encode(), 7).packet == 7
    assert client.ask(PingReq()) == PingResp()


@pytest.mark.parametrize("below", ["+/+", "json/+", "json/accepted"])
def test_only_its_own_answers_can_be_heard(gateway, below):
    client = gateway.join(gateway.make("cam-1-001"))
    mine, other = f"{TOPIC}/{below}", f"$aws/things/cam-1-002/defender/metrics/{below}"
    assert client.hear(mine, other, "$aws/things/+/defender/metrics/json/accepted") == SubAck(9, (1, 0x80, 0x80))


def test_a_connection_that_nobody_declared_is_seen(gateway, world, staff, eventually):
    declared = b"schema: product/1\nproduct: {id: cam-1}\necosystem:\n"
    declared += b"- {id: device, edges: [{to: c, protocol: mqtts, direction: out}]}\n- {id: c, hosts: [c.example]}\n"
    products.declare(world, staff, declared)
    products.approve(world, staff, "cam-1")
    client = gateway.join(gateway.make("cam-1-001"))
    table = {"ec": {"cs": [{"lp": 40000, "rad": "203.0.113.9:4444"}], "t": 1}}
    report = {"hed": {"rid": 6, "v": "1.0"}, "met": {"tc": table}}
    client.say(f"{TOPIC}/json", json.dumps(report).encode(), 8)
    [alert] = eventually(lambda: monitoring.alerts(world, rule="undeclared_destination"))
    assert alert.subject == "203.0.113.9:4444/tcp"


@pytest.mark.parametrize("case", REPORTS)
def test_the_sample_agent_s_reports_say_the_same_in_every_form(case):
    found = monitoring.understand_report((json if case.startswith("json") else cbor2).loads(REPORTS[case]))
    assert dict(found.counters) == {"bytes_in": 500, "bytes_out": 300, "packets_in": 5, "packets_out": 3}
    assert [(one.address, one.port) for one in found.remotes] == [("203.0.113.9", 4444), ("2001:db8::7", 443)]
    assert (found.listening_tcp, found.open_tcp, found.open_udp) == ((22, 53), (22,), (1900, 5353))
    assert (found.established, dict(found.custom)) == (2, {"cpu_usage": 12.5})
