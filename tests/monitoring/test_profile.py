import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful import products
from careful.kernel.errors import Invalid
from careful.monitoring.model import Flow
from careful.monitoring.profile import MAX_BYTES, Entry, covers, profile_of, read_mud


def ace(
    name="one", proto=6, direction="dst", forwarding="accept", classes=None, layer=None, ports=None, version="ipv4"
):
    matches = {version: {"protocol": proto} | (layer or {})}
    if classes is not None:
        matches["ietf-mud:mud"] = classes
    if ports is not None:
        matches["tcp" if proto == 6 else "udp"] = ports
    return {"name": name, "matches": matches, "actions": {"forwarding": forwarding}}


def eq(port, **more):
    return {"operator": "eq", "port": port} | more


def mud(*leaving, to=(), key="ietf-access-control-list:acls"):
    def policy(name):
        return {"access-lists": {"access-list": [{"name": name}]}}

    head = {"mud-version": 1, "mud-url": "https://maker.example/lamp", "systeminfo": "lamp", "is-supported": True}
    lists = [{"name": name, "aces": {"ace": list(aces)}} for name, aces in (("from", leaving), ("to", to))]
    return {
        "ietf-mud:mud": head | {"from-device-policy": policy("from"), "to-device-policy": policy("to")},
        key: {"acl": lists},
    }


def read(made):
    return read_mud(json.dumps(made).encode())


def flow(peer="203.0.113.7", host=None, port=443, transport="tcp", out=True):
    return Flow(at=0.0, device="d", peer=peer, host=host, port=port, transport=transport, opened_by_device=out)


CLOUD = ace(layer={"ietf-acldns:dst-dnsname": "Cloud.example."}, ports={"destination-port": eq(443)})
NETWORK = ace(layer={"destination-ipv4-network": "198.51.100.0/24"}, ports={"destination-port": eq(8883)})
LOCAL = ace(classes={"local-networks": [None]}, ports={"source-port": eq(9999)})
GATEWAY = ace(proto=17, classes={"controller": "urn:ietf:params:mud:gateway"}, ports={"destination-port": eq(5351)})
RANGE = ace(
    layer={"ietf-acldns:dst-dnsname": "media.example"}, ports={"destination-port": {"lower-port": 10, "upper-port": 20}}
)
ONLY_OUT = ace(
    layer={"ietf-acldns:dst-dnsname": "x.example"},
    ports={"destination-port": eq(25), "ietf-mud:direction-initiated": "from-device"},
)


@pytest.mark.parametrize(
    ("entry", "seen", "permitted"),
    [
        pytest.param(CLOUD, flow(host="cloud.example"), True, id="by name"),
        pytest.param(CLOUD, flow(host="evil.example"), False, id="another name"),
        pytest.param(CLOUD, flow(host="evil.example|CLOUD.example"), True, id="one of several names"),
        pytest.param(CLOUD, flow(host="cloud.example", port=80), False, id="another port"),
        pytest.param(CLOUD, flow(host="cloud.example", transport="udp"), False, id="another transport"),
        pytest.param(CLOUD, flow(), True, id="no name known"),
        pytest.param(CLOUD, flow(host=""), False, id="known to have no name"),
        pytest.param(CLOUD, flow(peer="192.168.1.9"), False, id="no name and near"),
        pytest.param(CLOUD, flow(host="cloud.example", out=False), False, id="a caller with the device's port"),
        pytest.param(NETWORK, flow(peer="198.51.100.9", port=8883), True, id="within a network"),
        pytest.param(NETWORK, flow(peer="198.51.99.9", port=8883), False, id="beyond a network"),
        pytest.param(NETWORK, flow(peer="no address", port=8883), False, id="no address"),
        pytest.param(LOCAL, flow(peer="192.168.1.9", port=9999, out=False), True, id="a local caller"),
        pytest.param(LOCAL, flow(port=9999, out=False), False, id="a caller from outside"),
        pytest.param(LOCAL, flow(peer="192.168.1.9", port=9999), False, id="called elsewhere on that port"),
        pytest.param(GATEWAY, flow(peer="10.0.0.1", port=5351, transport="udp"), True, id="the gateway"),
        pytest.param(GATEWAY, flow(port=5351, transport="udp"), False, id="not the gateway"),
        pytest.param(RANGE, flow(host="media.example", port=15), True, id="within a range"),
        pytest.param(RANGE, flow(host="media.example", port=21), False, id="beyond a range"),
        pytest.param(ONLY_OUT, flow(host="x.example", port=25), True, id="opened by the device"),
        pytest.param(ONLY_OUT, flow(host="x.example", port=25, out=False), False, id="opened by the other side"),
        pytest.param(CLOUD, flow(port=53, transport="udp"), True, id="names are granted to all"),
    ],
)
@pytest.mark.parametrize("key", ["ietf-access-control-list:acls", "ietf-access-control-list:access-lists"])
def test_what_an_entry_permits(entry, seen, permitted, key):
    assert read(mud(entry, key=key)).permits(seen) is permitted


