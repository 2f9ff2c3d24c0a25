import pytest

from careful.products.parsing import parse, validate
from careful.products.reading import read

HEAD = "schema: product/1\nproduct: {id: a}\n"


def test_class_and_from_are_read_under_their_own_names():
    declaration = parse((HEAD + "data: [{id: x, class: audio, from: app, to: [cloud]}]\n").encode())
    assert declaration.data is not None
    (item,) = declaration.data
    assert (item.data_class, item.source, item.to) == ("audio", "app", ("cloud",))
    assert item.model_dump(by_alias=True)["class"] == "audio"


def test_suppliers_with_contract_and_evidence():
    text = (
        HEAD
        + """\
suppliers:
  - id: cloudco
    provides: storage
    data: [x]
    contract: {signed: 2026-01-02, clauses: [encrypt, notify, delete], until: 2028-01-01}
    evidence: [{kind: audit report, until: 2027-01-01}]
"""
    )
    declaration = parse(text.encode())
    assert declaration.suppliers is not None
    (supplier,) = declaration.suppliers
    assert supplier.contract is not None
    assert supplier.contract.clauses == ("encrypt", "notify", "delete")


@pytest.mark.parametrize(
    ("host", "fits"),
    [
        pytest.param("mqtt.hearth.example", True, id="name"),
        pytest.param("localhost", True, id="one label"),
        pytest.param("Mqtt.example", False, id="capitals"),
        pytest.param("https://x.example", False, id="scheme"),
        pytest.param("x.example:443", False, id="port"),
        pytest.param("-x.example", False, id="hyphen first"),
        pytest.param("x..example", False, id="empty label"),
    ],
)
def test_hosts(host: str, fits: bool):
    text = f"{HEAD}ecosystem: [{{id: c, hosts: ['{host}']}}]\n"
    found, _ = validate(read(text.encode(), "p.yaml"))
    assert (found is not None) == fits


@pytest.mark.parametrize("port", [pytest.param(0, id="zero"), pytest.param(65536, id="too high")])
def test_ports(port: int):
    found, _ = validate(read(f"{HEAD}ecosystem: [{{id: c, edges: [{{port: {port}}}]}}]\n".encode(), "p.yaml"))
    assert found is None
