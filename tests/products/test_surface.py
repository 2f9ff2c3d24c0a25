import pytest

from careful.products.parsing import parse, validate
from careful.products.reading import read

HEAD = "schema: product/1\nproduct: {id: a}\n"


def test_a_whole_interface():
    text = (
        HEAD
        + """\
interfaces:
  - {id: api, kind: cloud, reach: internet, auth: {kind: account, preset: user_set, forced_change: true, mfa: required,
     lockout: true}, transport: {tls: "1.3", pinned: true}, actuates: [bolt], debug: false,
     locked_in_production: true, monitor: api-log}
hardware: {processor: mcu, external_storage: false, ram: sram, root_of_trust: immutable, debug_port: true,
  camera: true, microphone: true, location: false, biometrics: false, actuators: [bolt], safety_relevant: true}
software: {os: Zephyr, bootloader: MCUboot, web_app: false, memory_unsafe: true, containers: false, custom_code: false,
  update: {supported: true, signed: asymmetric, encrypted: true, anti_rollback: true, remote: true}, logs: true}
"""
    )
    declaration = parse(text.encode())
    assert declaration.interfaces is not None
    (api,) = declaration.interfaces
    assert api.auth is not None
    assert api.transport is not None
    assert (api.reach, api.auth.mfa, api.transport.tls, api.actuates) == ("internet", "required", "1.3", ("bolt",))
    assert declaration.software is not None
    assert declaration.software.update is not None
    assert declaration.software.update.signed == "asymmetric"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("interfaces: [{id: a, reach: moon}]", id="reach"),
        pytest.param("interfaces: [{id: a, auth: {mfa: maybe}}]", id="mfa"),
        pytest.param("interfaces: [{id: a, transport: {tls: '1.4'}}]", id="tls"),
        pytest.param("software: {update: {signed: yes}}", id="signed"),
        pytest.param("connectivity: {internet: sometimes}", id="internet"),
        pytest.param("connectivity: {protocols: [wifi, telepathy]}", id="protocol"),
    ],
)
def test_words_outside_the_vocabulary_are_refused(line: str):
    found, problems = validate(read((HEAD + line).encode(), "p.yaml"))
    assert found is None
    assert "one of" in problems[0].expected


def test_a_tls_version_may_stand_without_quotes():
    declaration = parse((HEAD + "interfaces: [{id: a, transport: {tls: 1.2}}]\n").encode())
    assert declaration.interfaces is not None
    assert declaration.interfaces[0].transport is not None
    assert declaration.interfaces[0].transport.tls == "1.2"