def test_what_comes_to_the_device():
    entry = ace(layer={"ietf-acldns:src-dnsname": "cloud.example"}, ports={"source-port": eq(443)})
    assert read(mud(to=[entry])).permits(flow(host="cloud.example"))
    version_6 = ace(version="ipv6", layer={"source-ipv6-network": "2001:db8::/32"}, ports={"destination-port": eq(22)})
    assert read(mud(to=[version_6])).permits(flow(peer="2001:db8::9", port=22, out=False))


def test_what_is_dropped_or_only_ethernet_permits_nothing():
    assert read(mud(ace(forwarding="drop"), {**ace(), "matches": {"eth": {"ethertype": "0x888e"}}})).entries == ()


def test_what_is_not_understood_is_said():
    odd = ace("odd", ports={"destination-port": eq(5, operator="neq")})
    missing = mud(odd)
    missing["ietf-mud:mud"]["to-device-policy"]["access-lists"]["access-list"] = [{"name": "nowhere"}]
    found = read(missing)
    assert found.entries == ()
    assert [one.partition(":")[0] for one in found.left_out] == [
        "odd",
        "to-device-policy names the list nowhere, which is not there",
    ]


def test_what_stands_at_its_head():
    found = read(mud(CLOUD))
    assert (found.url, found.system, found.supported) == ("https://maker.example/lamp", "lamp", True)
    assert found.entries[0].says() == "to cloud.example, tcp 443"
    assert read(mud(RANGE)).entries[0].says() == "to media.example, tcp 10 to 20"
    assert read(mud(LOCAL)).entries[0].says() == "to the local network, tcp 9999 of the device"
    assert Entry("e", to_device=True).says() == "from anybody, any transport any port"


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"ietf-mud:mud": 5}', b"[" * 100_000, b" " * (MAX_BYTES + 1)], ids=range(6)
)
def test_what_is_no_mud_file(text):
    with pytest.raises(Invalid):
        read_mud(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99999) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values)
def test_no_entry_breaks_it(matches, actions):
    found = read(mud({"name": "odd", "matches": matches, "actions": actions}, CLOUD))
    assert any(covers(one, flow(host="cloud.example")) for one in found.entries)


def test_a_declaration_as_a_profile():
    declared = products.parse(
        b"schema: product/1\nproduct: {id: lamp}\necosystem:\n"
        b"- id: device\n  edges:\n  - {to: cloud, protocol: mqtts, direction: out}\n"
        b"  - {to: app, protocol: tcp, port: 99, direction: in}\n  - {to: nowhere, protocol: tcp}\n"
        b"- {id: cloud, hosts: [cloud.example]}\n- {id: app, hosts: [app.example]}\n"
    )
    found = profile_of(declared)
    assert found.permits(flow(host="cloud.example", port=8883))
    assert not found.permits(flow(host="cloud.example", port=8883, out=False))
    assert found.permits(flow(host="app.example", port=99, out=False))
    assert not found.permits(flow(host="app.example", port=99))
    assert len(found.left_out) == 1
