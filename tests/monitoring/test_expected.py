"""Compiling a declaration into what is expected of its devices."""

from careful import products
from careful.monitoring import expected_of

DECLARED = b"""\
schema: product/1
product: {id: cam-9, name: Test Cam}
ecosystem:
  - id: device
    kind: device
    edges:
      - {to: cloud, protocol: mqtt, port: 8883, direction: out}
      - {to: app, protocol: tcp, port: 5000, direction: in}
  - {id: cloud, kind: cloud, hosts: [mqtt.example, media.example]}
  - {id: app, kind: app, hosts: [app.example]}
data:
  - {id: telemetry, fields: [temperature_c], personal: false}
events:
  - {name: motion_seen, fields: [zone], personal: true}
"""


def test_hosts_streams_and_events_come_from_the_file():
    found = expected_of(products.parse(DECLARED))
    assert found.product == "cam-9"
    assert found.hosts == {("mqtt.example", 8883, "tcp"), ("media.example", 8883, "tcp")}
    assert found.inbound == {("app.example", 5000, "tcp")}
    assert found.streams == {"telemetry": frozenset({"temperature_c"})}
    assert found.events >= {"motion_seen", "offline", "update"}


def test_the_installations_own_doors_need_no_declaring():
    found = expected_of(products.parse(DECLARED), own=[("devices.maker.example", 8444, "tcp")])
    assert ("devices.maker.example", 8444, "tcp") in found.hosts


def test_a_file_that_names_no_way_expects_nothing_rather_than_silence():
    found = expected_of(products.parse(b"schema: product/1\nproduct: {id: cam-9}\n"))
    assert (found.hosts, found.inbound, found.heartbeat_seconds) == (None, None, None)
    assert not found.rates
