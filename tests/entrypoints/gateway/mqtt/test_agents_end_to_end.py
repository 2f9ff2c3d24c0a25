"""An agent of Device Defender, unchanged, over a real connection: every form is answered, and nothing is kept."""

import json

import cbor2
import pytest

from careful import monitoring, products
from careful.entrypoints.gateway.mqtt.packets import PingReq, PingResp, Publish, SubAck
from careful.kernel import inbox

LONG = {"header": {"report_id": 5, "version": "1.0"}, "metrics": {"network_stats": {"bytes_out": 10}}}
SHORT = {"hed": {"rid": 6, "v": "1.0"}, "met": {"ns": {"bo": 20}}}
TOPIC = "$aws/things/cam-1-001/defender/metrics"


@pytest.mark.parametrize(
    ("form", "payload", "status", "number"),
    [
        pytest.param("json", json.dumps(LONG).encode(), "ACCEPTED", 5, id="long names"),
        pytest.param("json", json.dumps(SHORT).encode(), "ACCEPTED", 6, id="short names"),
        pytest.param("cbor", cbor2.dumps(SHORT), "ACCEPTED", 6, id="cbor"),
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
